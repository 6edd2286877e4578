//! The cases, as the files have them. What is not known here is an error.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value as Json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "about")]
    _about: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    #[serde(default)]
    pub databases: Vec<NamedDatabase>,
    pub server: Option<Vec<String>>,
    #[serde(default)]
    pub skip: BTreeMap<String, String>,
    /// Not read yet, since they may name what earlier ones keep.
    pub steps: Vec<Json>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub enum NamedDatabase {
    Name(String),
    Full(CreateDatabase),
}

macro_rules! fields {
    ($($name:ident { $($(#[$attribute:meta])* $field:ident: $kind:ty,)* })*) => {
        $(#[derive(Clone, Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$attribute])* pub $field: $kind,)*
        })*
    };
}

fields! {
    Step {
        connect: Option<Connect>,
        execute: Option<Execute>,
        batch: Option<Batch>,
        query: Option<Query>,
        transaction: Option<Transaction>,
        create_database: Option<CreateDatabase>,
        branch_database: Option<BranchDatabase>,
        get_database: Option<Name>,
        update_database: Option<UpdateDatabase>,
        delete_database: Option<Name>,
        undelete_database: Option<Name>,
        list_databases: Option<ListDatabases>,
        create_token: Option<CreateToken>,
        revoke_token: Option<RevokeToken>,
        migrate: Option<Migrate>,
        get_schema: Option<SchemaOf>,
        list_children: Option<SchemaOf>,
        list_migrations: Option<SchemaOf>,
        cancel: Option<Cancel>,
        close: Option<Close>,
        server: Option<ServerStep>,
        client: Option<String>,
        timeout_ms: Option<u64>,
        #[serde(default)] idempotent: bool,
        expect: Option<Json>,
        error: Option<ExpectedError>,
    }
    ExpectedError {
        code: Option<String>,
        reason: Option<String>,
        #[serde(default)] metadata: BTreeMap<String, String>,
        retryable: Option<bool>,
        message: Option<String>,
    }
    Connect {
        name: String,
        token: Option<String>,
        tokens: Option<Vec<String>>,
        endpoint: Option<String>,
        attempts: Option<u32>,
    }
    Execute {
        #[serde(default)] database: String,
        sql: String,
        args: Option<Vec<Json>>,
        named: Option<BTreeMap<String, Json>>,
        #[serde(default)] attach: Vec<Attached>,
        min_generation: Option<u64>,
    }
    Batch {
        database: String,
        statements: Vec<BatchStatement>,
        mode: Option<String>,
        #[serde(default)] attach: Vec<Attached>,
    }
    StatementWithArgs {
        sql: String,
        args: Option<Vec<Json>>,
        named: Option<BTreeMap<String, Json>>,
    }
    Query {
        database: String,
        sql: String,
        args: Option<Vec<Json>>,
        named: Option<BTreeMap<String, Json>>,
        #[serde(default)] attach: Vec<Attached>,
        min_generation: Option<u64>,
        encoding: Option<String>,
        take: Option<usize>,
        interfere: Option<Interfere>,
    }
    Transaction {
        database: String,
        mode: Option<String>,
        #[serde(default)] attach: Vec<Attached>,
        #[serde(rename = "do")] steps: Vec<Step>,
        end: Option<String>,
        interfere: Option<Interfere>,
    }
    CreateDatabase {
        name: String,
        kind: Option<String>,
        schema: Option<String>,
        allow_attach: Option<bool>,
        #[serde(default)] labels: BTreeMap<String, String>,
        request_id: Option<String>,
    }
    BranchDatabase {
        source: String,
        #[serde(flatten)] database: CreateDatabase,
    }
    Name {
        name: String,
    }
    UpdateDatabase {
        name: String,
        set: Set,
    }
    Set {
        allow_attach: Option<bool>,
        delete_protection: Option<bool>,
        block_reads: Option<bool>,
        block_writes: Option<bool>,
        labels: Option<BTreeMap<String, String>>,
    }
    ListDatabases {
        kind: Option<String>,
        #[serde(default)] labels: BTreeMap<String, String>,
        page_size: Option<i32>,
    }
    CreateToken {
        databases: Vec<String>,
        #[serde(default)] attach: Vec<String>,
        access: Option<String>,
        ttl_ms: Option<u64>,
        save: String,
    }
    RevokeToken {
        id: String,
    }
    Migrate {
        schema: String,
        sql: String,
        #[serde(default)] validate_only: bool,
        wait_for: Option<String>,
        expected_generation: Option<u64>,
        request_id: Option<String>,
    }
    SchemaOf {
        schema: String,
        page_size: Option<i32>,
    }
    Cancel {
        after_ms: u64,
        call: Box<Step>,
    }
    Close {
        in_flight: Option<Box<Step>>,
    }
    StartAfter {
        start_after_ms: u64,
    }
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub enum Attached {
    Name(String),
    Alias { database: String, alias: String },
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub enum BatchStatement {
    Sql(String),
    WithArgs(StatementWithArgs),
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub enum Interfere {
    Sql(String),
    Steps(Vec<Step>),
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub enum ServerStep {
    Do(String),
    Later(StartAfter),
}

/// All files, by their names.
pub fn read(dir: &Path) -> BTreeMap<String, Vec<Case>> {
    let entries = fs::read_dir(dir).expect("the directory of the cases");
    let paths = entries.map(|entry| entry.expect("a file").path());
    let files = paths.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files
        .map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).expect("a file of cases");
            let file: File =
                serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, file.cases)
        })
        .collect()
}
