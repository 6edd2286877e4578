//! `tenantry migrate`.
//!
//! A migration belongs to the server: leaving a command never stops it, and each
//! command that leaves one behind says how to come back to it.

mod apply;
mod follow;
mod progress;
mod told;

use tenantry_client::v1::{
    CancelMigrationRequest, ChildState, GetMigrationRequest, GetSchemaRequest, ListChildrenRequest,
    ListMigrationsRequest, Migration, MigrationState, RetryChildrenRequest,
};

use super::client::Client;
use super::failure::{Failure, Outcome};
use super::output::{self, Format, Listing};
use super::parse;
use follow::{CtrlC, Goal, Interrupts};
use progress::Progress;

/// How many to ask for at once: the largest page of the API.
const PAGE_SIZE: i32 = 1_000;

/// What to do with the migrations of a schema. Where a database is named,
/// `group/name` and `group/UUID` are understood too.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Change a schema: on the SCHEMA database and all its children, or on none
    Apply(apply::Args),

    /// List the migrations of a schema, newest first
    List {
        /// The SCHEMA database: NAME, GROUP/NAME or GROUP/UUID
        parent: String,

        /// Only those in this state
        #[arg(long, value_enum, value_name = "STATE")]
        state: Option<State>,
    },

    /// Show a migration, with its script
    Show(Which),

    /// Follow a migration until it has ended; leaving does not stop it
    Watch(Which),

    /// Cancel a migration that has not committed: nothing has changed then
    Cancel(Which),

    /// List the children of a schema, and whether they have followed it
    Children {
        /// The SCHEMA database: NAME, GROUP/NAME or GROUP/UUID
        parent: String,

        /// Only those in this state
        #[arg(long, value_enum, value_name = "STATE")]
        state: Option<Followed>,
    },

    /// Try at once again to bring quarantined children to the schema's generation
    Retry {
        /// The SCHEMA database: NAME, GROUP/NAME or GROUP/UUID
        parent: String,

        /// Only these children, by name or UUID [default: all quarantined ones]
        #[arg(value_name = "CHILD")]
        children: Vec<String>,
    },

    /// Print the schema as SQL
    Schema {
        /// The SCHEMA database: NAME, GROUP/NAME or GROUP/UUID
        parent: String,
    },
}

/// One migration.
#[derive(clap::Args)]
pub struct Which {
    /// The SCHEMA database: NAME, GROUP/NAME or GROUP/UUID
    parent: String,

    /// The id of the migration, as `list` shows it
    id: String,
}

/// The states of a migration.
#[derive(Clone, Copy, clap::ValueEnum)]
pub enum State {
    /// Being validated
    Preparing,
    /// It has happened; files are being brought up
    Committed,
    /// It has happened, and every file is brought up
    Applied,
    /// Nothing has changed
    Failed,
    /// Nothing has changed
    Cancelled,
}

/// The states of a child.
#[derive(Clone, Copy, clap::ValueEnum)]
pub enum Followed {
    /// At the schema's generation
    Current,
    /// Brought up in the background, or by its next request
    Pending,
    /// It cannot be brought up
    Quarantined,
}

impl Command {
    /// Refuses what cannot work with any server.
    pub(super) fn check(&self) -> Outcome {
        match self {
            Self::Retry { parent, children } => local_names(parent, children).map(drop),
            Self::Apply(_)
            | Self::List { .. }
            | Self::Show(_)
            | Self::Watch(_)
            | Self::Cancel(_)
            | Self::Children { .. }
            | Self::Schema { .. } => Ok(()),
        }
    }

    /// Whether it reads a script from standard input.
    pub(super) fn reads_stdin(&self) -> bool {
        matches!(self, Self::Apply(args) if args.reads_stdin())
    }
}

/// Runs the command.
pub(super) async fn run(command: Command, client: &Client, format: Format) -> Outcome {
    let mut service = client.schemas();
    match command {
        Command::Apply(args) => apply::run(args, client, format).await?,
        Command::List { parent, state } => list(parent, state, client, format).await?,
        Command::Show(which) => {
            output::show_migration(format, &get(client, which.parent, which.id).await?)?;
        }
        Command::Watch(which) => watch(which, client, format).await?,
        Command::Cancel(Which { parent, id }) => {
            let request = CancelMigrationRequest { schema: parent, id };
            let response = service.cancel_migration(request).await?.into_inner();
            let migration = response.migration.ok_or_else(Failure::incomplete)?;
            let sentence = format!("cancelled migration {}: nothing has changed", migration.id);
            output::confirm(format, &sentence, output::migration(&migration))?;
        }
        Command::Children { parent, state } => children(parent, state, client, format).await?,
        Command::Retry { parent, children } => retry(parent, children, client, format).await?,
        Command::Schema { parent } => {
            let request = GetSchemaRequest { schema: parent };
            output::show_schema(format, &service.get_schema(request).await?.into_inner())?;
        }
    }
    Ok(())
}

