//! `tenantry db config`.

use tenantry_client::v1::{Database, UpdateDatabaseRequest};

use super::{full_name, get};
use crate::cli::client::Client;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::{self, Format};
use crate::cli::parse;

/// What to configure.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Whether other databases of the group may attach it
    #[command(subcommand)]
    Attach(Permit),

    /// Whether it is protected from being deleted
    #[command(subcommand)]
    DeleteProtection(Switch),

    /// Whether reads are blocked
    #[command(subcommand)]
    BlockReads(Switch),

    /// Whether writes are blocked
    #[command(subcommand)]
    BlockWrites(Switch),

    /// How large it may grow
    #[command(subcommand)]
    SizeLimit(Limit),
}

/// What to do with a permission.
#[derive(clap::Subcommand)]
pub enum Permit {
    /// Allow it
    Allow {
        /// The database: NAME, GROUP/NAME or GROUP/UUID
        name: String,
    },
    /// Disallow it
    Disallow {
        /// The database: NAME, GROUP/NAME or GROUP/UUID
        name: String,
    },
    /// Tell whether it is allowed
    Show {
        /// The database: NAME, GROUP/NAME or GROUP/UUID
        name: String,
    },
}

/// What to do with a switch.
#[derive(clap::Subcommand)]
pub enum Switch {
    /// Enable it
    Enable {
        /// The database: NAME, GROUP/NAME or GROUP/UUID
        name: String,
    },
    /// Disable it
    Disable {
        /// The database: NAME, GROUP/NAME or GROUP/UUID
        name: String,
    },
    /// Tell whether it is enabled
    Show {
        /// The database: NAME, GROUP/NAME or GROUP/UUID
        name: String,
    },
}

/// What to do with a limit.
#[derive(clap::Subcommand)]
pub enum Limit {
    /// Set it
    Set {
        /// The database: NAME, GROUP/NAME or GROUP/UUID
        name: String,
        /// The largest size of the file, such as 4096, 512MiB or 2GiB; 0 is the
        /// server's own limit
        #[arg(value_parser = parse::size_bytes)]
        size: u64,
    },
    /// Tell the limit
    Show {
        /// The database: NAME, GROUP/NAME or GROUP/UUID
        name: String,
    },
}

/// A field of a database that can be configured.
struct Setting {
    /// Its name in the API.
    field: &'static str,
    /// What it is called in sentences.
    title: &'static str,
    /// Writes a new value.
    set: fn(&mut Database, u64),
    /// Says the present value in one word.
    tell: fn(&Database) -> String,
}

const ATTACH: Setting = Setting {
    field: "allow_attach",
    title: "attach",
    set: |database, value| database.allow_attach = value != 0,
    tell: |database| if database.allow_attach { "allowed" } else { "disallowed" }.to_owned(),
};

const DELETE_PROTECTION: Setting = Setting {
    field: "delete_protection",
    title: "delete-protection",
    set: |database, value| database.delete_protection = value != 0,
    tell: |database| on_off(database.delete_protection),
};

const BLOCK_READS: Setting = Setting {
    field: "block_reads",
    title: "block-reads",
    set: |database, value| database.block_reads = value != 0,
    tell: |database| on_off(database.block_reads),
};

const BLOCK_WRITES: Setting = Setting {
    field: "block_writes",
    title: "block-writes",
    set: |database, value| database.block_writes = value != 0,
    tell: |database| on_off(database.block_writes),
};

const SIZE_LIMIT: Setting = Setting {
    field: "size_limit_bytes",
    title: "size-limit",
    set: |database, value| database.size_limit_bytes = value,
    tell: |database| match database.size_limit_bytes {
        0 => "server".to_owned(),
        bytes => bytes.to_string(),
    },
};

fn on_off(is_on: bool) -> String {
    if is_on { "enabled" } else { "disabled" }.to_owned()
}

/// Runs the command.
pub(super) async fn run(command: Command, client: &Client, format: Format) -> Outcome {
    let (setting, name, value) = resolve(command);
    let Some(value) = value else {
        let database = get(client, name).await?;
        let word = (setting.tell)(&database);
        return Ok(output::confirm(format, &word, shown(&setting, &database))?);
    };
    let mut database = Database { name, ..Database::default() };
    (setting.set)(&mut database, value);
    let mut request = UpdateDatabaseRequest { database: Some(database), update_mask: None };
    request.update_mask.get_or_insert_default().paths.push(setting.field.to_owned());
    let response = client.databases().update_database(request).await?.into_inner();
    let database = response.database.ok_or_else(Failure::incomplete)?;
    let sentence = format!(
        "{} of {} is now: {}",
        setting.title,
        full_name(&database),
        (setting.tell)(&database)
    );
    Ok(output::confirm(format, &sentence, shown(&setting, &database))?)
}

/// The setting, the database, and the new value; without one it is shown.
fn resolve(command: Command) -> (Setting, String, Option<u64>) {
    let switch = |setting, switch| match switch {
        Switch::Enable { name } => (setting, name, Some(1)),
        Switch::Disable { name } => (setting, name, Some(0)),
        Switch::Show { name } => (setting, name, None),
    };
    match command {
        Command::Attach(Permit::Allow { name }) => (ATTACH, name, Some(1)),
        Command::Attach(Permit::Disallow { name }) => (ATTACH, name, Some(0)),
        Command::Attach(Permit::Show { name }) => (ATTACH, name, None),
        Command::DeleteProtection(what) => switch(DELETE_PROTECTION, what),
        Command::BlockReads(what) => switch(BLOCK_READS, what),
        Command::BlockWrites(what) => switch(BLOCK_WRITES, what),
        Command::SizeLimit(Limit::Set { name, size }) => (SIZE_LIMIT, name, Some(size)),
        Command::SizeLimit(Limit::Show { name }) => (SIZE_LIMIT, name, None),
    }
}

/// What JSON tells of a setting: whose it is, and its value.
fn shown(setting: &Setting, database: &Database) -> output::Fields {
    let is_shown = |name: &str| name == setting.field || matches!(name, "name" | "group" | "id");
    output::database(database).into_iter().filter(|(name, _)| is_shown(name)).collect()
}
