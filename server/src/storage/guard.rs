//! What SQL may do: SQLite's own authorizer, asked for every statement while it
//! is compiled, whichever way the SQL came in.
//!
//! The guard is closed by default: an action that it does not know is refused.
//! It speaks only of SQL; which rights a caller has was decided above.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use tokio_util::sync::CancellationToken;

use super::access::{Access, TableAction};
use crate::error::{Error, Reason};

/// What a request may say about transactions in its SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Control {
    /// Nothing: the transaction is ours, and others share it.
    None,
    /// When its foreign keys are checked: the transaction is ours and serves
    /// this request alone.
    Deferral,
    /// Savepoints inside a transaction that is opened and ended otherwise.
    Savepoints,
    /// Everything: the script manages its own transactions.
    Full,
    /// Nothing, and the text is a migration's: it leaves nothing behind but the
    /// schema and its rows, and depends on nothing else. What chance and time do
    /// to it is noticed when it runs, see `chance.rs` and `clock_watch.rs`.
    Migration,
}

impl Control {
    /// Whether the text is a migration's.
    pub(super) fn is_migration(self) -> bool {
        self == Self::Migration
    }
}

/// In whose name the connection compiles statements.
#[derive(Clone, Debug)]
enum Speaker {
    /// The server's: everything is allowed.
    Server,
    /// A request's.
    Request { access: Arc<Access>, control: Control },
}

/// What the guard noticed while a statement was compiled.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Why it refused, where it did: the first reason.
    pub(super) refusal: Option<Refusal>,
    /// The statement begins, ends or marks a transaction.
    pub(super) transaction_control: bool,
}

/// Why a statement was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Write,
    WriteAttached { alias: String },
    Ddl,
    DdlBlocked,
    DdlAttached { alias: String },
    Rule { table: String, action: TableAction },
    Attach,
    Pragma { name: String },
    Function { name: String },
    Module { name: String },
    Temporary,
    TransactionControl,
    Unknown,
}

impl Refusal {
    /// The refusal for the caller.
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::Write => Error::new(Reason::ReadOnly, "the token permits no writing here"),
            Self::WriteAttached { alias } => {
                Error::new(Reason::ReadOnly, format!("the attached database '{alias}' can only be read"))
                    .with("alias", alias)
            }
            Self::Ddl => Error::new(Reason::PermissionDenied, "the token permits no change of the schema"),
            Self::DdlBlocked => Error::new(Reason::OperationBlocked, "operation was blocked"),
            Self::DdlAttached { alias } => Error::new(
                Reason::ReadOnly,
                format!("the schema of the attached database '{alias}' cannot be changed"),
            )
            .with("alias", alias),
            Self::Rule { table, action } => Error::new(
                Reason::PermissionDenied,
                format!("the token does not permit {} on table '{table}'", action.as_str()),
            )
            .with("table", table)
            .with("action", action.as_str()),
            Self::Attach => Error::new(
                Reason::OperationBlocked,
                "ATTACH and DETACH take a database's name or id as a plain word or string, and nothing else",
            ),
            Self::Pragma { name } => Error::new(
                Reason::OperationBlocked,
                format!("PRAGMA {name} is not allowed, or not with a value; the README lists those that are"),
            )
            .with("pragma", name),
            Self::Function { name } => {
                Error::new(Reason::OperationBlocked, format!("the function {name}() is not allowed"))
                    .with("function", name)
            }
            Self::Module { name } => Error::new(
                Reason::OperationBlocked,
                format!("virtual tables of module '{name}' are not allowed; fts5 and rtree are"),
            )
            .with("module", name),
            Self::Temporary => Error::new(
                Reason::MigrationNotAllowed,
                "a migration leaves nothing behind but the schema and its rows: temporary objects are not allowed in it",
            ),
            Self::TransactionControl => Error::new(
                Reason::TransactionState,
                "BEGIN, COMMIT and ROLLBACK are not allowed here: the transaction is opened and ended by the request",
            ),
            Self::Unknown => Error::new(Reason::OperationBlocked, "this kind of statement is not allowed"),
        }
    }
}

