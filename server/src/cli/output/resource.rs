//! Groups, databases and tokens: which fields they show, and how.
//!
//! One list of fields serves JSON, tables and single views, so that they cannot
//! drift apart. The names are those of the API.

use std::io::{self, Write};

use serde_json::{Value as Json, json};
use tenantry_client::v1::{
    Access, Action, Database, DatabaseKind, DatabaseState, Group, TokenInfo, TokenScopes,
};

use super::table::TableWriter;
use super::text::visible;
use super::{Fields, Format, json as json_text, stdout};
use crate::cli::parse::action_name;

/// What stands for a field without a value.
const NOTHING: &str = "-";

/// The fields of a group.
pub(in crate::cli) fn group(group: &Group) -> Fields {
    vec![("name", json!(group.name)), ("create_time", time(group.create_time.as_ref()))]
}

/// The fields of a database.
pub(in crate::cli) fn database(database: &Database) -> Fields {
    let kind = short(database.kind().as_str_name(), DatabaseKind::Unspecified.as_str_name());
    let state = short(database.state().as_str_name(), DatabaseState::Unspecified.as_str_name());
    vec![
        ("name", json!(database.name)),
        ("id", json!(database.id)),
        ("group", json!(database.group)),
        ("kind", json!(kind)),
        ("schema", json!(database.schema)),
        ("generation", json!(database.generation)),
        ("allow_attach", json!(database.allow_attach)),
        ("delete_protection", json!(database.delete_protection)),
        ("block_reads", json!(database.block_reads)),
        ("block_writes", json!(database.block_writes)),
        ("size_limit_bytes", json!(database.size_limit_bytes)),
        ("size_bytes", json!(database.size_bytes)),
        ("labels", json!(database.labels)),
        ("create_time", time(database.create_time.as_ref())),
        ("update_time", time(database.update_time.as_ref())),
        ("delete_time", time(database.delete_time.as_ref())),
        ("purge_time", time(database.purge_time.as_ref())),
        ("state", json!(state)),
        ("state_reason", json!(database.state_reason)),
        ("etag", json!(database.etag)),
    ]
}

/// The fields of a token, its scopes among them.
pub(in crate::cli) fn token(token: &TokenInfo) -> Fields {
    let nothing = TokenScopes::default();
    let scopes = token.scopes.as_ref().unwrap_or(&nothing);
    let access = short(scopes.access().as_str_name(), Access::Unspecified.as_str_name());
    let permissions = scopes.permissions.iter().map(|permission| {
        let actions: Vec<_> =
            permission.actions().map(|action: Action| json!(action_name(action))).collect();
        json!({ "table": permission.table, "actions": actions })
    });
    vec![
        ("id", json!(token.id)),
        ("subject", json!(token.subject)),
        ("databases", json!(scopes.databases)),
        ("groups", json!(scopes.groups)),
        ("access", json!(access)),
        ("ddl", json!(scopes.ddl)),
        ("attach", json!(scopes.attach)),
        ("permissions", Json::Array(permissions.collect())),
        ("server_admin", json!(scopes.server_admin)),
        ("create_time", time(token.create_time.as_ref())),
        ("expire_time", time(token.expire_time.as_ref())),
        ("revoke_time", time(token.revoke_time.as_ref())),
        ("signing_key_id", json!(token.signing_key_id)),
    ]
}

/// A time as RFC 3339 writes it, or a duration in seconds.
pub(super) fn time(time: Option<&impl ToString>) -> Json {
    time.map_or(Json::Null, |time| json!(time.to_string()))
}

/// The name of an enum's value without the prefix that all its values have.
/// `unspecified` gives the prefix; the value itself has no name.
pub(super) fn short<'a>(name: &'a str, unspecified: &str) -> &'a str {
    let prefix = unspecified.strip_suffix("UNSPECIFIED").unwrap_or_default();
    name.strip_prefix(prefix).filter(|name| *name != "UNSPECIFIED").unwrap_or_default()
}

/// A field for reading.
fn field_text(value: &Json) -> String {
    let joined =
        |parts: Vec<String>| if parts.is_empty() { NOTHING.to_owned() } else { parts.join(",") };
    match value {
        Json::Null => NOTHING.to_owned(),
        Json::Bool(true) => "yes".to_owned(),
        Json::Bool(false) => "no".to_owned(),
        Json::Number(number) => number.to_string(),
        Json::String(text) if text.is_empty() => NOTHING.to_owned(),
        Json::String(text) => visible(text),
        Json::Array(items) => joined(items.iter().map(item_text).collect()),
        Json::Object(members) => {
            let text =
                |(key, value): (&String, &Json)| format!("{}={}", visible(key), field_text(value));
            joined(members.iter().map(text).collect())
        }
    }
}

/// An item of a list; a permission looks as it does in a flag.
fn item_text(item: &Json) -> String {
    match (&item["table"], &item["actions"]) {
        (Json::String(table), actions @ Json::Array(_)) => {
            format!("{}:{}", visible(table), field_text(actions))
        }
        _ => field_text(item),
    }
}

/// Prints one resource.
pub(in crate::cli) fn show(format: Format, fields: Fields) -> io::Result<()> {
    let mut out = stdout();
    match format {
        Format::Json => writeln!(out, "{}", json_text::object(fields))?,
        Format::Table => {
            let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
            for (name, value) in &fields {
                writeln!(out, "{name:<width$}  {}", field_text(value))?;
            }
        }
    }
    out.flush()
}

/// Prints what has been done: a sentence for reading, the resource as JSON.
pub(in crate::cli) fn confirm(format: Format, sentence: &str, fields: Fields) -> io::Result<()> {
    match format {
        Format::Json => show(format, fields),
        Format::Table => {
            let mut out = stdout();
            writeln!(out, "{}", visible(sentence))?;
            out.flush()
        }
    }
}

/// Prints many resources as they come.
pub(in crate::cli) struct Listing<W> {
    out: W,
    columns: &'static [&'static str],
    /// In JSON there is none.
    table: Option<TableWriter>,
    is_empty: bool,
}

impl<W: Write> Listing<W> {
    /// A list that, as a table, shows these fields.
    pub(in crate::cli) fn new(out: W, format: Format, columns: &'static [&'static str]) -> Self {
        let header = || columns.iter().map(|&name| name.to_owned()).collect();
        let table = (format == Format::Table).then(|| TableWriter::new(header()));
        Self { out, columns, table, is_empty: true }
    }

    /// Adds a resource.
    pub(in crate::cli) fn add(&mut self, fields: Fields) -> io::Result<()> {
        match &mut self.table {
            Some(table) => {
                let cell = |column: &&str| {
                    let value = fields.iter().find(|(name, _)| name == column);
                    value.map_or((NOTHING.to_owned(), false), |(_, value)| {
                        (field_text(value), value.is_number())
                    })
                };
                table.row(&mut self.out, self.columns.iter().map(cell).collect())?;
            }
            None => {
                let before = if self.is_empty { "[" } else { ",\n" };
                write!(self.out, "{before}{}", json_text::object(fields))?;
            }
        }
        self.is_empty = false;
        Ok(())
    }

    /// Ends the list.
    pub(in crate::cli) fn finish(mut self) -> io::Result<()> {
        match self.table {
            Some(table) => table.finish(&mut self.out)?,
            None => writeln!(self.out, "{}", if self.is_empty { "[]" } else { "]" })?,
        }
        self.out.flush()
    }
}
