//! What a dump is of: the schema, and how the rows of each table are read.

use tenantry_client::v1::Value;
use tenantry_client::v1::value::Kind;

use crate::cli::failure::{Failure, Outcome};
use crate::cli::shell::dot::text;
use crate::cli::shell::lexer::{self, Token, Tokens};
use crate::cli::shell::session::Session;
use crate::cli::shell::words::quoted;

/// How many columns one flag tells of: a long expression is a deep one.
const FLAGS_TOGETHER_MAX: usize = 50;
/// How many tables one statement reads: SQLite takes 500 parts.
const TABLES_TOGETHER_MAX: usize = 400;
/// About how long the statement may be: the server takes twice as much.
const SELECT_BYTES_MAX: usize = 500_000;
/// What stands for a column that a table has not.
const PADDING: &str = "NULL";
/// The table in which SQLite keeps the largest number of each AUTOINCREMENT.
const SEQUENCE: &str = "sqlite_sequence";

/// The schema of a database, or of one table of it.
#[derive(Default)]
pub(super) struct Schema {
    pub(super) tables: Vec<Table>,
    pub(super) indexes: Vec<String>,
    pub(super) views: Vec<String>,
    pub(super) triggers: Vec<String>,
    /// All of it as it was read, to notice a change.
    read: String,
    /// The condition by which it was read.
    filter: String,
}

/// A table, and how it is made again.
pub(super) struct Table {
    name: String,
    pub(super) quoted: String,
    pub(super) sql: String,
    pub(super) rows: Rows,
    /// Which rows to read, where it is not all.
    condition: String,
    /// What to do before its rows are written.
    pub(super) before_rows: Option<String>,
    /// The columns that can be written.
    columns: Vec<String>,
    /// Whether there are others.
    has_other_columns: bool,
}

/// What becomes of the rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rows {
    /// They are written.
    Kept,
    /// They are written with their rowids, by which a search finds them.
    KeptByRowid,
    /// They are those of another table: an index is made of them again.
    Rebuild,
    /// They cannot be read: only an index of them is kept.
    Lost,
    /// There are none of its own.
    Derived,
}

/// What was read of one object: type, name, table and SQL. The expression is the
/// same when it is checked.
const READ: &str = "type || char(10) || name || char(10) || sql";

impl Schema {
    /// Reads the schema of `main`, of all tables or one with what belongs to it.
    pub(super) async fn read(
        session: &mut Session<'_>,
        table: Option<&str>,
    ) -> Result<Self, Failure> {
        let filter = table.map_or_else(String::new, |table| {
            let name = format!("'{}'", table.replace('\'', "''"));
            format!(" AND tbl_name = {name} COLLATE NOCASE")
        });
        let mut schema = Self { filter, ..Self::default() };
        // Of the tables that a virtual table keeps itself in nothing is dumped.
        let sql = format!(
            "SELECT type, name, sql, {READ}, name IN (SELECT name FROM pragma_table_list \
             WHERE schema = 'main' AND type = 'shadow') \
             FROM main.sqlite_schema {} ORDER BY rowid",
            schema.condition()
        );
        let mut read = Vec::new();
        session
            .stream(&sql, |row| {
                read.push(text(&row[3..]).to_owned());
                let (kind, name, sql) = (text(&row), text(&row[1..]), text(&row[2..]).to_owned());
                let is_shadow = row[4].kind == Some(Kind::Integer(1));
                match kind {
                    "table" if !is_shadow => schema.tables.push(Table::new(name, sql)),
                    "index" => schema.indexes.push(sql),
                    "view" => schema.views.push(sql),
                    "trigger" => schema.triggers.push(sql),
                    _ => {}
                }
                Ok(())
            })
            .await?;
        schema.read = read.join("\n");
        schema.read_columns(session).await?;
        Ok(schema)
    }

