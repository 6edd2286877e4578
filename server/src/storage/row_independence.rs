//! Which migration scripts cannot fail for the rows of a database.
//!
//! Such a script needs a look at the parent alone: each child has the parent's
//! schema, and nothing else decides. So a wrong "yes" breaks the promise that a
//! committed migration can be applied everywhere, while a wrong "no" only costs
//! time: what this file does not know, it answers "no" to.
//!
//! It is asked after the script has passed on the parent: what fails for the
//! schema's sake has failed there. What of SQLite 3.54 the "yes" relies on:
//! - CREATE TABLE, VIEW and TRIGGER and DROP VIEW, TRIGGER and INDEX read and
//!   write the tables `sqlite_*` alone; no trigger can stand on those.
//! - CREATE INDEX copies columns into records. Without an expression, a WHERE or
//!   UNIQUE it computes and compares nothing that could fail. The record of an
//!   index can be larger than its row: at most by the row's key once more, the
//!   defaults of columns that were added later, and some bytes. To sort them it
//!   merges up to 16 runs, each with a record in memory. **So whoever applies
//!   such a script must allow larger rows than writers may make, and bound
//!   neither the memory of its statements nor the size of the file.**
//! - ALTER TABLE RENAME rewrites `sqlite_schema`, and names in
//!   `sqlite_sequence`. It compiles all views and triggers, which makes virtual
//!   tables read rows of their own; so "no" where there are any.
//! - ALTER TABLE ADD COLUMN rewrites `sqlite_schema`. It looks at rows only
//!   (`sqlite3AlterFinishAddColumn`) for NOT NULL without a default, for a
//!   default that is no constant, for one that is not NULL on a REFERENCES
//!   column, and, by `quick_check`, where the new column has a CHECK or is
//!   generated, or the table is STRICT.

use std::collections::HashMap;

use sqlite3_parser::ast::{
    AlterTableBody, Cmd, ColumnConstraint, ColumnDefinition, CreateTableBody, Expr, Literal, Name,
    QualifiedName, SortedColumn, Stmt, UnaryOperator,
};
use sqlite3_parser::lexer::sql::Parser;
use sqlite3_parser::{Bump, FallibleIterator as _};

use super::catalog::{ForeignKeys, MigrationScript};
use super::schema_text::{SchemaRow, has_word};

/// The longest script that is looked at, in bytes.
const SCRIPT_BYTES_MAX: usize = 64 * 1024;
/// The most parentheses that it may open: the syntax tree is as deep, and takes
/// stack when it goes.
const PARENTHESES_MAX: usize = 2_000;

/// Whether a script that has passed on the parent passes on every child,
/// whatever its rows. `before` is the parent's schema before its run, and
/// `statements` is how many statements SQLite found in it.
pub(super) fn is_row_independent(
    script: &MigrationScript,
    statements: usize,
    before: &[SchemaRow],
) -> bool {
    let sql = &*script.sql;
    if sql.len() > SCRIPT_BYTES_MAX
        || sql.bytes().filter(|&byte| byte == b'(').count() > PARENTHESES_MAX
        || !sql.chars().all(is_read_alike)
    {
        return false;
    }
    // The check at the end reads all rows that refer to others.
    if script.foreign_keys == ForeignKeys::CheckAtEnd
        && before.iter().any(|row| has_any(row, &["references"]))
    {
        return false;
    }
    let mut tables = Tables::new(before);
    let bump = Bump::new();
    let mut parser = Parser::new(&bump, sql.as_bytes());
    let mut allowed = 0;
    loop {
        match parser.next() {
            Ok(Some(Cmd::Stmt(statement))) if tables.allow(&statement).unwrap_or(false) => {
                allowed += 1;
            }
            Ok(None) => return allowed > 0 && allowed == statements,
            Ok(Some(_)) | Err(_) => return false,
        }
    }
}

/// Whether SQLite and our parser take a character for the same: SQLite takes a
/// byte order mark for white space anywhere, and vertical tabs in some places.
fn is_read_alike(c: char) -> bool {
    c != '\u{feff}' && (!c.is_control() || matches!(c, '\t' | '\n' | '\r'))
}

/// Whether one of these words stands in the statement that made something.
fn has_any(row: &SchemaRow, words: &[&str]) -> bool {
    row.sql.as_deref().is_some_and(|sql| words.iter().any(|word| has_word(sql, word)))
}

/// What counts of a table. Nothing does of one that the script makes itself: it
/// has no rows.
#[derive(Clone, Copy, Debug, Default)]
struct Traits {
    /// A new column may make SQLite look at all rows.
    is_checked: bool,
    /// It may have columns that are computed.
    is_generated: bool,
}

/// The tables by name in lower case, as they are before each statement.
struct Tables {
    traits: HashMap<String, Traits>,
    has_virtual: bool,
}

impl Tables {
    fn new(schema: &[SchemaRow]) -> Self {
        let traits = schema
            .iter()
            .filter(|row| row.kind == "table" && !row.is_virtual())
            .map(|row| {
                let is_generated = has_any(row, &["as"]);
                let is_checked = is_generated || has_any(row, &["check", "strict"]);
                (row.name.to_ascii_lowercase(), Traits { is_checked, is_generated })
            })
            .collect();
        Self { traits, has_virtual: schema.iter().any(SchemaRow::is_virtual) }
    }

