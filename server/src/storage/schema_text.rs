//! A database's schema as rows, and as the text that makes it again.
//!
//! The text is for people and for tools that compare schemas: the same schema
//! gives the same text, and running the text on an empty database gives it
//! again. Rows of tables are no part of it.

use std::collections::HashSet;

use rusqlite::Connection;

use super::sql_error::from_rusqlite;
use crate::error::Result;

/// A row of `sqlite_schema`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SchemaRow {
    /// `table`, `index`, `view` or `trigger`.
    pub(super) kind: String,
    /// Its name.
    pub(super) name: String,
    /// The table or view that it belongs to; its own name for those.
    pub(super) table: String,
    /// The statement that makes it; none for the indexes of constraints.
    pub(super) sql: Option<String>,
}

impl SchemaRow {
    /// Whether it is a virtual table. SQLite stores the first two words in
    /// these letters, and tells virtual tables by them too.
    pub(super) fn is_virtual(&self) -> bool {
        const HEAD: &str = "CREATE VIRTUAL";
        let head = self.sql.as_deref().and_then(|sql| sql.get(..HEAD.len()));
        head.is_some_and(|head| head.eq_ignore_ascii_case(HEAD))
    }

    /// Whether SQLite keeps it for itself, and makes it again when needed.
    fn is_internal(&self) -> bool {
        const HEAD: &str = "sqlite_";
        self.name.get(..HEAD.len()).is_some_and(|head| head.eq_ignore_ascii_case(HEAD))
    }

    /// Its place among the kinds: each needs at most those before it. A VACUUM
    /// puts the kinds in another order, but keeps the order within each.
    fn rank(&self) -> u8 {
        match &*self.kind {
            "table" if self.is_virtual() => 1,
            "table" => 0,
            "index" => 2,
            // Views may name views that are made later.
            "view" => 3,
            // INSTEAD OF triggers need their view. Those of one table fire in
            // an order that follows from the order of their making.
            _ => 4,
        }
    }
}

/// The schema of the main database, in the order of its making.
pub(super) fn schema_rows(db: &Connection) -> Result<Vec<SchemaRow>> {
    let read = || {
        let sql = "SELECT type, name, tbl_name, sql FROM main.sqlite_schema ORDER BY rowid";
        let mut statement = db.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| {
            Ok(SchemaRow {
                kind: row.get(0)?,
                name: row.get(1)?,
                table: row.get(2)?,
                sql: row.get(3)?,
            })
        })?;
        rows.collect::<rusqlite::Result<_>>()
    };
    read().map_err(from_rusqlite)
}

/// The statements that make the schema of the main database, in an order in
/// which they can be run, each with `;` and a line's end behind it.
pub(super) fn schema_text(db: &Connection) -> Result<String> {
    let shadows = shadow_tables(db).map_err(from_rusqlite)?;
    let mut rows = schema_rows(db)?;
    // Virtual tables make their shadow tables themselves.
    rows.retain(|row| !row.is_internal() && !shadows.contains(&row.table));
    rows.sort_by_key(SchemaRow::rank);
    let mut text = String::new();
    for sql in rows.iter().filter_map(|row| row.sql.as_deref()) {
        text.push_str(&terminated(sql));
        text.push('\n');
    }
    Ok(text)
}

fn shadow_tables(db: &Connection) -> rusqlite::Result<HashSet<String>> {
    let sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow'";
    db.prepare_cached(sql)?.query_map([], |row| row.get(0))?.collect()
}

/// A statement with a `;` at its end that nothing swallows.
pub(super) fn terminated(sql: &str) -> String {
    let sql = sql.trim_end();
    match end_of_comment(sql) {
        "" if sql.ends_with(';') => sql.to_owned(),
        end => format!("{sql}{end};"),
    }
}

/// Whether a word stands in a text, be it as a name, in a literal or in a
/// comment. A keyword is always a whole run of the characters that may stand in
/// one, so none is missed.
pub(super) fn has_word(sql: &str, word: &str) -> bool {
    let is_in_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$' || !c.is_ascii();
    sql.split(|c| !is_in_word(c)).any(|found| found.eq_ignore_ascii_case(word))
}

