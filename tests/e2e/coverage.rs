//! No RPC without its cases: what it answers to nobody, to a token whose time
//! is over, and to a tenant of somebody else; and what it answers to each role
//! there is.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use futures_util::future::join_all;
use serde_json::Value;
use tenantry_client::v1::{Access, Action, CreateTokenRequest, Permission, RevokeTokenRequest};

use crate::support::raw::{Call, Raw, rpc, rpcs};
use crate::support::table::{check, outcome};
use crate::support::{Db, Fleet, Forge, Server, World, bounded};

/// For each RPC: what it answers without a token, to an expired one, and to a
/// tenant who has no right on the target; and the request. `listed` means that
/// it succeeds and shows nothing of the target.
const CASES: &str = r#"
CreateGroup          TOKEN_MISSING TOKEN_EXPIRED PERMISSION_DENIED  {"group": {"name": "$fresh"}}
GetGroup             TOKEN_MISSING TOKEN_EXPIRED GROUP_NOT_FOUND    {"name": "$group"}
ListGroups           TOKEN_MISSING TOKEN_EXPIRED listed             {"pageSize": 1000}
DeleteGroup          TOKEN_MISSING TOKEN_EXPIRED GROUP_NOT_FOUND    {"name": "$group"}
CreateDatabase       TOKEN_MISSING TOKEN_EXPIRED GROUP_NOT_FOUND    {"database": {"group": "$group", "name": "$fresh"}}
BatchCreateDatabases TOKEN_MISSING TOKEN_EXPIRED GROUP_NOT_FOUND    {"databases": [{"group": "$group", "name": "$fresh"}]}
GetDatabase          TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"name": "$db"}
ListDatabases        TOKEN_MISSING TOKEN_EXPIRED listed             {"pageSize": 1000}
ListDatabases        TOKEN_MISSING TOKEN_EXPIRED GROUP_NOT_FOUND    {"group": "$group"}
UpdateDatabase       TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"database": {"name": "$db", "blockReads": true}, "updateMask": "blockReads"}
DeleteDatabase       TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"name": "$db"}
UndeleteDatabase     TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"name": "$db"}
ExportDatabase       TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"name": "$db"}
ImportDatabase       TOKEN_MISSING TOKEN_EXPIRED GROUP_NOT_FOUND    {"header": {"database": {"group": "$group", "name": "$fresh"}}}
BranchDatabase       TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"source": "$db", "database": {"name": "$fresh"}}
CreateToken          TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"databases": ["$db"]}
CreateToken          TOKEN_MISSING TOKEN_EXPIRED GROUP_NOT_FOUND    {"groups": ["$group"]}
CreateToken          TOKEN_MISSING TOKEN_EXPIRED PERMISSION_DENIED  {"serverAdmin": true}
ListTokens           TOKEN_MISSING TOKEN_EXPIRED PERMISSION_DENIED  {"pageSize": 1000}
ListTokens           TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"database": "$db"}
GetToken             TOKEN_MISSING TOKEN_EXPIRED TOKEN_NOT_FOUND    {"id": "$token"}
RevokeToken          TOKEN_MISSING TOKEN_EXPIRED TOKEN_NOT_FOUND    {"id": "$token"}
InvalidateTokens     TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"database": "$db"}
InvalidateTokens     TOKEN_MISSING TOKEN_EXPIRED GROUP_NOT_FOUND    {"group": "$group"}
RotateSigningKey     TOKEN_MISSING TOKEN_EXPIRED PERMISSION_DENIED  {}
ListSigningKeys      TOKEN_MISSING TOKEN_EXPIRED PERMISSION_DENIED  {}
Execute              TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"database": "$db", "statement": {"sql": "SELECT x FROM t"}}
Execute              TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"database": "$db", "statement": {"sql": "INSERT INTO t VALUES (1)"}}
Execute              TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"database": "$db", "statement": {"sql": "CREATE TABLE u (y)"}}
Execute              TOKEN_MISSING TOKEN_EXPIRED ATTACH_NOT_ALLOWED {"database": "$own", "statement": {"sql": "SELECT 1"}, "attachments": [{"database": "$db", "alias": "c"}]}
ExecuteBatch         TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"database": "$db", "steps": [{"statement": {"sql": "SELECT x FROM t"}}]}
Query                TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"database": "$db", "statement": {"sql": "SELECT x FROM t"}}
Transact             TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND [{"begin": {"database": "$db"}}, {"execute": {"statement": {"sql": "SELECT x FROM t"}}}, {"rollback": {}}]
Describe             TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"database": "$db", "sql": "SELECT x FROM t"}
QueryFleet           TOKEN_MISSING TOKEN_EXPIRED UNIMPLEMENTED      {"group": "$group", "statement": {"sql": "SELECT 1"}}
ApplyMigration       TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"schema": "$schema", "sql": "CREATE TABLE u (y)"}
ApplyMigration       TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"schema": "$schema", "sql": "CREATE TABLE u (y)", "validateOnly": true}
ApplyMigration       TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"schema": "$db", "sql": "CREATE TABLE u (y)"}
Execute              TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"database": "$schema", "statement": {"sql": "INSERT INTO t VALUES (1)"}}
Execute              TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"database": "$schema", "statement": {"sql": "SELECT x FROM t"}}
Execute              TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"database": "$child", "statement": {"sql": "INSERT INTO t VALUES (1)"}}
Execute              TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"database": "$child", "statement": {"sql": "CREATE TABLE u (y)"}}
GetMigration         TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"schema": "$schema", "id": "$migration"}
ListMigrations       TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"schema": "$schema"}
WatchMigration       TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"schema": "$schema", "id": "$migration"}
CancelMigration      TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"schema": "$schema", "id": "$migration"}
ListChildren         TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"schema": "$schema"}
RetryChildren        TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"schema": "$schema"}
GetSchema            TOKEN_MISSING TOKEN_EXPIRED DATABASE_NOT_FOUND {"schema": "$schema"}
CreateDatabase       TOKEN_MISSING TOKEN_EXPIRED GROUP_NOT_FOUND    {"database": {"group": "$group", "name": "$fresh", "schema": "$schema"}}
"#;

