//! `tenantry db branch`.

use std::collections::BTreeMap;

use tenantry_client::v1::{BranchDatabaseRequest, Database};

use crate::cli::client::Client;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::Format;
use crate::cli::parse;

/// What to branch.
#[derive(clap::Args)]
pub struct Branch {
    /// The database to copy: NAME, GROUP/NAME or GROUP/UUID
    source: String,

    /// The new name, in the group of SOURCE: 1 to 64 of a-z, 0-9 and '-', the
    /// first a letter or digit
    name: String,

    /// A label to filter by; may be given several times. None comes from SOURCE
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = parse::label)]
    labels: Vec<(String, String)>,
}

impl Branch {
    /// Refuses what cannot work with any server.
    pub(super) fn check(&self) -> Outcome {
        let group = parse::group_of(&self.source);
        match parse::name_in_group(group, &self.name) {
            Some(_) => Ok(()),
            None => Err(Failure::Usage(format!(
                "a branch is of the group of its source, and {} is of the group {group}",
                self.source
            ))),
        }
    }
}

/// Runs the command.
pub(super) async fn run(branch: Branch, client: &Client, format: Format) -> Outcome {
    let request = BranchDatabaseRequest::from(branch);
    let response = client.databases().branch_database(request).await?.into_inner();
    super::done(format, "created", response.database)
}

impl From<Branch> for BranchDatabaseRequest {
    fn from(branch: Branch) -> Self {
        let group = parse::group_of(&branch.source);
        let name = parse::name_in_group(group, &branch.name).unwrap_or(&branch.name).to_owned();
        let labels = BTreeMap::from_iter(branch.labels);
        let database = Database { name, labels, ..Database::default() };
        Self { source: branch.source, database: Some(database), request_id: String::new() }
    }
}
