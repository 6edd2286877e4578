//! `tenantry db`.

mod branch;
mod config;
mod confirmation;
mod tokens;

use std::collections::BTreeMap;

use tenantry_client::v1::{
    CreateDatabaseRequest, Database, DatabaseKind, DeleteDatabaseRequest, GetDatabaseRequest,
    ListDatabasesRequest, UndeleteDatabaseRequest,
};

use super::client::Client;
use super::failure::{Failure, Outcome};
use super::output::{self, Format, Listing};
use super::{parse, shell};

pub(super) use confirmation::{Confirmation, is_yes};

/// How many to ask for at once: the largest page of the API.
const PAGE_SIZE: i32 = 1_000;

/// What to do with databases. Where a database is named, `group/name` and
/// `group/UUID` are understood too.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Create a database
    Create(Create),

    /// Create a database from a snapshot of another one, which goes on meanwhile
    Branch(branch::Branch),

    /// List the databases that the token covers
    List(List),

    /// Show a database
    Show {
        /// The database: NAME, GROUP/NAME or GROUP/UUID
        name: String,
    },

    /// Delete a database
    Destroy {
        /// The database: NAME, GROUP/NAME or GROUP/UUID
        name: String,
        #[command(flatten)]
        confirmation: Confirmation,
    },

    /// Bring a deleted database back
    Undelete {
        /// The database: the one of this name that was deleted last, or GROUP/UUID
        name: String,
    },

    /// Run SQL: the given one, what comes from a pipe, or at a prompt
    Shell(shell::Args),

    /// Configure a database
    #[command(subcommand)]
    Config(config::Command),

    /// Make and withdraw tokens
    #[command(subcommand)]
    Tokens(tokens::Command),
}

/// What to create.
#[derive(clap::Args)]
pub struct Create {
    /// The new name: 1 to 64 of a-z, 0-9 and '-', the first a letter or digit.
    /// GROUP/NAME does the same as --group
    name: String,

    /// The group to create it in [default: default]
    #[arg(long)]
    group: Option<String>,

    /// What it is; without --type and --schema it is REGULAR
    #[arg(long = "type", value_enum, value_name = "TYPE", conflicts_with = "schema")]
    kind: Option<Kind>,

    /// Make it a child that follows the schema of this SCHEMA database, which is
    /// of the same group
    #[arg(long, value_name = "PARENT")]
    schema: Option<String>,

    /// A label to filter by; may be given several times
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = parse::label)]
    labels: Vec<(String, String)>,
}

/// The kinds that can be asked for by name.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum Kind {
    /// Owns its schema
    Regular,
    /// A parent: it holds the schema for its children, and migrations change it
    Schema,
}

/// Which databases to list.
#[derive(clap::Args)]
pub struct List {
    /// Only those of this group
    #[arg(long)]
    group: Option<String>,

    /// Only the children of this SCHEMA database
    #[arg(long, value_name = "PARENT")]
    schema: Option<String>,

    /// Only those with this label; may be given several times
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = parse::label)]
    labels: Vec<(String, String)>,

    /// Deleted ones too, for as long as they can be brought back
    #[arg(long)]
    deleted: bool,
}

impl Command {
    /// Refuses what cannot work with any server.
    pub(super) fn check(&self) -> Outcome {
        match self {
            Self::Create(create) => create.check(),
            Self::Branch(branch) => branch.check(),
            Self::Destroy { name, confirmation } => {
                confirmation.ask(&format!("Delete database {name} with all its data?"))
            }
            Self::List(_)
            | Self::Show { .. }
            | Self::Undelete { .. }
            | Self::Shell(_)
            | Self::Config(_)
            | Self::Tokens(_) => Ok(()),
        }
    }

    /// Whether it reads SQL from standard input.
    pub(super) fn reads_stdin(&self) -> bool {
        matches!(self, Self::Shell(args) if args.reads_stdin())
    }
}