/// Every role, in the order of the matrix.
const ROLES: [&str; 12] = [
    "none",
    "expired",
    "revoked",
    "reader",
    "writer",
    "migrator",
    "attacher",
    "table rules",
    "foreign tenant",
    "group admin",
    "foreign admin",
    "server admin",
];

/// A row of [`CASES`].
struct Case {
    rpc: &'static str,
    no_token: &'static str,
    expired: &'static str,
    foreign: &'static str,
    request: &'static str,
}

fn cases() -> Vec<Case> {
    let case = |line: &'static str| {
        let (head, request) = line.split_at(line.find(['{', '[']).expect("a request"));
        let mut words = head.split_whitespace();
        let mut word = || words.next().expect("an RPC and its three cases");
        Case { rpc: word(), no_token: word(), expired: word(), foreign: word(), request }
    };
    TRIMMED.lines().map(case).collect()
}

const TRIMMED: &str = CASES.trim_ascii();

/// What a case is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Regular,
    Schema,
    Child,
}

impl Kind {
    fn of(case: &Case) -> Self {
        match case.request {
            request if request.contains("$schema") => Self::Schema,
            request if request.contains("$child") => Self::Child,
            _ => Self::Regular,
        }
    }
}

/// A target of its own for one call, and whoever asks for it.
struct Target {
    world: World,
    /// The one that is asked for, of the kind that the case is about.
    db: Db,
    /// The first migration of its schema, where it follows one.
    migration: String,
    /// A database of the asker's own in the same group.
    own: Db,
    /// The id of a token for the target.
    token_id: String,
}