/// Pragmas that only tell, and take at most the name of a table or a number.
const PRAGMAS_THAT_TELL: &[&str] = &[
    "application_id",
    "collation_list",
    "compile_options",
    // How fts5 notices changes of others.
    "data_version",
    "encoding",
    "foreign_key_check",
    "foreign_key_list",
    "foreign_keys",
    "freelist_count",
    "function_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "integrity_check",
    "module_list",
    "page_count",
    "page_size",
    "pragma_list",
    "quick_check",
    "table_info",
    "table_list",
    "table_xinfo",
    "user_version",
];

/// Of those, the ones whose value sets something.
const PRAGMAS_THAT_SET: &[&str] =
    &["application_id", "encoding", "foreign_keys", "page_size", "user_version"];

/// Of those, the ones that write a number for the user's own use.
const PRAGMAS_FOR_THE_OWNER: &[&str] = &["application_id", "user_version"];

/// Modules whose virtual tables keep all they have in the database itself.
const MODULES: &[&str] = &["fts5", "fts5vocab", "rtree", "rtree_i32"];

/// Pragmas as tables that tell of the schema and its rows alone, and so the same
/// wherever a migration runs.
const PRAGMA_TABLES_OF_THE_SCHEMA: &[&str] = &[
    "pragma_foreign_key_check",
    "pragma_foreign_key_list",
    "pragma_index_info",
    "pragma_index_list",
    "pragma_index_xinfo",
    "pragma_integrity_check",
    "pragma_quick_check",
    "pragma_table_info",
    "pragma_table_list",
    "pragma_table_xinfo",
];

/// Whether a table tells the same in each run of a migration.
fn is_of_schema_and_rows(table: &str) -> bool {
    let table = table.to_ascii_lowercase();
    !table.starts_with("pragma_") || PRAGMA_TABLES_OF_THE_SCHEMA.contains(&table.as_str())
}

/// Functions that reach beyond the database.
const FUNCTIONS_REFUSED: &[&str] =
    &["load_extension", "fts3_tokenizer", "edit", "readfile", "writefile"];

/// The tables in which SQLite keeps a database's schema.
fn is_schema_table(table: &str) -> bool {
    ["sqlite_master", "sqlite_schema", "sqlite_temp_master", "sqlite_temp_schema"]
        .iter()
        .any(|name| table.eq_ignore_ascii_case(name))
}

/// What one connection's hooks share with its owner.
pub(super) struct Guard {
    state: Mutex<State>,
    /// Temporary objects were made, or a pragma set that outlasts its request:
    /// they must not reach the next one.
    temp_used: AtomicBool,
    /// How many more looks the running statement has; see [`Guard::allow_looks`].
    looks_left: AtomicU32,
}

struct State {
    speaker: Speaker,
    notes: Notes,
    /// A temporary trigger was allowed just now: SQLite asks next for the right
    /// to note it in the schema of its table, and notes it in the temporary one.
    temp_trigger: bool,
    cancel: Option<CancellationToken>,
}

