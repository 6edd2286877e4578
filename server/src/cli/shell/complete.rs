//! What Tab offers: a function of the text, the place in it, and the names.

use super::lexer::{Kind, Token, Tokens};
use super::names::{Names, Table};
use super::statements;
use super::words::quoted;
use crate::cli::output::is_hostile;

/// The keywords that are offered. Those that need quotes as names are among them.
const KEYWORDS: [&str; 96] = [
    "ALTER",
    "ANALYZE",
    "AND",
    "AS",
    "ASC",
    "ATTACH",
    "AUTOINCREMENT",
    "BEGIN",
    "BETWEEN",
    "BY",
    "CASCADE",
    "CASE",
    "CAST",
    "CHECK",
    "COLLATE",
    "COLUMN",
    "COMMIT",
    "CONFLICT",
    "CONSTRAINT",
    "CREATE",
    "CROSS",
    "DATABASE",
    "DEFAULT",
    "DELETE",
    "DESC",
    "DETACH",
    "DISTINCT",
    "DO",
    "DROP",
    "ELSE",
    "END",
    "ESCAPE",
    "EXCEPT",
    "EXISTS",
    "EXPLAIN",
    "FOREIGN",
    "FROM",
    "GLOB",
    "GROUP",
    "HAVING",
    "IF",
    "IMMEDIATE",
    "IN",
    "INDEX",
    "INNER",
    "INSERT",
    "INTERSECT",
    "INTO",
    "IS",
    "JOIN",
    "KEY",
    "LEFT",
    "LIKE",
    "LIMIT",
    "MATCH",
    "NATURAL",
    "NOT",
    "NULL",
    "OFFSET",
    "ON",
    "OR",
    "ORDER",
    "OVER",
    "PARTITION",
    "PLAN",
    "PRAGMA",
    "PRIMARY",
    "QUERY",
    "RECURSIVE",
    "REFERENCES",
    "REINDEX",
    "RELEASE",
    "RENAME",
    "REPLACE",
    "RETURNING",
    "ROLLBACK",
    "SAVEPOINT",
    "SELECT",
    "SET",
    "STRICT",
    "TABLE",
    "TEMPORARY",
    "THEN",
    "TO",
    "TRANSACTION",
    "TRIGGER",
    "UNION",
    "UNIQUE",
    "UPDATE",
    "USING",
    "VALUES",
    "VIEW",
    "VIRTUAL",
    "WHEN",
    "WHERE",
    "WITH",
];

/// The keywords behind which a table is named.
const BEFORE_TABLES: [&str; 6] = ["from", "join", "into", "update", "table", "references"];
/// The keywords that end a list of tables.
const BEFORE_COLUMNS: [&str; 13] = [
    "select",
    "where",
    "on",
    "set",
    "by",
    "having",
    "and",
    "or",
    "returning",
    "using",
    "values",
    "limit",
    "when",
];

/// What can stand at a place: from which byte on, and what.
pub(super) type Offer = (usize, Vec<String>);

/// What a word can become that begins with `prefix`, whatever its case.
pub(super) fn matching<'a>(prefix: &str, all: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let begins = |word: &&str| {
        word.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    all.into_iter().filter(begins).map(str::to_owned).collect()
}

/// What can stand at a place of SQL. The names are only asked for where they are
/// needed.
pub(super) fn sql(
    text: &str,
    position: usize,
    with_names: impl FnOnce(&dyn Fn(&Names) -> Offer) -> Offer,
) -> Offer {
    let nothing = (position, Vec::new());
    let Some(before) = text.get(..position) else { return nothing };
    // Only the statement in which the cursor stands counts.
    let start = before.len() - statements::split(before).rest.len();
    let tokens: Vec<Token<'_>> = Tokens::new(&before[start..]).collect();
    let Some(word) = Word::at_end(&before[start..], &tokens) else { return nothing };
    let rest = &text[start..];
    let whole = statements::split(rest).statements.first().copied().unwrap_or(rest);
    with_names(&|names| (start + word.start, word.offers(&tokens, &Scope::of(whole, names))))
}