impl Target {
    async fn set(server: &Server, kind: Kind) -> Self {
        let world = World::on(server).await;
        let (db, migration) = match kind {
            Kind::Regular => {
                let db = world.attachable("target").await;
                db.exec("CREATE TABLE t (x)").await;
                (db, String::new())
            }
            Kind::Schema | Kind::Child => {
                let fleet = Fleet::create(&world, "target").await;
                let migration = fleet.migrate_all("CREATE TABLE t (x)").await.id;
                let db = match kind {
                    Kind::Child => world.create(fleet.new_child("child")).await,
                    _ => fleet.parent(),
                };
                (db, migration)
            }
        };
        let own = world.database("own").await;
        let request =
            CreateTokenRequest { databases: vec![db.reference().into()], ..Default::default() };
        let token_id = world.mint(request).await.metadata.expect("its description").id;
        Self { world, db, migration, own, token_id }
    }

    /// The token of a role.
    async fn token_of(&self, role: &str, data_dir: &Path) -> Option<String> {
        let mint = async |request| self.world.mint(request).await;
        let database = |db: &Db, access: Access| CreateTokenRequest {
            databases: vec![db.reference().into()],
            access: access.into(),
            ..Default::default()
        };
        let writer = database(&self.db, Access::ReadWrite);
        let admin_of = |group: String| CreateTokenRequest {
            groups: vec![group],
            access: Access::Admin.into(),
            ..Default::default()
        };
        let token = match role {
            "none" => return None,
            "expired" => Forge::of(data_dir).expired(&mint(writer).await.token),
            "revoked" => {
                let minted = mint(writer).await;
                let id = minted.metadata.expect("its description").id;
                let mut tokens = self.world.admin.tokens();
                tokens.revoke_token(RevokeTokenRequest { id }).await.expect("it is revoked");
                minted.token
            }
            "reader" => mint(database(&self.db, Access::ReadOnly)).await.token,
            "writer" => mint(writer).await.token,
            "migrator" => mint(CreateTokenRequest { ddl: true, ..writer }).await.token,
            "attacher" => {
                let attach = vec![self.db.reference().to_owned()];
                mint(CreateTokenRequest { attach, ..database(&self.own, Access::ReadWrite) })
                    .await
                    .token
            }
            "table rules" => {
                let actions = vec![Action::DataRead.into()];
                let permissions = vec![Permission { table: "t".into(), actions }];
                mint(CreateTokenRequest { permissions, ..writer }).await.token
            }
            "foreign tenant" => mint(database(&self.own, Access::ReadWrite)).await.token,
            "group admin" => mint(admin_of(self.world.group.clone())).await.token,
            "foreign admin" => mint(admin_of(self.world.another_group().await)).await.token,
            "server admin" => self.world.admin.token().expect("the admin's").to_owned(),
            other => panic!("no such role: {other}"),
        };
        Some(token)
    }

    /// Makes the request of a case; answers `OK` or the reason, and all that
    /// came back.
    async fn ask(&self, case: &Case, token: Option<String>) -> (String, String) {
        let fresh = format!("fresh-{}", self.world.group);
        let request = [
            ("$db", self.db.reference()),
            ("$schema", self.db.reference()),
            ("$child", self.db.reference()),
            ("$migration", &self.migration),
            ("$own", self.own.reference()),
            ("$group", &self.world.group),
            ("$token", &self.token_id),
            ("$fresh", &fresh),
        ]
        .into_iter()
        .fold(case.request.to_owned(), |request, (name, value)| request.replace(name, value));
        let messages = match serde_json::from_str(&request).expect("JSON") {
            Value::Array(messages) => messages,
            message => vec![message],
        };
        let raw = Raw::new(self.world.admin.address());
        let answer = raw.call(&rpc(case.rpc), Call { token, messages, deadline: None }).await;
        let text = outcome(&answer);
        let mut words = text.split(' ');
        let verdict = match words.next() {
            Some("OK") => "OK",
            _ => words.next().expect("a reason"),
        };
        (verdict.to_owned(), format!("{answer:?}"))
    }
}