async fn get(client: &Client, schema: String, id: String) -> Result<Migration, Failure> {
    let request = GetMigrationRequest { schema, id };
    let response = client.schemas().get_migration(request).await?;
    response.into_inner().migration.ok_or_else(Failure::incomplete)
}

async fn watch(which: Which, client: &Client, format: Format) -> Outcome {
    let mut interrupts = Interrupts::listen()?;
    let mut progress = Progress::as_result(format);
    let request = GetMigrationRequest { schema: which.parent, id: which.id };
    let goal = Goal::Apply;
    let migration =
        follow::follow(client, request, goal, CtrlC::Leaves, &mut interrupts, &mut progress)
            .await?;
    match format {
        // Its last line has told it.
        Format::Json => told::failure_of(&migration).map_or(Ok(()), Err),
        Format::Table => told::conclude(format, &migration),
    }
}

async fn list(parent: String, state: Option<State>, client: &Client, format: Format) -> Outcome {
    const COLUMNS: &[&str] = &[
        "generation",
        "id",
        "state",
        "children_total",
        "children_validated",
        "children_applied",
        "children_quarantined",
        "create_time",
    ];
    let mut listing = Listing::new(output::stdout(), format, COLUMNS);
    let mut request = ListMigrationsRequest {
        schema: parent,
        state: state.map_or(MigrationState::Unspecified, MigrationState::from).into(),
        page_size: PAGE_SIZE,
        ..ListMigrationsRequest::default()
    };
    loop {
        let page = client.schemas().list_migrations(request.clone()).await?.into_inner();
        for migration in &page.migrations {
            listing.add(output::migration(migration))?;
        }
        if page.next_page_token.is_empty() {
            return Ok(listing.finish()?);
        }
        request.page_token = page.next_page_token;
    }
}

async fn children(
    parent: String,
    state: Option<Followed>,
    client: &Client,
    format: Format,
) -> Outcome {
    const COLUMNS: &[&str] = &["name", "id", "generation", "state", "reason"];
    let mut listing = Listing::new(output::stdout(), format, COLUMNS);
    let mut request = ListChildrenRequest {
        schema: parent,
        state: state.map_or(ChildState::Unspecified, ChildState::from).into(),
        page_size: PAGE_SIZE,
        ..ListChildrenRequest::default()
    };
    loop {
        let page = client.schemas().list_children(request.clone()).await?.into_inner();
        for child in &page.children {
            listing.add(output::child(child))?;
        }
        if page.next_page_token.is_empty() {
            return Ok(listing.finish()?);
        }
        request.page_token = page.next_page_token;
    }
}

async fn retry(parent: String, children: Vec<String>, client: &Client, format: Format) -> Outcome {
    let children = local_names(&parent, &children)?;
    let request = RetryChildrenRequest { schema: parent.clone(), children };
    let counts = client.schemas().retry_children(request).await?.into_inner();
    let (recovered, quarantined) = (counts.recovered_count, counts.quarantined_count);
    let sentence = format!("recovered {recovered}, still quarantined {quarantined}");
    let fields =
        vec![("recovered_count", recovered.into()), ("quarantined_count", quarantined.into())];
    output::confirm(format, &sentence, fields)?;
    match quarantined {
        0 => Ok(()),
        _ => Err(Failure::with_hint(
            "not every child has recovered",
            format!("`tenantry migrate children {parent} --state quarantined` tells why"),
        )),
    }
}

/// The names of children, which the API takes without their group.
fn local_names(parent: &str, children: &[String]) -> Result<Vec<String>, Failure> {
    let group = parse::group_of(parent);
    let local = |child: &String| {
        parse::name_in_group(group, child).map(str::to_owned).ok_or_else(|| {
            Failure::Usage(format!("{child} is no child of {parent}: it is of another group"))
        })
    };
    children.iter().map(local).collect()
}

impl From<State> for MigrationState {
    fn from(state: State) -> Self {
        match state {
            State::Preparing => Self::Preparing,
            State::Committed => Self::Committed,
            State::Applied => Self::Applied,
            State::Failed => Self::Failed,
            State::Cancelled => Self::Cancelled,
        }
    }
}

impl From<Followed> for ChildState {
    fn from(state: Followed) -> Self {
        match state {
            Followed::Current => Self::Current,
            Followed::Pending => Self::Pending,
            Followed::Quarantined => Self::Quarantined,
        }
    }
}
