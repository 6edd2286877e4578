//! `tenantry group`.

use tenantry_client::v1::{
    CreateGroupRequest, DeleteGroupRequest, GetGroupRequest, Group, ListGroupsRequest,
};

use super::client::Client;
use super::db::Confirmation;
use super::failure::{Failure, Outcome};
use super::output::{self, Format, Listing};

/// How many to ask for at once: the largest page of the API.
const PAGE_SIZE: i32 = 1_000;

/// What to do with groups.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Create a group
    Create {
        /// The new name: 1 to 64 of a-z, 0-9 and '-', the first a letter or digit
        name: String,
    },

    /// List the groups that the token covers
    List,

    /// Show a group
    Show {
        /// The group
        name: String,
    },

    /// Delete an empty group
    Destroy {
        /// The group
        name: String,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

impl Command {
    /// Refuses what cannot work with any server.
    pub(super) fn check(&self) -> Outcome {
        match self {
            Self::Destroy { name, confirmation } => {
                confirmation.ask(&format!("Delete group {name}?"))
            }
            Self::Create { .. } | Self::List | Self::Show { .. } => Ok(()),
        }
    }
}

/// Runs the command.
pub(super) async fn run(command: Command, client: &Client, format: Format) -> Outcome {
    let mut service = client.databases();
    match command {
        Command::Create { name } => {
            let group = Some(Group { name, ..Group::default() });
            let response = service.create_group(CreateGroupRequest { group }).await?.into_inner();
            let group = response.group.ok_or_else(Failure::incomplete)?;
            output::confirm(
                format,
                &format!("created group {}", group.name),
                output::group(&group),
            )?;
        }
        Command::List => list(client, format).await?,
        Command::Show { name } => {
            let response = service.get_group(GetGroupRequest { name }).await?.into_inner();
            output::show(format, output::group(&response.group.ok_or_else(Failure::incomplete)?))?;
        }
        Command::Destroy { name, .. } => {
            service.delete_group(DeleteGroupRequest { name: name.clone() }).await?;
            let fields = output::group(&Group { name: name.clone(), ..Group::default() });
            output::confirm(format, &format!("deleted group {name}"), fields)?;
        }
    }
    Ok(())
}

async fn list(client: &Client, format: Format) -> Outcome {
    let mut listing = Listing::new(output::stdout(), format, &["name", "create_time"]);
    let mut request = ListGroupsRequest { page_size: PAGE_SIZE, ..ListGroupsRequest::default() };
    loop {
        let page = client.databases().list_groups(request.clone()).await?.into_inner();
        for group in &page.groups {
            listing.add(output::group(group))?;
        }
        if page.next_page_token.is_empty() {
            return Ok(listing.finish()?);
        }
        request.page_token = page.next_page_token;
    }
}