impl Guard {
    /// A guard that lets the server itself speak.
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                speaker: Speaker::Server,
                notes: Notes::default(),
                temp_trigger: false,
                cancel: None,
            }),
            temp_used: AtomicBool::new(false),
            looks_left: AtomicU32::new(u32::MAX),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on a request speaks.
    pub(super) fn let_request_speak(&self, access: Arc<Access>, control: Control) {
        self.state().speaker = Speaker::Request { access, control };
    }

    /// From now on the server speaks; answers who spoke before.
    pub(super) fn let_server_speak(&self) -> impl FnOnce(&Self) + use<> {
        let before = std::mem::replace(&mut self.state().speaker, Speaker::Server);
        move |guard| guard.state().speaker = before
    }

    /// No request speaks any more.
    pub(super) fn end_request(&self) {
        let mut state = self.state();
        state.speaker = Speaker::Server;
        state.cancel = None;
    }

    /// Forgets the notes and takes up new ones.
    pub(super) fn take_notes(&self) -> Notes {
        std::mem::take(&mut self.state().notes)
    }

    /// Whether something was left on this connection that must not reach the
    /// next request.
    pub(super) fn temp_used(&self) -> bool {
        self.temp_used.load(Ordering::Relaxed)
    }

    /// Whose end stops the running statement.
    pub(super) fn set_cancel(&self, cancel: Option<CancellationToken>) {
        self.state().cancel = cancel;
    }

    /// Interrupts what runs after this many calls of the progress handler; no
    /// number, no such bound. Answers whether the last bound was reached.
    pub(super) fn allow_looks(&self, looks: Option<u32>) -> bool {
        self.looks_left.swap(looks.unwrap_or(u32::MAX), Ordering::Relaxed) == 0
    }

    /// The progress handler: whether to interrupt.
    pub(super) fn should_stop(&self) -> bool {
        let left = self.looks_left.load(Ordering::Relaxed);
        if left != u32::MAX {
            self.looks_left.store(left.saturating_sub(1), Ordering::Relaxed);
            if left <= 1 {
                return true;
            }
        }
        self.is_given_up()
    }

    /// Whether the request that speaks was given up.
    pub(super) fn is_given_up(&self) -> bool {
        self.state().cancel.as_ref().is_some_and(|cancel| cancel.is_cancelled())
    }

    /// The authorizer.
    pub(super) fn authorize(&self, context: AuthContext<'_>) -> Authorization {
        let mut state = self.state();
        let Speaker::Request { access, control } = &state.speaker else {
            return Authorization::Allow;
        };
        if is_transaction_control(&context.action) {
            let allowed = may_control(&context.action, *control);
            state.notes.transaction_control = true;
            return if allowed {
                if let AuthAction::Pragma { .. } = context.action {
                    self.temp_used.store(true, Ordering::Relaxed);
                }
                Authorization::Allow
            } else {
                refuse(&mut state.notes, Refusal::TransactionControl)
            };
        }
        let control = *control;
        if let AuthAction::Read { table_name, .. } = context.action
            && control.is_migration()
            && !is_of_schema_and_rows(table_name)
        {
            let name = table_name.to_owned();
            return refuse(&mut state.notes, Refusal::Pragma { name });
        }
        let judged = match context.action {
            AuthAction::Insert { table_name }
                if state.temp_trigger && is_schema_table(table_name) =>
            {
                Ok(Touch::Temporary)
            }
            _ => verdict(&context, access),
        };
        state.temp_trigger =
            judged.is_ok() && matches!(context.action, AuthAction::CreateTempTrigger { .. });
        match judged {
            Ok(Touch::Lasting) => Authorization::Allow,
            Ok(Touch::Temporary) if control.is_migration() && !is_rename(&context.action) => {
                refuse(&mut state.notes, Refusal::Temporary)
            }
            Ok(Touch::Temporary) => {
                self.temp_used.store(true, Ordering::Relaxed);
                Authorization::Allow
            }
            Err(refusal) => refuse(&mut state.notes, refusal),
        }
    }

    /// A row is about to be deleted. The authorizer is not asked about rows
    /// that `REPLACE` deletes, so their deletion is noticed here; the statement
    /// is undone after its step.
    pub(super) fn see_deletion(&self, schema: &str, table: &str) {
        let mut state = self.state();
        let Speaker::Request { access, .. } = &state.speaker else { return };
        if schema == "main"
            && !is_schema_table(table)
            && let Err(refusal) = rule(access, table, TableAction::DataDelete)
        {
            state.notes.refusal.get_or_insert(refusal);
        }
    }
}

