//! Cuts input into statements, and knows those that the shell must act on.
//!
//! A statement that is not recognised is only sent to the server in the plainest
//! way, so a mistake here costs convenience and never correctness.

use tenantry_client::v1::TransactionMode;

use super::lexer::{self, Kind, Token, Tokens};

/// Input, cut into statements.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Input<'a> {
    /// The complete statements, each with its semicolon.
    pub(super) statements: Vec<&'a str>,
    /// What follows them and has no end yet; empty when it is only space and
    /// comments.
    pub(super) rest: &'a str,
}

/// Where a statement stands. The body of a trigger holds semicolons that do not
/// end it; `END;` after one does.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Start,
    Explain,
    Create,
    Plain,
    Trigger,
    TriggerSemicolon,
    TriggerEnd,
}

impl State {
    /// What `sqlite3_complete` does, but for odd forms of EXPLAIN.
    fn next(self, token: Token<'_>) -> Self {
        match self {
            Self::Start | Self::Explain if token.is("create") => Self::Create,
            Self::Start if token.is("explain") => Self::Explain,
            Self::Explain if token.is("query") || token.is("plan") => Self::Explain,
            Self::Create if token.is("temp") || token.is("temporary") => Self::Create,
            Self::Create if token.is("trigger") => Self::Trigger,
            Self::Start | Self::Explain | Self::Create | Self::Plain => Self::Plain,
            Self::TriggerSemicolon if token.is("end") => Self::TriggerEnd,
            Self::Trigger | Self::TriggerSemicolon | Self::TriggerEnd => Self::Trigger,
        }
    }

    fn semicolon(self) -> Self {
        match self {
            Self::Start | Self::Explain | Self::Create | Self::Plain | Self::TriggerEnd => {
                Self::Start
            }
            Self::Trigger | Self::TriggerSemicolon => Self::TriggerSemicolon,
        }
    }
}

/// Cuts input into statements while it grows, and reads none of it twice: a
/// statement of many lines would cost the square of them.
#[derive(Default)]
pub(super) struct Splitter {
    state: State,
    /// What has opened the quote or comment that has no end yet.
    open: Option<char>,
    /// Where the statement starts that is being read.
    start: usize,
    /// How much was read.
    read: usize,
}

impl Splitter {
    /// The statements that have ended since the last call, in a text that has grown
    /// since by whole lines: no token but quotes and comments goes over their ends.
    pub(super) fn read_on<'a>(&mut self, text: &'a str) -> Vec<&'a str> {
        let mut statements = Vec::new();
        if let Some(opener) = self.open {
            let Some(length) = lexer::closed(opener, &text[self.read..]) else {
                self.read = text.len();
                return statements;
            };
            self.read += length;
            self.open = None;
            if opener != '/' {
                self.state = self.state.next(Token { kind: Kind::Quoted, text: "", end: 0 });
            }
        }
        for token in Tokens::new(&text[self.read..]) {
            let end = self.read + token.end;
            let before = self.state;
            match token.kind {
                Kind::Unfinished => self.open = token.text.chars().next(),
                Kind::Semicolon => self.state = before.semicolon(),
                _ => self.state = before.next(token),
            }
            if token.kind == Kind::Semicolon && self.state == State::Start {
                // A semicolon alone is no statement.
                if before != State::Start {
                    statements.push(text[self.start..end].trim_start());
                }
                self.start = end;
            }
        }
        self.read = text.len();
        statements
    }

    /// Whether what follows the statements is only space and comments.
    pub(super) fn is_between(&self) -> bool {
        self.state == State::Start && self.open.is_none()
    }

    /// What follows the statements and has no end yet.
    pub(super) fn rest<'a>(&self, text: &'a str) -> &'a str {
        if self.is_between() { "" } else { text[self.start..].trim_start() }
    }

    /// Drops the statements from the text; answers how many lines they took.
    pub(super) fn drop_read(&mut self, text: &mut String) -> u64 {
        self.read -= self.start;
        let dropped = text.drain(..std::mem::take(&mut self.start));
        dropped.filter(|&c| c == '\n').count() as u64
    }
}

/// Cuts input into statements.
pub(super) fn split(text: &str) -> Input<'_> {
    let mut splitter = Splitter::default();
    let statements = splitter.read_on(text);
    Input { statements, rest: splitter.rest(text) }
}

/// What the shell does with a statement.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Start a transaction.
    Begin(TransactionMode),
    /// End it.
    Commit,
    /// Undo it.
    Rollback,
    /// Attach a database.
    Attach {
        /// Its name or UUID.
        database: String,
        /// What it is called from now on.
        alias: String,
    },
    /// Detach it.
    Detach {
        /// What it was called.
        alias: String,
    },
    /// Stream its rows: it is certain to be a read, or to return rows.
    Query,
    /// Run it.
    Execute,
}

/// What to do with one statement.
pub(super) fn action(statement: &str) -> Action {
    let tokens: Vec<Token<'_>> =
        Tokens::new(statement).filter(|token| token.kind != Kind::Semicolon).collect();
    let Some(first) = tokens.first() else { return Action::Execute };
    let has = |keyword: &str| tokens.iter().any(|token| token.is(keyword));
    if first.is("begin") {
        let is_immediate = has("immediate") || has("exclusive");
        return Action::Begin(if is_immediate {
            TransactionMode::Immediate
        } else {
            TransactionMode::Deferred
        });
    }
    if first.is("commit") || first.is("end") {
        return Action::Commit;
    }
    if first.is("rollback") {
        // `ROLLBACK TO` goes back to a savepoint, and the transaction goes on.
        return if has("to") { Action::Execute } else { Action::Rollback };
    }
    if first.is("attach") {
        return attach(&tokens[1..]).unwrap_or(Action::Execute);
    }
    if first.is("detach") {
        return detach(&tokens[1..]).unwrap_or(Action::Execute);
    }
    if returns_rows(&tokens) { Action::Query } else { Action::Execute }
}

fn without_database<'a, 'b>(tokens: &'b [Token<'a>]) -> &'b [Token<'a>] {
    match tokens {
        [first, rest @ ..] if first.is("database") && !rest.is_empty() => rest,
        all => all,
    }
}

/// `ATTACH [DATABASE] name AS alias`. Expressions are left to the server.
fn attach(tokens: &[Token<'_>]) -> Option<Action> {
    let [database, keyword, alias] = without_database(tokens) else { return None };
    // In SQL a name is of the group of the main database; any other is for the
    // server to refuse.
    let name = database.name().filter(|name| keyword.is("as") && !name.contains('/'))?;
    Some(Action::Attach { database: name, alias: alias.name()? })
}

/// `DETACH [DATABASE] alias`.
fn detach(tokens: &[Token<'_>]) -> Option<Action> {
    let [alias] = without_database(tokens) else { return None };
    Some(Action::Detach { alias: alias.name()? })
}

/// Whether it is certain that the statement is a read or returns rows.
fn returns_rows(tokens: &[Token<'_>]) -> bool {
    let mut depth = 0_usize;
    let mut is_write = false;
    for token in tokens {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            _ if is_write => {
                if token.is("returning") {
                    return true;
                }
            }
            _ if ["select", "values", "explain"].iter().any(|keyword| token.is(keyword)) => {
                return true;
            }
            _ if ["insert", "replace", "update", "delete"]
                .iter()
                .any(|keyword| token.is(keyword)) =>
            {
                is_write = true;
            }
            _ if tokens[0].is("with") => {}
            _ => return false,
        }
    }
    false
}

#[cfg(test)]
#[path = "statements_tests.rs"]
mod tests;
