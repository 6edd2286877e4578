//! What can happen to a fleet. Numbers that choose among what is there at the
//! time are taken modulo its count.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use tenantry_client::v1::TransactionMode;

/// The names that children can have.
pub(super) const NAMES: u8 = 12;
/// The transactions that can be open.
pub(super) const SLOTS: u8 = 3;

/// The script of a migration, and how it is applied.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) sql: String,
    pub(super) check_at_end: bool,
    pub(super) allow_nondeterministic: bool,
    /// The reason with which it is refused, whatever the fleet holds.
    pub(super) refused: Option<&'static str>,
}

impl Script {
    /// It can be sent as SQL.
    pub(super) fn is_plain(&self) -> bool {
        self.refused.is_none() && !self.check_at_end && !self.allow_nondeterministic
    }
}

/// How a migration is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Apply,
    /// And waits for all files.
    ApplyAll,
    /// By a request that is sent twice.
    Twice,
    /// With the generation that it must start from.
    Expecting,
    /// As SQL on the parent.
    Execute,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Write(u8, String),
    /// SQL that changes the schema, on a child.
    Ddl(u8),
    Read(u8),
    Begin {
        slot: u8,
        child: u8,
        mode: TransactionMode,
    },
    TxWrite(u8, String),
    TxRead(u8),
    Commit(u8),
    Rollback(u8),
    Create(u8),
    /// A child that begins as another one is.
    Branch {
        source: u8,
        name: u8,
    },
    Delete(u8),
    /// One of those that were deleted.
    Undelete(u8),
    Migrate(Script, Way),
    ValidateOnly(Script),
    Together(Together),
    /// A migration while transactions that write stay open.
    Overtake(u8),
    Restart {
        gently: bool,
    },
    CheckAll,
}

/// What happens at once.
#[derive(Clone, Debug)]
pub(super) struct Together {
    pub(super) script: Option<Script>,
    pub(super) writes: Vec<(u8, String)>,
    pub(super) create: Option<u8>,
    /// Of which child, and its name.
    pub(super) branch: Option<(u8, u8)>,
    pub(super) delete: Option<u8>,
    /// Cancels the migration after so many milliseconds.
    pub(super) cancel_ms: Option<u64>,
    /// Kills the server after so many milliseconds.
    pub(super) kill_ms: Option<u64>,
}

/// SQL that writes to a child, whatever generation it is at.
fn write() -> impl Strategy<Value = String> {
    let (id, word, number) = (1..24_u8, 0..6_u8, 0..20_u8);
    let add = (id.clone(), word, number)
        .prop_map(|(id, word, number)| {
            format!(
                "INSERT INTO item (id, word, number) VALUES ({id}, 'w{word}-{}', {number})",
                id % 5
            )
        })
        .boxed();
    let line = (1..30_u8, id.clone())
        .prop_map(|(line, item)| format!("INSERT INTO line VALUES ({line}, {item})"))
        .boxed();
    prop_oneof![
        5 => add.clone(),
        3 => line.clone(),
        3 => id.clone().prop_map(|id| format!("UPDATE item SET number = number + 3 WHERE id = {id}")),
        2 => id.clone().prop_map(|id| format!("UPDATE item SET word = 'same' WHERE id = {id}")),
        2 => id.clone().prop_map(|id| format!("DELETE FROM item WHERE id = {id}")),
        1 => id.prop_map(|item| format!("DELETE FROM line WHERE item = {item}")),
        2 => (add, line).prop_map(|(add, line)| format!("{add}; {line}")),
    ]
}

