//! `tenantry db tokens`.

use serde_json::Value as Json;
use tenantry_client::v1::create_token_request::Lifetime;
use tenantry_client::v1::invalidate_tokens_request::Target;
use tenantry_client::v1::{
    Access, CreateTokenRequest, InvalidateTokensRequest, ListTokensRequest, Permission,
    RevokeTokenRequest,
};

use super::PAGE_SIZE;
use crate::cli::client::Client;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::{self, Format, Listing};
use crate::cli::parse::{self, Expiration};

/// What to do with tokens.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Make a token, and print it: this is the only time that it is shown
    #[command(after_long_help = CREATE_HELP)]
    Create(Create),

    /// List tokens, without the tokens themselves
    List(List),

    /// Withdraw one token
    Revoke {
        /// The id of the token, as `list` shows it
        id: String,
    },

    /// Withdraw all tokens of a database or a group that were made until now
    Invalidate(Invalidate),
}

const CREATE_HELP: &str = "\
Permissions restrict what the access level gives to some tables and actions:
  -p all:data_read -p comments:data_add,data_update
`all` and `*` mean every table. The actions are data_read, data_add, data_update,
data_delete, schema_add, schema_update and schema_delete.

Printed as a table, the output is the token and nothing else:
  export TENANTRY_TOKEN=$(tenantry db tokens create shop --read-only)";

/// What the new token shall permit.
#[derive(clap::Args)]
#[command(group(
    clap::ArgGroup::new("scope")
        .args(["names", "groups", "server_admin"])
        .required(true)
        .multiple(true)
))]
pub struct Create {
    /// The databases it covers: NAME, GROUP/NAME or GROUP/UUID
    #[arg(value_name = "NAME")]
    names: Vec<String>,

    /// A group it covers, with every database that is or will be in it; may be
    /// given several times
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,

    /// Databases it may attach to them; without a group they are of the group of
    /// the first NAME, or of the first GROUP
    #[arg(long, value_name = "DB[,DB…]", value_delimiter = ',')]
    attach: Vec<String>,

    /// It may only read
    #[arg(long)]
    read_only: bool,

    /// It may do everything inside its groups: create, configure and delete
    /// databases, and make tokens
    #[arg(long, requires = "groups", conflicts_with_all = ["names", "read_only"])]
    admin: bool,

    /// It may migrate the SCHEMA databases among them
    #[arg(long)]
    ddl: bool,

    /// What it may do to which tables; may be given several times
    #[arg(
        short = 'p',
        long = "permission",
        value_name = "TABLE:ACTIONS",
        value_parser = parse::permission
    )]
    permissions: Vec<Permission>,

    /// How long it lives: 7d, 12h, 1d12h, or never [default: 7d]
    #[arg(long, value_name = "TIME", value_parser = parse::expiration)]
    expiration: Option<Expiration>,

    /// For whom it is
    #[arg(long, value_name = "TEXT")]
    subject: Option<String>,

    /// It may do everything on the server
    #[arg(
        long,
        conflicts_with_all = ["names", "groups", "attach", "read_only", "admin", "ddl", "permissions"]
    )]
    server_admin: bool,
}

/// Which tokens to list.
#[derive(clap::Args)]
pub struct List {
    /// Only those that name this database
    name: Option<String>,

    /// Only those that name this group or a database in it
    #[arg(long)]
    group: Option<String>,

    /// Only those for this subject
    #[arg(long, value_name = "TEXT")]
    subject: Option<String>,

    /// Revoked and expired ones too
    #[arg(long)]
    inactive: bool,
}

/// Whose tokens to invalidate.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub struct Invalidate {
    /// The database: NAME, GROUP/NAME or GROUP/UUID
    name: Option<String>,

    /// The group, with all its databases
    #[arg(long)]
    group: Option<String>,
}

/// Runs the command.
pub(super) async fn run(command: Command, client: &Client, format: Format) -> Outcome {
    let mut service = client.tokens();
    match command {
        Command::Create(create) => {
            let response = service.create_token(request(create)).await?.into_inner();
            let metadata = response.metadata.ok_or_else(Failure::incomplete)?;
            let mut fields = vec![("token", Json::from(response.token.as_str()))];
            fields.extend(output::token(&metadata));
            output::confirm(format, &response.token, fields)?;
        }
        Command::List(filter) => list(filter, client, format).await?,
        Command::Revoke { id } => {
            let response = service.revoke_token(RevokeTokenRequest { id }).await?.into_inner();
            let token = response.metadata.ok_or_else(Failure::incomplete)?;
            output::confirm(format, &format!("revoked token {}", token.id), output::token(&token))?;
        }
        Command::Invalidate(invalidate) => {
            let (sentence, target) = match (invalidate.name, invalidate.group) {
                (Some(name), _) => (format!("database {name}"), Target::Database(name)),
                (None, group) => {
                    let group = group.unwrap_or_default();
                    (format!("group {group}"), Target::Group(group))
                }
            };
            let request = InvalidateTokensRequest { target: Some(target) };
            let response = service.invalidate_tokens(request).await?.into_inner();
            let time = response.invalidate_time.ok_or_else(Failure::incomplete)?.to_string();
            let sentence = format!("tokens of {sentence} made until {time} are no longer valid");
            output::confirm(format, &sentence, vec![("invalidate_time", Json::from(time))])?;
        }
    }
    Ok(())
}

fn request(create: Create) -> CreateTokenRequest {
    let access = match (create.server_admin, create.admin, create.read_only) {
        (true, ..) => Access::Unspecified,
        (_, true, _) => Access::Admin,
        (_, _, true) => Access::ReadOnly,
        _ => Access::ReadWrite,
    };
    let lifetime = create.expiration.map(|expiration| match expiration {
        Expiration::Never => Lifetime::NeverExpires(true),
        // A time past what the message can hold is past the limit all the same.
        Expiration::After(time) => Lifetime::Ttl(time.try_into().unwrap_or_default()),
    });
    let main = match (create.names.first(), create.groups.first()) {
        (Some(name), _) => name.clone(),
        (None, Some(group)) => format!("{group}/"),
        (None, None) => String::new(),
    };
    CreateTokenRequest {
        attach: create.attach.iter().map(|named| parse::in_group_of(&main, named)).collect(),
        databases: create.names,
        groups: create.groups,
        access: access.into(),
        ddl: create.ddl,
        permissions: create.permissions,
        subject: create.subject.unwrap_or_default(),
        server_admin: create.server_admin,
        lifetime,
    }
}

async fn list(filter: List, client: &Client, format: Format) -> Outcome {
    let columns: &[_] = if filter.inactive {
        &["id", "subject", "databases", "groups", "access", "expire_time", "revoke_time"]
    } else {
        &["id", "subject", "databases", "groups", "access", "attach", "expire_time"]
    };
    let mut listing = Listing::new(output::stdout(), format, columns);
    let mut request = ListTokensRequest {
        database: filter.name.unwrap_or_default(),
        group: filter.group.unwrap_or_default(),
        subject: filter.subject.unwrap_or_default(),
        show_inactive: filter.inactive,
        page_size: PAGE_SIZE,
        ..ListTokensRequest::default()
    };
    loop {
        let page = client.tokens().list_tokens(request.clone()).await?.into_inner();
        for token in &page.tokens {
            listing.add(output::token(token))?;
        }
        if page.next_page_token.is_empty() {
            return Ok(listing.finish()?);
        }
        request.page_token = page.next_page_token;
    }
}
