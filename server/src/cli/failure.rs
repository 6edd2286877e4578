//! What can go wrong for a command, and how it is told.
//!
//! Errors go to standard error as one line, with a hint of what to do next below
//! it. Text from a server is escaped, so that it cannot drive the terminal.

use std::io::{self, Write as _};
use std::process::ExitCode;

use console::Style;
use tenantry_client::errors;
use tenantry_client::v1::ErrorReason;
use tonic::{Code, Status};

use super::output::visible;

/// The exit code of a command that failed.
const EXIT_FAILED: u8 = 1;
/// The exit code of a command that was used wrongly.
const EXIT_USAGE: u8 = 2;
/// The exit code of a command that was left by Ctrl-C, as shells tell it.
const EXIT_INTERRUPTED: u8 = 130;
/// The most of a line of SQL that is shown around an error, in characters on
/// each side.
const EXCERPT_CHARS: usize = 60;

/// What a server says of DDL on a child, and of nothing else.
const DDL_BLOCKED: &str = "operation was blocked";

/// How a command without a result of its own ends.
pub(super) type Outcome = Result<(), Failure>;

/// Why a command did not do its work.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server refused, or the connection broke.
    Status(Box<Status>),
    /// The server refused this SQL.
    Sql(Box<Status>, String),
    /// It happened at this place of a file.
    At {
        /// Where.
        place: String,
        /// What.
        failure: Box<Failure>,
    },
    /// The command was used wrongly.
    Usage(String),
    /// Something on this side failed.
    Local {
        /// What failed.
        message: String,
        /// What to do about it; may be empty.
        hint: String,
    },
    /// The user left before the end; what the server does goes on.
    Interrupted {
        /// What is left behind.
        message: String,
        /// How to come back to it.
        hint: String,
    },
    /// Standard output cannot be written.
    Output(io::Error),
}

impl Failure {
    /// A failure on this side.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self::with_hint(message, "")
    }

    /// A failure on this side, and what to do about it.
    pub(super) fn with_hint(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Local { message: message.into(), hint: hint.into() }
    }

    /// A response that lacks what the contract promises.
    pub(super) fn incomplete() -> Self {
        Self::new("the server's answer is incomplete")
    }

    /// The same, with the place of a file where it happened.
    pub(super) fn within(self, place: &str) -> Self {
        match self {
            // It has nothing to do with the file.
            Self::Output(_) => self,
            failure => Self::At { place: place.to_owned(), failure: Box::new(failure) },
        }
    }

    /// The same, without pointing into SQL that the user has never seen.
    pub(super) fn without_sql(self) -> Self {
        match self {
            Self::Sql(status, _) => Self::Status(status),
            failure => failure,
        }
    }

    /// Prints the failure, and gives the exit code that tells it to programs.
    pub(super) fn report(self) -> ExitCode {
        match &self {
            // Whoever read the output has seen enough, as `| head` does.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Self::Usage(_) => {
                self.print();
                ExitCode::from(EXIT_USAGE)
            }
            Self::Interrupted { .. } => {
                self.print();
                ExitCode::from(EXIT_INTERRUPTED)
            }
            Self::Status(_)
            | Self::Sql(..)
            | Self::At { .. }
            | Self::Local { .. }
            | Self::Output(_) => {
                self.print();
                ExitCode::from(EXIT_FAILED)
            }
        }
    }

    /// Prints the failure to standard error.
    pub(super) fn print(&self) {
        // Where nobody reads it, the exit code still tells.
        let lines: Vec<_> = self.lines().into_iter().map(painted).collect();
        let _ = writeln!(io::stderr(), "{}", lines.join("\n"));
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut add_as = |what: &str, message: &str, hint: &str| {
            lines.push(format!("{what}: {}", visible(message)));
            if !hint.is_empty() {
                lines.push(format!("hint: {}", visible(hint)));
            }
        };
        let mut add = |message: &str, hint: &str| add_as("error", message, hint);
        match self {
            Self::Status(status) => add(&message(status), hint(status)),
            Self::Sql(status, sql) => {
                // One statement alone needs no number.
                let is_script = sql.trim_end().trim_end_matches(';').contains(';');
                let number = statement(status).filter(|_| is_script);
                let place = number.map(|number| format!("at statement {number}: "));
                add(&(place.unwrap_or_default() + &message(status)), hint(status));
                lines.splice(1..1, excerpt(status, sql));
            }
            Self::At { place, failure } => {
                let mut inner = failure.lines();
                if let Some(first) = inner.first_mut() {
                    let (what, message) = first.split_once(": ").unwrap_or(("error", first));
                    *first = format!("{what}: {}: {message}", visible(place));
                }
                return inner;
            }
            Self::Usage(message) => add(message, ""),
            Self::Local { message, hint } => add(message, hint),
            Self::Interrupted { message, hint } => add_as("interrupted", message, hint),
            Self::Output(error) => add(&format!("cannot write the output: {error}"), ""),
        }
        lines
    }
}