/// The word at the cursor.
struct Word {
    /// Where it starts in the statement, its quote included.
    start: usize,
    /// What is there of it.
    prefix: String,
    /// Whether it has an opening quote.
    is_quoted: bool,
    /// What stands before its dot.
    qualifier: Option<String>,
    /// How many tokens stand before it, and before its qualifier.
    tokens_before: usize,
}

impl Word {
    /// `None` where nothing can be completed: in a text, a comment or a number.
    fn at_end(statement: &str, tokens: &[Token<'_>]) -> Option<Self> {
        let end = statement.len();
        let mut word = Self {
            start: end,
            prefix: String::new(),
            is_quoted: false,
            qualifier: None,
            tokens_before: tokens.len(),
        };
        match tokens.last() {
            Some(last) if last.end == end && last.kind == Kind::Word => {
                if last.text.starts_with(|c: char| c.is_ascii_digit()) {
                    return None;
                }
                word.start = end - last.text.len();
                word.prefix = last.text.to_owned();
                word.tokens_before -= 1;
            }
            Some(last) if last.kind == Kind::Unfinished => {
                let name = last.text.strip_prefix('"')?;
                word.start = end - last.text.len();
                word.prefix = name.to_owned();
                word.is_quoted = true;
                word.tokens_before -= 1;
            }
            last => {
                // A comment is no token.
                let gap = &statement[last.map_or(0, |last| last.end)..];
                if gap.rsplit('\n').next().is_some_and(|line| line.contains("--")) {
                    return None;
                }
            }
        }
        if let [.., name, dot] = &tokens[..word.tokens_before]
            && dot.text == "."
            && dot.end == word.start
        {
            word.qualifier = Some(name.name()?);
            word.tokens_before -= 2;
        }
        Some(word)
    }

    /// What the word can become.
    fn offers(&self, tokens: &[Token<'_>], scope: &Scope<'_>) -> Vec<String> {
        let candidates = match &self.qualifier {
            Some(qualifier) => scope.behind(qualifier),
            None => self.alone(tokens, scope),
        };
        let prefix = self.prefix.to_lowercase();
        let mut offered: Vec<String> = Vec::new();
        for candidate in candidates {
            let name = candidate.name();
            if !name.to_lowercase().starts_with(&prefix) || name.chars().any(is_hostile) {
                continue;
            }
            let text = candidate.written(self);
            if !offered.contains(&text) {
                offered.push(text);
            }
        }
        offered
    }

    /// What can stand here without a qualifier.
    fn alone<'n>(&self, tokens: &[Token<'_>], scope: &Scope<'n>) -> Vec<Candidate<'n>> {
        let before = &tokens[..self.tokens_before];
        let last = before.last();
        let is_one_of = |token: &Token<'_>, words: &[&str]| words.iter().any(|word| token.is(word));
        let clause = before
            .iter()
            .rev()
            .find(|token| is_one_of(token, &BEFORE_TABLES) || is_one_of(token, &BEFORE_COLUMNS));
        let is_in_tables = clause.is_some_and(|token| is_one_of(token, &BEFORE_TABLES));
        let is_new = last.is_some_and(|last| last.text == "," || is_one_of(last, &BEFORE_TABLES));
        if is_in_tables && is_new {
            return scope.tables_and_aliases();
        }
        let mut offered = scope.columns();
        if !self.prefix.is_empty() {
            offered.extend(scope.tables_and_aliases());
            if !self.is_quoted {
                offered.extend(KEYWORDS.iter().map(|word| Candidate::Keyword(word)));
            }
        }
        offered
    }
}

/// Something to offer.
enum Candidate<'n> {
    Name(&'n str),
    /// What must be qualified further.
    Schema(&'n str),
    Keyword(&'static str),
}

impl<'n> Candidate<'n> {
    fn name(&self) -> &'n str {
        match self {
            Self::Name(name) | Self::Schema(name) => name,
            Self::Keyword(word) => word,
        }
    }

    fn written(&self, word: &Word) -> String {
        let name = self.name();
        match self {
            Self::Keyword(_) if word.prefix.chars().all(char::is_lowercase) => name.to_lowercase(),
            Self::Keyword(_) => name.to_owned(),
            Self::Name(_) | Self::Schema(_) => {
                let needs_quotes = word.is_quoted || !is_plain(name);
                let dot = if matches!(self, Self::Schema(_)) { "." } else { "" };
                let name = if needs_quotes { quoted(name) } else { name.to_owned() };
                format!("{name}{dot}")
            }
        }
    }
}

/// Whether a name needs no quotes.
fn is_plain(name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty()
        && name.chars().all(is_word)
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !KEYWORDS.iter().any(|keyword| name.eq_ignore_ascii_case(keyword))
}

/// The tables that a statement is about.
struct Scope<'n> {
    names: &'n Names,
    /// Each with the name that it has in the statement.
    mentioned: Vec<(String, &'n Table)>,
}

impl<'n> Scope<'n> {
    fn of(statement: &str, names: &'n Names) -> Self {
        let tokens: Vec<Token<'_>> = Tokens::new(statement).collect();
        let mut mentioned = Vec::new();
        for (index, token) in tokens.iter().enumerate() {
            let Some(name) = token.name() else { continue };
            let schema = match &tokens[..index] {
                [.., schema, dot] if dot.text == "." => schema.name(),
                _ => None,
            };
            let fits = |table: &&Table| {
                table.name.eq_ignore_ascii_case(&name)
                    && schema
                        .as_ref()
                        .is_none_or(|schema| table.schema.eq_ignore_ascii_case(schema))
            };
            let Some(table) = names.tables.iter().find(fits) else { continue };
            mentioned.push((name, table));
            let mut behind = tokens[index + 1..].iter();
            let next = behind.next();
            let alias = if next.is_some_and(|next| next.is("as")) { behind.next() } else { next };
            let alias = alias.filter(|alias| matches!(alias.kind, Kind::Word | Kind::Quoted));
            if let Some(alias) = alias.and_then(Token::name)
                && is_plain(&alias)
            {
                mentioned.push((alias, table));
            }
        }
        Self { names, mentioned }
    }

    /// What can stand behind a dot.
    fn behind(&self, qualifier: &str) -> Vec<Candidate<'n>> {
        let called = self.mentioned.iter().filter(|(name, _)| name.eq_ignore_ascii_case(qualifier));
        let known =
            self.names.tables.iter().filter(|table| table.name.eq_ignore_ascii_case(qualifier));
        let columns = called.map(|(_, table)| *table).chain(known).flat_map(|table| &table.columns);
        let of_schema =
            self.names.tables.iter().filter(|table| table.schema.eq_ignore_ascii_case(qualifier));
        columns
            .map(|name| Candidate::Name(name))
            .chain(of_schema.map(|table| Candidate::Name(&table.name)))
            .collect()
    }

    /// The columns of what is mentioned.
    fn columns(&self) -> Vec<Candidate<'n>> {
        let columns = self.mentioned.iter().flat_map(|(_, table)| &table.columns);
        columns.map(|name| Candidate::Name(name)).collect()
    }

    fn tables_and_aliases(&self) -> Vec<Candidate<'n>> {
        let main = self.names.tables.iter().filter(|table| table.schema == "main");
        main.map(|table| Candidate::Name(&table.name))
            .chain(self.names.aliases.iter().map(|alias| Candidate::Schema(alias)))
            .collect()
    }
}

#[cfg(test)]
#[path = "complete_tests.rs"]
mod tests;
