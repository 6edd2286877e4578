//! Follows a migration until a state that the user waits for: over broken
//! connections, and through Ctrl-C.

use std::future;
use std::io::{self, IsTerminal as _};
use std::time::Duration;

use tenantry_client::errors;
use tenantry_client::v1::{
    CancelMigrationRequest, ErrorReason, GetMigrationRequest, Migration, MigrationState,
    WatchMigrationRequest, WatchMigrationResponse,
};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tonic::{Code, Status, Streaming};

use super::progress::Progress;
use crate::cli::client::Client;
use crate::cli::db::is_yes;
use crate::cli::failure::Failure;

/// How often a call is sent again, or a watch opened again, without an answer in
/// between.
const TRIES_MAX: u32 = 30;
/// How long to wait before that.
const TRY_EVERY: Duration = Duration::from_secs(1);

/// Which state is waited for. A migration that has ended reaches any.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// It has committed.
    Commit,
    /// Every file is brought up to it.
    Apply,
}

impl Goal {
    fn is_reached(self, state: MigrationState) -> bool {
        match state {
            MigrationState::Unspecified | MigrationState::Preparing => false,
            MigrationState::Committed => self == Self::Commit,
            MigrationState::Applied | MigrationState::Failed | MigrationState::Cancelled => true,
        }
    }
}

/// What Ctrl-C does before the commit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CtrlC {
    /// It leaves.
    Leaves,
    /// It asks whether to cancel, where there is somebody to ask; then it leaves.
    Asks,
    /// The same, and it has been pressed already.
    AsksAtOnce,
}

/// The Ctrl-Cs of the user.
pub(super) struct Interrupts(Signal);

impl Interrupts {
    /// From here on they are counted and do not end the process.
    pub(super) fn listen() -> Result<Self, Failure> {
        let cannot = |error: io::Error| Failure::new(format!("cannot listen for Ctrl-C: {error}"));
        signal(SignalKind::interrupt()).map(Self).map_err(cannot)
    }

    /// Awaits the next.
    pub(super) async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            future::pending().await
        }
    }
}

/// Whether somebody can read a question and answer it.
pub(super) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Makes a call that is safe to repeat, again and again while no server answers.
pub(super) async fn persistently<T>(
    mut call: impl AsyncFnMut() -> Result<T, Status>,
) -> Result<T, Status> {
    let mut tries = 0;
    loop {
        match call().await {
            Err(status) if is_passing(&status) && tries < TRIES_MAX => tries += 1,
            result => return result,
        }
        tokio::time::sleep(TRY_EVERY).await;
    }
}

/// Whether an error is of the connection or of the server's state at this
/// moment, so that the same call may succeed later.
fn is_passing(status: &Status) -> bool {
    match errors::info(status) {
        Some(info) => {
            matches!(info.known_reason(), Some(ErrorReason::Unavailable | ErrorReason::Overloaded))
        }
        None => matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Internal),
    }
}

/// Follows a migration and shows its progress, until it has reached the goal or
/// has ended.
pub(super) async fn follow(
    client: &Client,
    which: GetMigrationRequest,
    goal: Goal,
    ctrl_c: CtrlC,
    interrupts: &mut Interrupts,
    progress: &mut Progress,
) -> Result<Migration, Failure> {
    let mut watch = Watch::new(client, &which);
    let mut last = None::<Box<Migration>>;
    let mut question = (ctrl_c == CtrlC::AsksAtOnce).then(|| ask(progress));
    let mut cancelling = None;
    loop {
        tokio::select! {
            news = watch.next() => match news? {
                News::Changed(migration) => {
                    let is_reached = goal.is_reached(migration.state());
                    // A question on the terminal is not drawn over.
                    match &question {
                        Some(_) if is_reached => drop_question(),
                        Some(_) => {}
                        None => progress.show(&migration)?,
                    }
                    if is_reached {
                        progress.clear();
                        return Ok(*migration);
                    }
                    last = Some(migration);
                }
                News::Lost(why) => progress.note(&format!("{why}; trying again")),
            },
            answer = when_there(&mut question) => {
                question = None;
                if answer.unwrap_or(false) {
                    cancelling = Some(Box::pin(cancel(client, &which)));
                }
                if let Some(last) = &last {
                    progress.show(last)?;
                }
            }
            cancelled = when_there(&mut cancelling) => {
                cancelling = None;
                if let Some(note) = cancelled? {
                    progress.note(note);
                }
            }
            () = interrupts.next() => {
                let has_committed =
                    last.as_ref().is_some_and(|last| last.state() == MigrationState::Committed);
                let may_ask = ctrl_c != CtrlC::Leaves
                    && !has_committed
                    && cancelling.is_none()
                    && can_ask();
                if question.is_some() {
                    drop_question();
                    return Err(left(&which, has_committed));
                }
                if !may_ask {
                    progress.clear();
                    return Err(left(&which, has_committed));
                }
                question = Some(ask(progress));
            }
        }
    }
}