#[test]
fn every_rpc_has_its_cases() {
    let covered: BTreeSet<_> = cases().iter().map(|case| case.rpc.to_owned()).collect();
    let offered: BTreeSet<_> = rpcs().iter().map(|rpc| rpc.name().to_owned()).collect();
    assert_eq!(covered.len(), covered.intersection(&offered).count(), "CASES has RPCs of the past");
    let missing: Vec<_> = offered.difference(&covered).collect();
    assert!(missing.is_empty(), "these RPCs have no cases yet; add them to CASES: {missing:?}");
    for case in cases() {
        assert_eq!(
            (case.no_token, case.expired),
            ("TOKEN_MISSING", "TOKEN_EXPIRED"),
            "{}",
            case.rpc
        );
        assert_ne!(case.foreign, "OK", "{} would be open to strangers", case.rpc);
    }
}

#[tokio::test]
async fn nobody_gets_in_without_a_token_of_their_own() {
    let server = Server::start();
    let data_dir = server.data_dir();
    let mut wrong = Vec::new();
    for case in cases() {
        let target = Target::set(&server, Kind::of(&case)).await;
        // A tenant of another group, who may not even know of this one.
        let stranger = Target::set(&server, Kind::Regular).await;
        let mut expect = |who: &str, verdict: &str, expected: &str| {
            if verdict != expected {
                let Case { rpc, request, .. } = case;
                wrong.push(format!("{rpc} {request} for {who}: {verdict}, not {expected}"));
            }
        };
        expect("no token", &target.ask(&case, None).await.0, case.no_token);
        let expired = target.token_of("expired", &data_dir).await;
        expect("an expired token", &target.ask(&case, expired).await.0, case.expired);

        let foreign = match case.request.contains("$own") {
            // Its own database is in the group; the target is still foreign.
            true => target.token_of("foreign tenant", &data_dir).await,
            false => stranger.token_of("writer", &data_dir).await,
        };
        let (verdict, answer) = target.ask(&case, foreign).await;
        if case.foreign == "listed" {
            expect("a foreign tenant", &verdict, "OK");
            let group = format!("\"{}\"", target.world.group);
            assert!(
                !answer.contains(target.db.id()) && !answer.contains(&group),
                "{}: {answer}",
                case.rpc
            );
        } else {
            expect("a foreign tenant", &verdict, case.foreign);
        }
        assert_eq!(target.db.text("SELECT count(*) FROM t").await, "0", "{}", case.rpc);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The matrix: for each case, which roles get `OK` or which reason.
#[tokio::test]
async fn every_role_gets_what_the_matrix_says() {
    let server = Arc::new(Server::start());
    let mut matrix = String::from("What each RPC answers to each role.\n");
    for case in cases().into_iter().map(Arc::new) {
        let answers = ROLES.map(|role| {
            let (server, case) = (server.clone(), case.clone());
            tokio::spawn(async move {
                let target = Target::set(&server, Kind::of(&case)).await;
                let token = target.token_of(role, &server.data_dir()).await;
                target.ask(&case, token).await.0
            })
        });
        // Roles with the same answer stand together, in their order.
        let mut row: Vec<(String, Vec<&str>)> = Vec::new();
        let answers = bounded("a row of the matrix", join_all(answers)).await;
        for (answer, role) in answers.into_iter().zip(ROLES) {
            let answer = answer.expect("it is answered");
            match row.iter_mut().find(|(known, _)| *known == answer) {
                Some((_, roles)) => roles.push(role),
                None => row.push((answer, vec![role])),
            }
        }
        let _ = writeln!(matrix, "\n{} {}", case.rpc, case.request);
        for (answer, roles) in row {
            let _ = writeln!(matrix, "    {answer:18} {}", roles.join(", "));
        }
    }
    check("matrix.txt", include_str!("matrix.txt"), &matrix);
}