fn refuse(notes: &mut Notes, refusal: Refusal) -> Authorization {
    notes.refusal.get_or_insert(refusal);
    Authorization::Deny
}

fn is_transaction_control(action: &AuthAction<'_>) -> bool {
    matches!(action, AuthAction::Transaction { .. } | AuthAction::Savepoint { .. })
        // Its effect reaches to the end of the transaction, which others share.
        || matches!(action, AuthAction::Pragma { pragma_name, pragma_value: Some(_) }
            if pragma_name.eq_ignore_ascii_case("defer_foreign_keys"))
}

fn may_control(action: &AuthAction<'_>, control: Control) -> bool {
    match control {
        Control::None | Control::Migration => false,
        Control::Deferral => matches!(action, AuthAction::Pragma { .. }),
        Control::Full => true,
        Control::Savepoints => !matches!(action, AuthAction::Transaction { .. }),
    }
}

/// What an allowed action touches.
enum Touch {
    Lasting,
    Temporary,
}

type Verdict = Result<Touch, Refusal>;

fn verdict(context: &AuthContext<'_>, access: &Access) -> Verdict {
    let schema = context.database_name.unwrap_or("main");
    match context.action {
        AuthAction::Select | AuthAction::Recursive => Ok(Touch::Lasting),
        // How tables are made is no row data, and DDL itself has to read it.
        AuthAction::Read { table_name, .. } if schema == "temp" || is_schema_table(table_name) => {
            Ok(Touch::Lasting)
        }
        AuthAction::Read { table_name, .. } => rule(access, table_name, TableAction::DataRead),
        AuthAction::Function { function_name } => function(function_name),
        AuthAction::Insert { table_name } => {
            write(access, schema, table_name, TableAction::DataAdd)
        }
        AuthAction::Update { table_name, .. } => {
            write(access, schema, table_name, TableAction::DataUpdate)
        }
        AuthAction::Delete { table_name } => {
            write(access, schema, table_name, TableAction::DataDelete)
        }
        AuthAction::CreateTable { table_name }
        | AuthAction::CreateView { view_name: table_name } => {
            ddl(access, schema, table_name, TableAction::SchemaAdd)
        }
        AuthAction::CreateIndex { table_name, .. }
        | AuthAction::CreateTrigger { table_name, .. } => {
            ddl(access, schema, table_name, TableAction::SchemaAdd)
        }
        AuthAction::CreateVtable { table_name, module_name } => {
            module(module_name)?;
            ddl(access, schema, table_name, TableAction::SchemaAdd)
        }
        AuthAction::DropTable { table_name } | AuthAction::DropView { view_name: table_name } => {
            ddl(access, schema, table_name, TableAction::SchemaDelete)
        }
        AuthAction::DropIndex { table_name, .. } | AuthAction::DropTrigger { table_name, .. } => {
            ddl(access, schema, table_name, TableAction::SchemaDelete)
        }
        AuthAction::DropVtable { table_name, module_name } => {
            module(module_name)?;
            ddl(access, schema, table_name, TableAction::SchemaDelete)
        }
        AuthAction::AlterTable { database_name, table_name } => {
            ddl(access, database_name, table_name, TableAction::SchemaUpdate)
        }
        AuthAction::Analyze { table_name } => {
            ddl(access, schema, table_name, TableAction::SchemaUpdate)
        }
        // SQLite names the index here and not its table.
        // Asked for CREATE INDEX too, after that was judged by its table: the
        // name here is the index's own.
        AuthAction::Reindex { .. } => any_ddl_in(access, schema),
        AuthAction::CreateTempIndex { .. }
        | AuthAction::CreateTempTable { .. }
        | AuthAction::CreateTempTrigger { .. }
        | AuthAction::CreateTempView { .. }
        | AuthAction::DropTempIndex { .. }
        | AuthAction::DropTempTable { .. }
        | AuthAction::DropTempTrigger { .. }
        | AuthAction::DropTempView { .. } => temporary(access),
        AuthAction::Pragma { pragma_name, pragma_value } => {
            pragma(access, schema, pragma_name, pragma_value)
        }
        AuthAction::Attach { .. } | AuthAction::Detach { .. } => Err(Refusal::Attach),
        // An ATTACH whose name is an expression comes without a name.
        AuthAction::Unknown { code, .. }
            if code == rusqlite::ffi::SQLITE_ATTACH || code == rusqlite::ffi::SQLITE_DETACH =>
        {
            Err(Refusal::Attach)
        }
        _ => Err(Refusal::Unknown),
    }
}

