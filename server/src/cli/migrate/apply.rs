//! `tenantry migrate apply`.
//!
//! The request waits for nothing and has an id, so that sending it again after a
//! broken connection cannot make a second migration; then the migration is
//! watched.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use tenantry_client::errors;
use tenantry_client::v1::{
    ApplyMigrationRequest, ApplyMigrationResponse, ErrorReason, ForeignKeys, GetMigrationRequest,
    Migration, WaitFor,
};
use tonic::Status;
use uuid::Uuid;

use super::follow::{self, CtrlC, Goal, Interrupts};
use super::progress::Progress;
use super::{get, told};
use crate::cli::client::Client;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output::{self, Format};

/// The most of a script that is read; a server takes less.
const SCRIPT_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// What to do about a script that is too large.
const SPLIT_IT: &str = "split it into several migrations";

const HELP: &str = "\
The script is one or several statements without parameters, and without BEGIN,
COMMIT, SAVEPOINT, ATTACH, PRAGMA, VACUUM and TEMP objects. It is first run and
undone on the data of every child; it commits on all of them or fails with
nothing changed, and then says on which child, at which statement and why.

Progress goes to standard error: as a bar on a terminal, as lines otherwise. The
migration belongs to the server and goes on when this command ends. Ctrl-C
before the commit asks whether to cancel it; a second Ctrl-C leaves.

  tenantry migrate apply customer add-email.sql
  tenantry migrate apply customer -e 'ALTER TABLE users ADD COLUMN email TEXT'
  generate-migration | tenantry migrate apply customer - --dry-run

Exit codes: 0 done; 1 failed or cancelled, and nothing has changed; 130 left by
Ctrl-C. With --output json a failed migration is printed too.";

/// What to apply, and how.
#[derive(clap::Args)]
#[command(after_long_help = HELP)]
pub struct Args {
    /// The SCHEMA database: NAME, GROUP/NAME or GROUP/UUID
    parent: String,

    /// The file with the script; `-` is standard input
    #[arg(required_unless_present = "sql")]
    file: Option<PathBuf>,

    /// The script itself
    #[arg(
        short = 'e',
        long = "execute",
        id = "sql",
        value_name = "SQL",
        conflicts_with = "file",
        allow_hyphen_values = true
    )]
    sql: Option<String>,

    /// Only tell what would happen, with every child on which it fails
    #[arg(long, conflicts_with_all = ["wait", "request_id"])]
    dry_run: bool,

    /// Until when to wait
    #[arg(long, value_enum, value_name = "UNTIL", default_value_t = Wait::Commit)]
    wait: Wait,

    /// Only when this is the schema's generation; 0 is that of a new one
    #[arg(long, value_name = "N")]
    expect_generation: Option<u64>,

    /// How foreign keys are treated while the script runs
    #[arg(long, value_enum, value_name = "HOW", default_value_t = Keys::Enforced)]
    foreign_keys: Keys,

    /// Permit what gives each child another value, as random() and the current
    /// time do
    #[arg(long)]
    allow_nondeterministic: bool,

    /// Makes a repeat of the same command find the same migration [default: a
    /// new one]
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

/// What to wait for.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Wait {
    /// Until it has committed: every request runs on the new generation
    Commit,
    /// Until every file is brought up to it too
    Apply,
    /// Until it is recorded
    None,
}

/// How foreign keys are treated.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Keys {
    /// Statement by statement
    Enforced,
    /// Off while it runs and checked at its end: for rebuilding tables
    CheckAtEnd,
}

/// The file name that stands for standard input.
const STDIN: &str = "-";

impl Args {
    /// Whether the script comes from standard input.
    pub(super) fn reads_stdin(&self) -> bool {
        self.file.as_deref() == Some(Path::new(STDIN))
    }
}

/// Runs the command.
pub(super) async fn run(args: Args, client: &Client, format: Format) -> Outcome {
    let wait = args.wait;
    let request = request(args)?;
    let mut interrupts = Interrupts::listen()?;
    if request.validate_only {
        return dry_run(request, client, format, &mut interrupts).await;
    }
    let sql = request.sql.clone();
    let (recorded, is_asking) = record(&request, client, &mut interrupts).await?;
    let goal = match wait {
        Wait::Commit => Goal::Commit,
        Wait::Apply => Goal::Apply,
        Wait::None => return told::conclude(format, &recorded),
    };
    let which = GetMigrationRequest { schema: recorded.schema, id: recorded.id };
    let mut progress = Progress::beside();
    let ctrl_c = if is_asking { CtrlC::AsksAtOnce } else { CtrlC::Asks };
    let mut migration =
        follow::follow(client, which, goal, ctrl_c, &mut interrupts, &mut progress).await?;
    // A watch cuts a long one.
    migration.sql = sql;
    told::conclude(format, &migration)
}

fn request(args: Args) -> Result<ApplyMigrationRequest, Failure> {
    let foreign_keys = match args.foreign_keys {
        Keys::Enforced => ForeignKeys::Enforced,
        Keys::CheckAtEnd => ForeignKeys::CheckAtEnd,
    };
    Ok(ApplyMigrationRequest {
        schema: args.parent,
        sql: match (args.sql, args.file) {
            (Some(sql), _) => sql,
            (None, file) => read_script(file.unwrap_or_default())?,
        },
        expected_generation: args.expect_generation,
        validate_only: args.dry_run,
        foreign_keys: foreign_keys.into(),
        allow_nondeterministic: args.allow_nondeterministic,
        wait_for: WaitFor::Nothing.into(),
        request_id: args.request_id.unwrap_or_else(new_request_id),
    })
}