/// A line with its first word in colour, where standard error is a terminal and
/// `NO_COLOR` is not set.
fn painted(line: String) -> String {
    let style = Style::new().for_stderr().bold();
    let (word, style) = match line.split_once(": ") {
        Some((word @ ("error" | "interrupted"), _)) => (word, style.red()),
        Some((word @ "hint", _)) => (word, style.cyan()),
        _ => return line,
    };
    format!("{}{}", style.apply_to(word), &line[word.len()..])
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self::Status(Box::new(status))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// What the server, or the transport, said.
fn message(status: &Status) -> String {
    match status.message() {
        "" => format!("the server answered only: {}", status.code()),
        message => message.to_owned(),
    }
}

/// Which statement of several it was, as people count: from 1.
fn statement(status: &Status) -> Option<u64> {
    let index = errors::info(status)?.metadata.get("statement_index")?.parse::<u64>().ok()?;
    index.checked_add(1)
}

/// Points at the place of an error in the SQL, when the server knows it.
fn excerpt(status: &Status, sql: &str) -> Vec<String> {
    let offset = errors::info(status)
        .and_then(|info| info.metadata.get("offset")?.parse::<usize>().ok())
        .filter(|&offset| sql.is_char_boundary(offset));
    let Some((before, after)) = offset.and_then(|offset| sql.split_at_checked(offset)) else {
        return Vec::new();
    };
    let before = before.rsplit('\n').next().unwrap_or(before);
    let after = after.split('\n').next().unwrap_or(after);
    let skipped = before.chars().count().saturating_sub(EXCERPT_CHARS);
    let before = visible(&before.chars().skip(skipped).collect::<String>());
    let after = visible(&after.chars().take(EXCERPT_CHARS).collect::<String>());
    vec![format!("  {before}{after}"), format!("  {}^", " ".repeat(before.chars().count()))]
}

/// What to do about an error of the server; empty where its message says all.
fn hint(status: &Status) -> &'static str {
    let Some(info) = errors::info(status) else {
        return match status.code() {
            Code::Unavailable => "the connection broke; a write may or may not have been done",
            Code::Unimplemented => "check --endpoint: this may not be a Tenantry server",
            // No answer of gRPC came at all.
            Code::Unknown | Code::Internal => {
                "check --endpoint: a server with TLS is spoken to by https://"
            }
            _ => "",
        };
    };
    match info.known_reason() {
        Some(ErrorReason::OperationBlocked) if status.message() == DDL_BLOCKED => {
            "the schema of a child changes by `tenantry migrate apply PARENT`"
        }
        reason => reason.map_or("", hint_for),
    }
}

fn hint_for(reason: ErrorReason) -> &'static str {
    use ErrorReason as R;
    match reason {
        R::DatabaseNotFound => "`tenantry db list` shows the databases that your token covers",
        R::GroupNotFound => "`tenantry group list` shows the groups that your token covers",
        R::TokenNotFound => "`tenantry db tokens list` shows the ids of tokens",
        R::GroupNotEmpty => "`tenantry db list --group NAME` shows them",
        R::DeleteProtected => "`tenantry db config delete-protection disable NAME` allows it",
        R::NotDeleted => "`tenantry db list --deleted` shows what can be brought back",
        R::TokenMissing => {
            "pass --token-file or set TENANTRY_TOKEN, or keep one by `tenantry context add`; a \
             server on this machine keeps its first admin token in its data directory, which \
             --data-dir names, as admin.token"
        }
        R::TokenInvalid => {
            "check --token, TENANTRY_TOKEN and `tenantry context show`, and that --data-dir is the \
             one of this server"
        }
        R::TokenExpired | R::TokenRevoked => {
            "ask an admin for a new one: `tenantry db tokens create NAME`; `tenantry context add \
             NAME --replace --token-file FILE` keeps it"
        }
        R::PermissionDenied => {
            "use a token with this right: --token-file, TENANTRY_TOKEN or another --context"
        }
        R::WrongKind => "`tenantry db show NAME` tells the kind of a database",
        R::AttachNotAllowed => {
            "it needs `tenantry db config attach allow NAME`, and a token made with --attach NAME"
        }
        R::ReadsBlocked => "`tenantry db config block-reads disable NAME` allows them",
        R::WritesBlocked => "`tenantry db config block-writes disable NAME` allows them",
        R::ResultTooLarge => "a single SELECT, sent alone, has no limit",
        R::StatementTooLarge => "send the statements from a file: `tenantry db shell NAME < FILE`",
        R::SizeLimit => "`tenantry db config size-limit set NAME SIZE` raises it",
        R::ArgumentMismatch => "the command line has no parameters: write the values into the SQL",
        R::TransactionTimeout => {
            "nothing of it has been kept: enter it again without a pause, or raise the server's \
             limits: `tenantry serve --help`"
        }
        R::Busy => "start the transaction again, with BEGIN IMMEDIATE when it will write",
        R::Overloaded => "try again in a moment; nothing has been done",
        R::Unavailable => "a write that was under way may or may not have been done",
        R::Deadline => "split the work, or raise the server's limit: `tenantry serve --help`",
        R::SchemaNotEmpty => "`tenantry db list --schema PARENT` shows its children",
        R::MigrationNotFound => "`tenantry migrate list PARENT` shows the migrations",
        R::MigrationInProgress => {
            "`tenantry migrate watch PARENT ID` follows it, `tenantry migrate cancel PARENT ID` \
             stops it"
        }
        R::ChildQuarantined => {
            "`tenantry migrate children PARENT --state quarantined` tells why, and `tenantry \
             migrate retry PARENT` tries again"
        }
        // The message of these says all there is to do.
        R::Unspecified
        | R::AlreadyExists
        | R::InvalidName
        | R::InvalidArgument
        | R::InvalidPageToken
        | R::EtagMismatch
        | R::RequestIdReused
        | R::AttachLimit
        | R::InvalidAttachment
        | R::OperationBlocked
        | R::SqlError
        | R::Constraint
        | R::ReadOnly
        | R::StorageFull
        | R::DatabaseCorrupt
        | R::TransactionState
        | R::MigrationFailed
        | R::MigrationNotAllowed
        | R::MigrationDecided
        | R::GenerationMismatch
        | R::Cancelled
        | R::Unimplemented
        | R::Internal => "",
    }
}

#[cfg(test)]
#[path = "failure_tests.rs"]
mod tests;
