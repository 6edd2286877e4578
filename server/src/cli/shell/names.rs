//! The tables and columns that can be completed, asked of the server.
//!
//! They are asked for when they are first needed, and again for each new input,
//! so that a change of the schema, by whomever, is seen at once. It happens beside
//! an open transaction and never in it: a key must not be able to end one.

use std::time::Duration;

use tenantry_client::v1::{Attachment, ExecuteRequest, Statement};
use tonic::Request;

use super::dot::text;
use super::words::quoted;
use crate::cli::client::Client;

/// How long a key may wait for an answer.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// How many columns are asked for: more help nobody.
const COLUMNS_MAX: usize = 20_000;

/// A table or view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    /// The alias that it is attached under; `main` for the database itself.
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) columns: Vec<String>,
}

/// What there is.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) tables: Vec<Table>,
    /// The aliases of what is attached.
    pub(super) aliases: Vec<String>,
}

/// Asks the server; without an answer there are no names, and typing goes on.
pub(super) async fn load(client: &Client, database: &str, attachments: &[Attachment]) -> Names {
    let aliases: Vec<_> = attachments.iter().map(|attached| attached.alias.clone()).collect();
    let schemas: Vec<_> =
        std::iter::once("main").chain(aliases.iter().map(String::as_str)).collect();
    let sql = schemas.into_iter().map(select).collect::<Vec<_>>().join(" UNION ALL ");
    let mut request = Request::new(ExecuteRequest {
        database: database.to_owned(),
        statement: Some(Statement {
            sql: format!("{sql} LIMIT {COLUMNS_MAX}"),
            ..Statement::default()
        }),
        attachments: attachments.to_vec(),
        min_generation: 0,
    });
    request.set_timeout(WAIT_MAX);
    let answer = tokio::time::timeout(WAIT_MAX, client.query().execute(request)).await;
    let results = match answer {
        Ok(Ok(response)) => response.into_inner().results,
        Ok(Err(_)) | Err(_) => Vec::new(),
    };
    let mut names = Names { tables: Vec::new(), aliases };
    for row in results.iter().flat_map(|result| &result.rows).filter(|row| row.values.len() == 3) {
        let (schema, name, column) =
            (text(&row.values), text(&row.values[1..]), text(&row.values[2..]).to_owned());
        match names.tables.last_mut() {
            Some(table) if table.schema == schema && table.name == name => {
                table.columns.push(column)
            }
            _ => names.tables.push(Table {
                schema: schema.to_owned(),
                name: name.to_owned(),
                columns: vec![column],
            }),
        }
    }
    names
}

/// The columns of a schema that can be read, but not those of the tables that
/// virtual tables keep themselves in.
fn select(schema: &str) -> String {
    let name = format!("'{}'", schema.replace('\'', "''"));
    let quoted = quoted(schema);
    format!(
        "SELECT {name}, m.name, c.name FROM {quoted}.sqlite_schema AS m, \
         pragma_table_xinfo(m.name, {name}) AS c WHERE m.type IN ('table', 'view') \
         AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND c.hidden <> 1 \
         AND m.name NOT IN (SELECT name FROM pragma_table_list \
         WHERE schema = {name} AND type = 'shadow')"
    )
}