fn script() -> impl Strategy<Value = Script> {
    let plain = |sql: String| Script {
        sql,
        check_at_end: false,
        allow_nondeterministic: false,
        refused: None,
    };
    let at_end = move |sql| Script { check_at_end: true, ..plain(sql) };
    let refused =
        move |sql: &str, reason| Script { refused: Some(reason), ..plain(sql.to_owned()) };
    let rebuild = |bound: u16| {
        format!(
            "CREATE TABLE item_new (id INTEGER PRIMARY KEY, word TEXT NOT NULL,
                 number INTEGER NOT NULL DEFAULT 0 CHECK (number < {bound}));
             INSERT INTO item_new SELECT id, word, number FROM item;
             DROP TABLE item;
             ALTER TABLE item_new RENAME TO item"
        )
    };
    prop_oneof![
        // Rows cannot make these fail.
        4 => any::<u16>().prop_map(move |n| plain(format!("ALTER TABLE item ADD COLUMN c{n} INTEGER DEFAULT {n}"))),
        2 => any::<u16>().prop_map(move |n| plain(format!("CREATE TABLE extra{n} (x REFERENCES item)"))),
        1 => any::<u16>().prop_map(move |n| plain(format!("CREATE INDEX by_number{n} ON item (number)"))),
        // These are data.
        3 => (1..5_u8).prop_map(move |n| plain(format!("UPDATE item SET number = number + {n}"))),
        2 => (1..60_u8).prop_map(move |id| plain(format!("INSERT INTO item (id, word) VALUES ({id}, 'ref-{id}')"))),
        2 => (20..60_u8).prop_map(move |n| plain(format!("DELETE FROM item WHERE number > {n} AND id NOT IN (SELECT item FROM line)"))),
        // Some children can make these fail.
        3 => Just(plain("CREATE UNIQUE INDEX item_word ON item (word)".into())),
        2 => Just(plain("DROP INDEX IF EXISTS item_word".into())),
        2 => (15..90_u16).prop_map(move |bound| at_end(rebuild(bound))),
        1 => (15..90_u16).prop_map(move |bound| plain(rebuild(bound))),
        1 => (0..5_u8).prop_map(move |n| at_end(format!("DELETE FROM item WHERE number % 5 = {n}"))),
        2 => any::<u16>().prop_map(move |n| plain(format!(
            "CREATE TABLE late{n} (x); CREATE UNIQUE INDEX late ON item (word, number); DROP INDEX late"))),
        1 => Just(Script { allow_nondeterministic: true, ..plain("UPDATE item SET number = number + 0 * abs(random() % 9)".into()) }),
        // These are no migrations.
        1 => Just(refused("CREATE TABLE fine (x); INSERT INTO item VALUES (", "SQL_ERROR")),
        1 => Just(refused("CREATE TABLE chance (x); INSERT INTO chance VALUES (random())", "MIGRATION_NOT_ALLOWED")),
        1 => Just(refused("PRAGMA user_version = 9; CREATE TABLE fine (x)", "MIGRATION_NOT_ALLOWED")),
        1 => Just(refused("SELECT 1", "MIGRATION_NOT_ALLOWED")),
    ]
}

fn together() -> impl Strategy<Value = Together> {
    let parts = (
        option::weighted(0.9, script()),
        vec((any::<u8>(), write()), 0..6),
        option::weighted(0.3, any::<u8>()),
        option::weighted(0.4, any::<(u8, u8)>()),
        option::weighted(0.3, any::<u8>()),
        option::weighted(0.2, 0..8_u64),
        option::weighted(0.15, 0..60_u64),
    );
    parts.prop_map(|(script, writes, create, branch, delete, cancel_ms, kill_ms)| Together {
        script,
        writes,
        create,
        branch,
        delete,
        cancel_ms,
        kill_ms,
    })
}

/// One step.
pub(super) fn step() -> impl Strategy<Value = Step> {
    let (child, slot) = (any::<u8>(), 0..SLOTS);
    let mode = prop_oneof![
        2 => Just(TransactionMode::Immediate),
        2 => Just(TransactionMode::Deferred),
        1 => Just(TransactionMode::ReadOnly),
    ];
    let way = prop_oneof![
        4 => Just(Way::Apply),
        2 => Just(Way::ApplyAll),
        1 => Just(Way::Twice),
        1 => Just(Way::Expecting),
        1 => Just(Way::Execute),
    ];
    prop_oneof![
        300 => (child, write()).prop_map(|(child, sql)| Step::Write(child, sql)),
        6 => child.prop_map(Step::Ddl),
        180 => child.prop_map(Step::Read),
        30 => (slot.clone(), child, mode)
            .prop_map(|(slot, child, mode)| Step::Begin { slot, child, mode }),
        60 => (slot.clone(), write()).prop_map(|(slot, sql)| Step::TxWrite(slot, sql)),
        30 => slot.clone().prop_map(Step::TxRead),
        30 => slot.clone().prop_map(Step::Commit),
        10 => slot.prop_map(Step::Rollback),
        40 => child.prop_map(Step::Create),
        25 => (child, any::<u8>()).prop_map(|(source, name)| Step::Branch { source, name }),
        25 => child.prop_map(Step::Delete),
        12 => child.prop_map(Step::Undelete),
        60 => (script(), way).prop_map(|(script, way)| Step::Migrate(script, way)),
        12 => script().prop_map(Step::ValidateOnly),
        60 => together().prop_map(Step::Together),
        10 => child.prop_map(Step::Overtake),
        2 => any::<bool>().prop_map(|gently| Step::Restart { gently }),
        6 => Just(Step::CheckAll),
    ]
}