    /// Whether there is nothing to dump.
    pub(super) fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.views.is_empty()
    }

    fn condition(&self) -> String {
        let filter = &self.filter;
        format!("WHERE sql NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'{filter}")
    }

    async fn read_columns(&mut self, session: &mut Session<'_>) -> Outcome {
        let sql = format!(
            "SELECT m.name, c.name, c.hidden FROM main.sqlite_schema AS m, \
             pragma_table_xinfo(m.name, 'main') AS c \
             WHERE m.type = 'table' AND m.name IN (SELECT name FROM main.sqlite_schema {}) \
             ORDER BY m.rowid, c.cid",
            self.condition()
        );
        let tables = &mut self.tables;
        session
            .stream(&sql, |row| {
                let name = text(&row);
                if let Some(table) = tables.iter_mut().find(|table| table.name == name) {
                    match row[2].kind {
                        Some(Kind::Integer(0)) => table.columns.push(text(&row[1..]).to_owned()),
                        _ => table.has_other_columns = true,
                    }
                }
                Ok(())
            })
            .await?;
        // The numbers of AUTOINCREMENT are rows as well.
        let is_numbered =
            |table: &Table| Tokens::new(&table.sql).any(|token| token.is("autoincrement"));
        let numbered: Vec<_> = self.tables.iter().filter(|table| is_numbered(table)).collect();
        if !numbered.is_empty() {
            let names: Vec<_> =
                numbered.iter().map(|t| format!("'{}'", t.name.replace('\'', "''"))).collect();
            let sequence = Table::sequence(&names.join(","));
            self.tables.push(sequence);
        }
        Ok(())
    }

    /// The tables, cut into those that one statement reads. All parts of it are as
    /// wide as the widest: one wide table makes each of its neighbours long.
    pub(super) fn groups(&self) -> Vec<&[Table]> {
        let mut groups = Vec::new();
        let (mut start, mut width, mut bytes) = (0, 0, 0);
        for (index, table) in self.tables.iter().enumerate() {
            let own = table.select_bytes();
            width = table.width().max(width);
            bytes += own;
            let count = index + 1 - start;
            let padding = (count + 1) * width * (PADDING.len() + 1);
            if count > 1 && (count > TABLES_TOGETHER_MAX || bytes + padding > SELECT_BYTES_MAX) {
                groups.push(&self.tables[start..index]);
                (start, width, bytes) = (index, table.width(), own);
            }
        }
        if start < self.tables.len() {
            groups.push(&self.tables[start..]);
        }
        groups
    }

    /// One statement that reads the rows of these tables. Its first row tells the
    /// schema as it is then.
    pub(super) fn select(&self, tables: &[Table]) -> String {
        let width = tables.iter().map(Table::width).max().unwrap_or(0).max(1);
        let padded = |mut columns: Vec<String>| {
            columns.resize(width + 1, PADDING.to_owned());
            format!("SELECT {}", columns.join(","))
        };
        let schema = format!(
            "(SELECT coalesce(group_concat({READ}, char(10)), '') FROM \
             (SELECT * FROM main.sqlite_schema {} ORDER BY rowid))",
            self.condition()
        );
        let mut arms = vec![padded(vec!["-1".to_owned(), schema])];
        for (index, table) in tables.iter().enumerate() {
            if !matches!(table.rows, Rows::Kept | Rows::KeptByRowid) {
                continue;
            }
            let mut columns = vec![index.to_string()];
            columns.extend(table.selected());
            arms.push(format!("{} FROM {}", padded(columns), table.source()));
        }
        arms.join(" UNION ALL ")
    }

    /// Refuses to go on when the schema has changed since it was read.
    pub(super) fn check(&self, first_row: &[Value]) -> Outcome {
        if first_row.len() > 1 && text(&first_row[1..]) == self.read {
            return Ok(());
        }
        Err(Failure::with_hint("the schema has just changed", "run .dump again"))
    }
}

impl Table {
    fn new(name: &str, sql: String) -> Self {
        Self {
            name: name.to_owned(),
            quoted: quoted(name),
            rows: rows_of(&sql),
            sql,
            condition: String::new(),
            before_rows: None,
            columns: Vec::new(),
            has_other_columns: false,
        }
    }

    /// The numbers of these tables. SQLite makes the table itself, and numbers
    /// the rows while they are written.
    fn sequence(names: &str) -> Self {
        let condition = format!(" WHERE name IN ({names})");
        Self {
            columns: vec!["name".to_owned(), "seq".to_owned()],
            before_rows: Some(format!("DELETE FROM {SEQUENCE}{condition};")),
            condition,
            ..Self::new(SEQUENCE, String::new())
        }
    }

    /// How many values a row has.
    pub(super) fn value_count(&self) -> usize {
        self.columns.len() + usize::from(self.rows == Rows::KeptByRowid)
    }

    /// The values, and the flags of which of them are text.
    fn selected(&self) -> Vec<String> {
        let rowid = (self.rows == Rows::KeptByRowid).then(|| "rowid".to_owned());
        let mut selected: Vec<_> =
            rowid.into_iter().chain(self.columns.iter().map(|name| quoted(name))).collect();
        let flags: Vec<_> = selected
            .chunks(FLAGS_TOGETHER_MAX)
            .map(|columns| {
                let flags = columns.iter().map(|column| format!("(typeof({column})='text')"));
                flags.collect::<Vec<_>>().join("||")
            })
            .collect();
        selected.extend(flags);
        selected
    }