/// Runs the command.
pub(super) async fn run(command: Command, client: &Client, format: Format) -> Outcome {
    let mut service = client.databases();
    match command {
        Command::Create(create) => {
            let request =
                CreateDatabaseRequest { database: Some(create.into()), request_id: String::new() };
            let database = service.create_database(request).await?.into_inner().database;
            done(format, "created", database)?;
        }
        Command::Branch(branch) => branch::run(branch, client, format).await?,
        Command::List(filter) => list(filter, client, format).await?,
        Command::Show { name } => {
            output::show(format, output::database(&get(client, name).await?))?;
        }
        Command::Destroy { name, .. } => {
            let request = DeleteDatabaseRequest { name, etag: String::new() };
            let database = service.delete_database(request).await?.into_inner().database;
            done(format, "deleted", database)?;
        }
        Command::Undelete { name } => {
            let request = UndeleteDatabaseRequest { name };
            let database = service.undelete_database(request).await?.into_inner().database;
            done(format, "brought back", database)?;
        }
        Command::Shell(args) => shell::run(args, client, format).await?,
        Command::Config(command) => config::run(command, client, format).await?,
        Command::Tokens(command) => tokens::run(command, client, format).await?,
    }
    Ok(())
}

/// How a database is called in messages.
fn full_name(database: &Database) -> String {
    format!("{}/{}", database.group, database.name)
}

async fn get(client: &Client, name: String) -> Result<Database, Failure> {
    let response = client.databases().get_database(GetDatabaseRequest { name }).await?;
    response.into_inner().database.ok_or_else(Failure::incomplete)
}

fn done(format: Format, what: &str, database: Option<Database>) -> Outcome {
    let database = database.ok_or_else(Failure::incomplete)?;
    let mut sentence = format!("{what} database {}", full_name(&database));
    if let Some(purge_time) = &database.purge_time {
        sentence.push_str(&format!("; `tenantry db undelete` brings it back until {purge_time}"));
    }
    Ok(output::confirm(format, &sentence, output::database(&database))?)
}

impl Create {
    fn check(&self) -> Outcome {
        if self.group.is_some() && self.name.contains('/') {
            let message = "the group stands in the name already: leave --group out";
            return Err(Failure::Usage(message.into()));
        }
        let (group, name) = self.place();
        match self.schema.as_deref().map(|parent| parse::name_in_group(group, parent)) {
            Some(None) => Err(Failure::Usage(format!(
                "a child is of the group of its schema, and {name} is to be of the group {group}"
            ))),
            Some(Some(_)) | None => Ok(()),
        }
    }

    /// The group to create it in, and the name there.
    fn place(&self) -> (&str, &str) {
        let group = self.group.as_deref().unwrap_or(parse::DEFAULT_GROUP);
        self.name.split_once('/').unwrap_or((group, &self.name))
    }
}

impl From<Create> for Database {
    fn from(create: Create) -> Self {
        let (group, name) = create.place();
        let parent = create.schema.as_deref().unwrap_or_default();
        let kind = match create.kind {
            None => DatabaseKind::Unspecified,
            Some(Kind::Regular) => DatabaseKind::Regular,
            Some(Kind::Schema) => DatabaseKind::Schema,
        };
        Self {
            name: name.to_owned(),
            group: group.to_owned(),
            kind: kind.into(),
            schema: parse::name_in_group(group, parent).unwrap_or(parent).to_owned(),
            labels: BTreeMap::from_iter(create.labels),
            ..Self::default()
        }
    }
}

async fn list(filter: List, client: &Client, format: Format) -> Outcome {
    let columns: &[_] = if filter.deleted {
        &["group", "name", "id", "kind", "schema", "size_bytes", "state", "purge_time"]
    } else {
        &["group", "name", "id", "kind", "schema", "size_bytes", "state"]
    };
    let mut listing = Listing::new(output::stdout(), format, columns);
    let mut request = ListDatabasesRequest {
        group: filter.group.unwrap_or_default(),
        schema: filter.schema.unwrap_or_default(),
        labels: BTreeMap::from_iter(filter.labels),
        show_deleted: filter.deleted,
        page_size: PAGE_SIZE,
        ..ListDatabasesRequest::default()
    };
    loop {
        let page = client.databases().list_databases(request.clone()).await?.into_inner();
        for database in &page.databases {
            listing.add(output::database(database))?;
        }
        if page.next_page_token.is_empty() {
            return Ok(listing.finish()?);
        }
        request.page_token = page.next_page_token;
    }
}