#[expect(clippy::disallowed_methods, reason = "a client is not driven by the server's env/")]
fn new_request_id() -> String {
    Uuid::new_v4().to_string()
}

/// Reads the script; `-` is standard input.
fn read_script(path: PathBuf) -> Result<String, Failure> {
    let cannot = |error: io::Error| {
        Failure::new(format!("cannot read the script {}: {error}", path.display()))
    };
    let source: Box<dyn Read> = match path.to_str() {
        Some(STDIN) => Box::new(io::stdin().lock()),
        _ => Box::new(File::open(&path).map_err(cannot)?),
    };
    let mut script = String::new();
    let length = source.take(SCRIPT_BYTES_MAX + 1).read_to_string(&mut script).map_err(cannot)?;
    if length as u64 > SCRIPT_BYTES_MAX {
        return Err(Failure::with_hint(
            format!("the script {} has more than {SCRIPT_BYTES_MAX} bytes", path.display()),
            SPLIT_IT,
        ));
    }
    Ok(script)
}

/// Has the server record the migration. Answers also whether Ctrl-C was pressed
/// meanwhile and shall be heard now.
async fn record(
    request: &ApplyMigrationRequest,
    client: &Client,
    interrupts: &mut Interrupts,
) -> Result<(Migration, bool), Failure> {
    let mut is_asking = false;
    let mut progress = Progress::spinner("running the script on the parent");
    let mut sending = std::pin::pin!(follow::persistently(async || {
        client.schemas().apply_migration(request.clone()).await
    }));
    let sent = loop {
        tokio::select! {
            sent = &mut sending => break sent,
            () = interrupts.next() => {
                if is_asking || !follow::can_ask() {
                    progress.clear();
                    let list = format!("`tenantry migrate list {}` tells", request.schema);
                    return Err(Failure::Interrupted {
                        message: "the migration may have been recorded, and goes on then".into(),
                        hint: list,
                    });
                }
                is_asking = true;
                progress.note("it can be cancelled as soon as it is recorded; Ctrl-C leaves");
            }
        }
    };
    progress.clear();
    let migration = match sent {
        Ok(response) => response.into_inner().migration.ok_or_else(Failure::incomplete)?,
        Err(status) => match ended(&status) {
            Some(id) => get(client, request.schema.clone(), id).await?,
            None => return Err(refused(status, request)),
        },
    };
    Ok((migration, is_asking))
}

/// The id of a migration that was recorded and has failed or was cancelled
/// already.
fn ended(status: &Status) -> Option<String> {
    let mut info = errors::info(status)?;
    matches!(info.known_reason(), Some(ErrorReason::MigrationFailed | ErrorReason::Cancelled))
        .then(|| info.metadata.remove("migration"))
        .flatten()
}

fn refused(status: Status, request: &ApplyMigrationRequest) -> Failure {
    match errors::info(&status).and_then(|info| info.known_reason()) {
        Some(ErrorReason::StatementTooLarge) => Failure::with_hint(status.message(), SPLIT_IT),
        _ => Failure::Sql(Box::new(status), request.sql.clone()),
    }
}

async fn dry_run(
    request: ApplyMigrationRequest,
    client: &Client,
    format: Format,
    interrupts: &mut Interrupts,
) -> Outcome {
    let mut progress = Progress::spinner("validating on every child");
    let mut service = client.schemas();
    let sent = tokio::select! {
        sent = service.apply_migration(request.clone()) => sent,
        () = interrupts.next() => {
            progress.clear();
            return Err(Failure::Interrupted {
                message: "the dry run was given up".into(),
                hint: "nothing has changed".into(),
            });
        }
    };
    progress.clear();
    let ApplyMigrationResponse { migration, validation } =
        sent.map_err(|status| refused(status, &request))?.into_inner();
    let migration = migration.ok_or_else(Failure::incomplete)?;
    let validation = validation.ok_or_else(Failure::incomplete)?;
    output::show_validation(format, &migration, &validation)?;
    match validation.failures_total {
        0 => Ok(()),
        failed => Err(Failure::new(format!(
            "the migration would fail on {}; nothing has changed",
            told::databases(failed)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(bytes).expect("it is written");
        file
    }

    #[test]
    fn a_script_is_read_as_it_is() {
        let script = "CREATE TABLE t (x);\n-- é\n";
        let file = file(script.as_bytes());
        assert_eq!(read_script(file.path().to_owned()).expect("it is text"), script);
    }

    #[test]
    fn what_is_no_script_is_refused_with_its_name() {
        let binary = file(b"\xff\xfe");
        for path in [binary.path().to_owned(), "/nowhere/at/all.sql".into(), "/".into()] {
            let failure = format!("{:?}", read_script(path.clone()).expect_err("it is refused"));
            assert!(failure.contains(path.to_str().expect("UTF-8")), "{failure}");
        }
    }

    #[test]
    fn a_script_without_end_is_not_read_to_its_end() {
        let endless = file(b"");
        endless.as_file().set_len(SCRIPT_BYTES_MAX + 1).expect("a sparse file");
        let failure = read_script(endless.path().to_owned()).expect_err("it is refused");
        assert!(format!("{failure:?}").contains("more than 16777216 bytes"), "{failure:?}");
    }
}