    fn width(&self) -> usize {
        let values = self.value_count();
        values + values.div_ceil(FLAGS_TOGETHER_MAX)
    }

    /// How long its part of a statement is, apart from the padding.
    fn select_bytes(&self) -> usize {
        self.source().len() + self.selected().iter().map(|column| column.len() + 1).sum::<usize>()
    }

    /// Where its rows are read from, in the order in which they are kept.
    fn source(&self) -> String {
        let order = if is_virtual(&self.sql) { "" } else { " NOT INDEXED" };
        format!("main.{}{order}{}", self.quoted, self.condition)
    }

    /// The beginning of an INSERT.
    pub(super) fn insert_head(&self) -> String {
        let mut names: Vec<_> = self.columns.iter().map(|name| quoted(name)).collect();
        if self.rows == Rows::KeptByRowid {
            names.insert(0, "rowid".to_owned());
        } else if !self.has_other_columns {
            return format!("INSERT INTO {} VALUES", self.quoted);
        }
        format!("INSERT INTO {}({}) VALUES", self.quoted, names.join(","))
    }
}

fn is_virtual(sql: &str) -> bool {
    Tokens::new(sql).nth(1).is_some_and(|token| token.is("virtual"))
}

/// What becomes of the rows of a table that was made so.
fn rows_of(sql: &str) -> Rows {
    if !is_virtual(sql) {
        return Rows::Kept;
    }
    let tokens: Vec<Token<'_>> = Tokens::new(sql).collect();
    let module = tokens.iter().position(|token| token.is("using"));
    let module = module.and_then(|using| tokens.get(using + 1)).and_then(Token::name);
    match module.map(|name| name.to_ascii_lowercase()).as_deref() {
        Some("fts5") => {}
        Some("fts5vocab") => return Rows::Derived,
        _ => return Rows::Kept,
    }
    let content = tokens.windows(3).find(|window| {
        window[0].is("content") && window[1].kind == lexer::Kind::Other && window[1].text == "="
    });
    match content.map(|window| window[2].name().unwrap_or_default()).as_deref() {
        None => Rows::KeptByRowid,
        Some("") => Rows::Lost,
        Some(_) => Rows::Rebuild,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(index: usize, columns: usize) -> Table {
        let names = (0..columns).map(|column| format!("c{column}")).collect();
        Table { columns: names, ..Table::new(&format!("t{index}"), String::new()) }
    }

    #[test]
    fn no_statement_has_too_many_tables_or_is_too_long() {
        for (widths, groups) in [
            (vec![], 0),
            (vec![2; 400], 1),
            (vec![2; 401], 2),
            (vec![1_900; 3], 1),
            // One that is too long even alone is read all the same.
            (vec![100_000, 1], 2),
        ] {
            let tables = widths.iter().enumerate().map(|(index, &width)| table(index, width));
            let schema = Schema { tables: tables.collect(), ..Schema::default() };
            assert_eq!(schema.groups().len(), groups, "{:?}", widths.first());
        }
        for wide in [0, 200, 399] {
            let tables = (0..400).map(|index| table(index, if index == wide { 1_900 } else { 1 }));
            let schema = Schema { tables: tables.collect(), ..Schema::default() };
            let groups = schema.groups();
            assert!(
                groups.len() > 1 && groups.iter().map(|group| group.len()).sum::<usize>() == 400,
                "{wide}"
            );
            for group in groups {
                assert!(schema.select(group).len() < SELECT_BYTES_MAX + 10_000, "{wide}");
            }
        }
    }

    #[test]
    fn the_rows_of_virtual_tables_are_told_apart() {
        for (sql, expected) in [
            ("CREATE TABLE t (content)", Rows::Kept),
            ("CREATE VIRTUAL TABLE r USING rtree(id, a, b)", Rows::Kept),
            ("create virtual table f using fts5(content, b)", Rows::KeptByRowid),
            (
                "CREATE VIRTUAL TABLE f USING fts5(a, content='t', content_rowid='id')",
                Rows::Rebuild,
            ),
            ("CREATE VIRTUAL TABLE f USING \"fts5\"(a, content=t)", Rows::Rebuild),
            ("CREATE VIRTUAL TABLE f USING fts5(a, content='')", Rows::Lost),
            ("CREATE VIRTUAL TABLE f USING fts5vocab('t', 'row')", Rows::Derived),
        ] {
            assert_eq!(rows_of(sql), expected, "{sql}");
        }
    }
}