fn rule(access: &Access, table: &str, action: TableAction) -> Verdict {
    match &access.rules {
        Some(rules) if !rules.allows(table, action) => {
            Err(Refusal::Rule { table: table.to_owned(), action })
        }
        _ => Ok(Touch::Lasting),
    }
}

fn write(access: &Access, schema: &str, table: &str, action: TableAction) -> Verdict {
    match schema {
        "temp" => temporary(access),
        // The schema tables are written by DDL alone: SQLite itself refuses
        // every other statement that names them.
        "main" if is_schema_table(table) => any_ddl(access),
        "main" if !access.write => Err(Refusal::Write),
        "main" => rule(access, table, action),
        alias => Err(Refusal::WriteAttached { alias: alias.to_owned() }),
    }
}

fn any_ddl(access: &Access) -> Verdict {
    if access.ddl_blocked {
        Err(Refusal::DdlBlocked)
    } else if access.ddl {
        Ok(Touch::Lasting)
    } else if access.write {
        Err(Refusal::Ddl)
    } else {
        Err(Refusal::Write)
    }
}

fn any_ddl_in(access: &Access, schema: &str) -> Verdict {
    match schema {
        "temp" => temporary(access),
        "main" => any_ddl(access),
        alias => Err(Refusal::DdlAttached { alias: alias.to_owned() }),
    }
}

fn ddl(access: &Access, schema: &str, table: &str, action: TableAction) -> Verdict {
    let touch = any_ddl_in(access, schema)?;
    if schema == "main" {
        rule(access, table, action)?;
    }
    Ok(touch)
}

/// ALTER TABLE looks among temporary objects too for what it renames. SQLite
/// itself refuses every other statement that updates their schema table.
fn is_rename(action: &AuthAction<'_>) -> bool {
    matches!(action, AuthAction::Update { table_name, .. } if is_schema_table(table_name))
}

/// Temporary objects live on the writer's connection, so they are for writers.
fn temporary(access: &Access) -> Verdict {
    if access.write { Ok(Touch::Temporary) } else { Err(Refusal::Write) }
}

fn function(name: &str) -> Verdict {
    if FUNCTIONS_REFUSED.iter().any(|refused| name.eq_ignore_ascii_case(refused)) {
        return Err(Refusal::Function { name: name.to_owned() });
    }
    Ok(Touch::Lasting)
}

fn module(name: &str) -> Result<(), Refusal> {
    if MODULES.iter().any(|known| name.eq_ignore_ascii_case(known)) {
        return Ok(());
    }
    Err(Refusal::Module { name: name.to_owned() })
}

fn pragma(access: &Access, schema: &str, name: &str, value: Option<&str>) -> Verdict {
    let is_in = |list: &[&str]| list.iter().any(|known| name.eq_ignore_ascii_case(known));
    let sets = value.is_some() && is_in(PRAGMAS_THAT_SET);
    if is_in(PRAGMAS_THAT_TELL) && !sets {
        return Ok(Touch::Lasting);
    }
    if sets && is_in(PRAGMAS_FOR_THE_OWNER) && schema == "main" {
        return any_ddl(access);
    }
    Err(Refusal::Pragma { name: name.to_owned() })
}