/// What ends the comment that `sql` ends within, if it does. SQLite takes a
/// comment that the text's end cuts off, and stores it with some statements.
fn end_of_comment(sql: &str) -> &'static str {
    let mut rest = sql;
    while let Some(at) = rest.find(['\'', '"', '`', '[', '-', '/']) {
        let (open, after) = (&rest[at..], &rest[at + 1..]);
        let close = match open.as_bytes() {
            [b'-', b'-', ..] => "\n",
            [b'/', b'*', ..] => "*/",
            [b'-' | b'/', ..] => {
                rest = after;
                continue;
            }
            [b'[', ..] => "]",
            // A quote that stands for itself is written twice: as far as this
            // goes, one literal ends there and another begins.
            _ => &open[..1],
        };
        let inside = if close == "*/" { &open[2..] } else { after };
        match (inside.split_once(close), close) {
            (Some((_, outside)), _) => rest = outside,
            (None, "\n") => return "\n",
            (None, "*/") => return "*/",
            (None, _) => return "",
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(schema: &str) -> Connection {
        let db = Connection::open_in_memory().expect("opens");
        db.execute_batch(schema).unwrap_or_else(|error| panic!("{error} in\n{schema}"));
        db
    }

    fn text_of(db: &Connection) -> String {
        schema_text(db).expect("can be read")
    }

    /// The text of a schema, once it is sure that running it gives it again, and
    /// that a VACUUM changes nothing.
    fn stable_text(schema: &str) -> String {
        let db = open(schema);
        let text = text_of(&db);
        assert_eq!(text_of(&open(&text)), text);
        db.execute_batch("VACUUM").expect("vacuums");
        assert_eq!(text_of(&db), text);
        text
    }

    fn check(schema: &str, expected: &str) {
        assert_eq!(stable_text(schema), expected);
    }

    #[test]
    fn statements_come_in_an_order_that_runs() {
        check(
            "CREATE VIEW above AS SELECT * FROM below;
             CREATE TABLE line (id INTEGER PRIMARY KEY AUTOINCREMENT, of REFERENCES head, n UNIQUE);
             CREATE INDEX line_of ON line (of);
             CREATE TRIGGER second AFTER INSERT ON line BEGIN SELECT 2; END;
             CREATE TRIGGER first AFTER INSERT ON line BEGIN SELECT 1; END;
             CREATE VIEW below AS SELECT id FROM line;
             CREATE TRIGGER put INSTEAD OF INSERT ON above BEGIN SELECT ';'; END;
             CREATE TABLE IF NOT EXISTS main.head (a INT PRIMARY KEY) WITHOUT ROWID, STRICT;",
            "CREATE TABLE line (id INTEGER PRIMARY KEY AUTOINCREMENT, of REFERENCES head, n UNIQUE);\n\
             CREATE TABLE head (a INT PRIMARY KEY) WITHOUT ROWID, STRICT;\n\
             CREATE INDEX line_of ON line (of);\n\
             CREATE VIEW above AS SELECT * FROM below;\n\
             CREATE VIEW below AS SELECT id FROM line;\n\
             CREATE TRIGGER second AFTER INSERT ON line BEGIN SELECT 2; END;\n\
             CREATE TRIGGER first AFTER INSERT ON line BEGIN SELECT 1; END;\n\
             CREATE TRIGGER put INSTEAD OF INSERT ON above BEGIN SELECT ';'; END;\n",
        );
    }

    #[test]
    fn virtual_tables_make_their_own_shadows() {
        check(
            "CREATE VIRTUAL TABLE words USING fts5(body, content='', tokenize=\"unicode61\");
             CREATE VIRTUAL TABLE places USING rtree(id, x0, x1);
             CREATE TABLE words_of (a);
             CREATE INDEX words_of_a ON words_of (a);",
            "CREATE TABLE words_of (a);\n\
             CREATE VIRTUAL TABLE words USING fts5(body, content='', tokenize=\"unicode61\");\n\
             CREATE VIRTUAL TABLE places USING rtree(id, x0, x1);\n\
             CREATE INDEX words_of_a ON words_of (a);\n",
        );
    }

    #[test]
    fn what_sqlite_keeps_for_itself_is_left_out() {
        let analyzed = "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a UNIQUE);
             CREATE INDEX i ON t (a); INSERT INTO t VALUES (1, 2); ANALYZE;";
        check(
            analyzed,
            "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a UNIQUE);\n\
             CREATE INDEX i ON t (a);\n",
        );
        check("", "");
    }

    #[test]
    fn a_comment_at_the_end_does_not_swallow_the_next_statement() {
        for (tail, expected) in [
            (" -- it's", " -- it's\n;\n"),
            (" /* open", " /* open*/;\n"),
            (" /* closed */", " /* closed */;\n"),
            (" -- one\n -- two /*", " -- one\n -- two /*\n;\n"),
            (" AS \"--\"", " AS \"--\";\n"),
            (" AS [/*]", " AS [/*];\n"),
            (" AS `a``--`", " AS `a``--`;\n"),
            (" - -1 -- /* ' \n / 2 ", " - -1 -- /* ' \n / 2;\n"),
            (" /*/ ", " /*/*/;\n"),
        ] {
            check(
                &format!("CREATE VIEW v AS SELECT '--' || '/*', 1{tail}"),
                &format!("CREATE VIEW v AS SELECT '--' || '/*', 1{expected}"),
            );
        }
        check(
            "CREATE TABLE t (a); CREATE INDEX i ON t (a) -- why",
            "CREATE TABLE t (a);\nCREATE INDEX i ON t (a) -- why\n;\n",
        );
    }

    #[test]
    fn altered_tables_are_shown_as_they_are() {
        check(
            "CREATE TABLE t (a, b); ALTER TABLE t ADD COLUMN c DEFAULT 'x'; ALTER TABLE t RENAME TO u;
             ALTER TABLE u RENAME COLUMN a TO \"a b\"; ALTER TABLE u DROP COLUMN b;",
            "CREATE TABLE \"u\" (\"a b\", c DEFAULT 'x');\n",
        );
    }

    #[test]
    fn a_shop_keeps_its_schema() {
        let schema = "
            CREATE TABLE [Artist]
            (
                [ArtistId] INTEGER  NOT NULL,
                [Name] NVARCHAR(120),
                CONSTRAINT [PK_Artist] PRIMARY KEY  ([ArtistId])
            );
            CREATE TABLE [Album]
            (
                [AlbumId] INTEGER  NOT NULL,
                [Title] NVARCHAR(160)  NOT NULL,
                [ArtistId] INTEGER  NOT NULL,
                CONSTRAINT [PK_Album] PRIMARY KEY  ([AlbumId]),
                FOREIGN KEY ([ArtistId]) REFERENCES [Artist] ([ArtistId])
                        ON DELETE NO ACTION ON UPDATE NO ACTION
            );
            CREATE UNIQUE INDEX [IPK_Artist] ON [Artist]([ArtistId]);
            CREATE INDEX [IFK_AlbumArtistId] ON [Album] ([ArtistId]);";
        let text = stable_text(schema);
        assert_eq!(text.matches(";\n").count(), 4);
        assert!(text.ends_with("CREATE INDEX [IFK_AlbumArtistId] ON [Album] ([ArtistId]);\n"));
    }
}