/// What is left behind, and how to come back to it.
fn left(which: &GetMigrationRequest, has_committed: bool) -> Failure {
    let GetMigrationRequest { schema, id } = which;
    let watch = format!("`tenantry migrate watch {schema} {id}` follows it");
    if has_committed {
        Failure::Interrupted {
            message: format!("migration {id} has committed, and files are still brought up to it"),
            hint: watch,
        }
    } else {
        Failure::Interrupted {
            message: format!("migration {id} goes on"),
            hint: format!("{watch}, `tenantry migrate cancel {schema} {id}` cancels it"),
        }
    }
}

/// Asks whether to cancel. The thread that reads the answer may be left waiting:
/// it ends with the process.
fn ask(progress: &mut Progress) -> oneshot::Receiver<bool> {
    progress.clear();
    eprint!("cancel the migration? [y/N] ");
    let (answered, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        let mut answer = String::new();
        let is_read = io::stdin().read_line(&mut answer).is_ok();
        // Who asked may have left.
        let _ = answered.send(is_read && is_yes(&answer));
    });
    receiver
}

/// Leaves the line of a question that needs no answer any more.
fn drop_question() {
    eprintln!();
}

/// Awaits a future, or for ever when there is none.
async fn when_there<F: Future + Unpin>(future: &mut Option<F>) -> F::Output {
    match future {
        Some(future) => future.await,
        None => future::pending().await,
    }
}

/// Asks the server to cancel the migration, whose end comes by the watch. Answers
/// what there is to say of it.
async fn cancel(
    client: &Client,
    which: &GetMigrationRequest,
) -> Result<Option<&'static str>, Failure> {
    let GetMigrationRequest { schema, id } = which.clone();
    let request = CancelMigrationRequest { schema, id };
    let Err(status) = client.schemas().cancel_migration(request).await else { return Ok(None) };
    match errors::info(&status).and_then(|info| info.known_reason()) {
        Some(ErrorReason::MigrationDecided) => Ok(Some("it is too late to cancel it")),
        Some(ErrorReason::Deadline) => Ok(Some("it is not cancelled yet; the server goes on to")),
        _ => Err(status.into()),
    }
}

/// What a watch tells.
enum News {
    /// The migration as it is now.
    Changed(Box<Migration>),
    /// The connection broke; it is opened again.
    Lost(String),
}

/// The states of a migration, over as many connections as it takes.
struct Watch<'a> {
    client: &'a Client,
    request: WatchMigrationRequest,
    stream: Option<Streaming<WatchMigrationResponse>>,
    /// How often it broke without a message since.
    breaks: u32,
}

impl<'a> Watch<'a> {
    fn new(client: &'a Client, which: &GetMigrationRequest) -> Self {
        let GetMigrationRequest { schema, id } = which.clone();
        let request = WatchMigrationRequest { schema, id };
        Self { client, request, stream: None, breaks: 0 }
    }

    /// Awaits what comes next. Nothing is lost when it is dropped.
    async fn next(&mut self) -> Result<News, Failure> {
        loop {
            if self.breaks > 0 && self.stream.is_none() {
                tokio::time::sleep(TRY_EVERY).await;
            }
            let why = match self.read().await {
                Ok(Some(message)) => {
                    self.breaks = 0;
                    let migration = message.migration.ok_or_else(Failure::incomplete)?;
                    return Ok(News::Changed(Box::new(migration)));
                }
                Ok(None) => "the server ended the watch".to_owned(),
                Err(status) if is_passing(&status) => {
                    format!("the watch broke: {}", status.message())
                }
                Err(status) => return Err(status.into()),
            };
            self.stream = None;
            self.breaks += 1;
            if self.breaks > TRIES_MAX {
                let WatchMigrationRequest { schema, id } = &self.request;
                let hint = format!(
                    "the migration goes on with the server: `tenantry migrate watch {schema} {id}` \
                     follows it"
                );
                return Err(Failure::with_hint(why, hint));
            }
            // Once for any number of breaks.
            if self.breaks == 1 {
                return Ok(News::Lost(why));
            }
        }
    }

    async fn read(&mut self) -> Result<Option<WatchMigrationResponse>, Status> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let opened = self.client.schemas().watch_migration(self.request.clone()).await?;
                none.insert(opened.into_inner())
            }
        };
        stream.message().await
    }
}