    /// Whether rows cannot matter to a statement, and does to the tables what it
    /// does; `None` where it is not clear what it is about.
    fn allow(&mut self, statement: &Stmt<'_>) -> Option<bool> {
        Some(match statement {
            Stmt::CreateTable { temporary: false, tbl_name, body, .. } => {
                // One that exists already stays what it is.
                self.traits.entry(main_name(tbl_name)?).or_default();
                matches!(body, CreateTableBody::ColumnsAndConstraints { .. })
            }
            Stmt::CreateIndex {
                unique: false,
                idx_name,
                tbl_name,
                columns,
                where_clause: None,
                ..
            } => {
                main_name(idx_name)?;
                !self.traits.get(&plain(tbl_name)?)?.is_generated && are_plain_columns(columns)
            }
            Stmt::CreateView { temporary: false, view_name: name, .. }
            | Stmt::DropView { view_name: name, .. }
            | Stmt::DropIndex { idx_name: name, .. }
            | Stmt::DropTrigger { trigger_name: name, .. } => main_name(name).is_some(),
            Stmt::CreateTrigger { temporary: false, trigger_name, tbl_name, .. } => {
                main_name(trigger_name).and(main_name(tbl_name)).is_some()
            }
            Stmt::AlterTable(table, body) => self.allow_alter(&main_name(table)?, body)?,
            _ => false,
        })
    }

    fn allow_alter(&mut self, table: &str, body: &AlterTableBody<'_>) -> Option<bool> {
        Some(match body {
            AlterTableBody::RenameTo(name) => {
                let traits = self.traits.remove(table)?;
                self.traits.insert(plain(name)?, traits);
                !self.has_virtual
            }
            AlterTableBody::RenameColumn { .. } => !self.has_virtual,
            AlterTableBody::AddColumn(column) => {
                !self.traits.get(table)?.is_checked && may_be_added(column)
            }
            _ => false,
        })
    }
}

/// Whether a new column gives each row the same constant, which passes all that
/// the column demands.
fn may_be_added(column: &ColumnDefinition<'_>) -> bool {
    let (mut not_null, mut refers) = (false, false);
    let mut default = None;
    for constraint in column.constraints {
        match &constraint.constraint {
            ColumnConstraint::NotNull { nullable, .. } => not_null |= !nullable,
            // Of several, SQLite takes the last; nobody means that.
            ColumnConstraint::Default(expr) => match (default, constant(expr)) {
                (None, Some(constant)) => default = Some(constant),
                _ => return false,
            },
            ColumnConstraint::ForeignKey { .. } => refers = true,
            ColumnConstraint::Collate { .. } | ColumnConstraint::Defer(_) => {}
            ColumnConstraint::PrimaryKey { .. }
            | ColumnConstraint::Unique(_)
            | ColumnConstraint::Check(_)
            | ColumnConstraint::Generated { .. } => return false,
        }
    }
    match default.unwrap_or(Constant::Null) {
        Constant::Null => !not_null,
        Constant::NotNull => !refers,
    }
}

#[derive(Clone, Copy)]
enum Constant {
    Null,
    NotNull,
}

/// What a default is, if it is a literal.
fn constant(expr: &Expr<'_>) -> Option<Constant> {
    let is_not_null = match expr {
        Expr::Literal(Literal::Null) => return Some(Constant::Null),
        Expr::Literal(Literal::Numeric(_) | Literal::String(_) | Literal::Blob(_)) => true,
        Expr::Unary(UnaryOperator::Negative | UnaryOperator::Positive, expr) => {
            matches!(expr, Expr::Literal(Literal::Numeric(_)))
        }
        // Unquoted, SQLite takes these two for numbers.
        Expr::Id(id) => ["true", "false"].iter().any(|word| id.0.eq_ignore_ascii_case(word)),
        _ => false,
    };
    is_not_null.then_some(Constant::NotNull)
}

/// Whether an index is on columns as they are, and on none twice.
fn are_plain_columns(columns: &[SortedColumn<'_>]) -> bool {
    let names: Option<Vec<String>> =
        columns.iter().map(|column| column_name(&column.expr)).collect();
    let Some(mut names) = names else { return false };
    names.sort_unstable();
    names.windows(2).all(|pair| pair[0] != pair[1])
}

fn column_name(expr: &Expr<'_>) -> Option<String> {
    match expr {
        Expr::Id(id) => plain(&Name(id.0)),
        Expr::Name(name) => plain(name),
        Expr::Collate(expr, _) if !matches!(expr, Expr::Collate(..)) => column_name(expr),
        _ => None,
    }
}

/// The name of something in the main database.
fn main_name(name: &QualifiedName<'_>) -> Option<String> {
    match &name.db_name {
        Some(schema) if plain(schema)? != "main" => None,
        _ => plain(&name.name),
    }
}

/// A name as SQLite compares it: without its quotes, in lower case.
fn plain(name: &Name<'_>) -> Option<String> {
    let quoted = name.0;
    let name = match quoted.as_bytes().first()? {
        b'[' => quoted.strip_prefix('[')?.strip_suffix(']')?.to_owned(),
        &quote @ (b'"' | b'\'' | b'`') => {
            let quote = char::from(quote);
            let inner = quoted.strip_prefix(quote)?.strip_suffix(quote)?;
            inner.replace(&format!("{quote}{quote}"), &quote.to_string())
        }
        _ => quoted.to_owned(),
    };
    Some(name.to_ascii_lowercase())
}
