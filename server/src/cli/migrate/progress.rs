//! Shows how far a migration is: as a bar on a terminal, as lines in a pipe, as
//! objects for programs.

use std::io::{self, IsTerminal as _, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tenantry_client::v1::{Migration, MigrationState};

use super::told;
use crate::cli::output::{self, Format, visible};

/// How often lines tell of progress within one state, at most.
const LINE_EVERY: Duration = Duration::from_secs(1);
/// How often the bar is drawn while nothing changes, so that its clock runs.
const TICK_EVERY: Duration = Duration::from_millis(200);
/// What the bar looks like, between what is done and the counts.
const BAR: &str = "[{bar:30}] {pos}/{len} {elapsed_precise}";
/// What stands where the end is not known.
const SPINNER: &str = "{msg} {elapsed_precise}";
/// The part that is done, its front, and the part that is not.
const BAR_CHARS: &str = "=> ";

/// Where and how progress is shown.
pub(super) enum Progress {
    /// As a bar on standard error.
    Bar(Bar),
    /// As lines.
    Lines {
        /// Where they go.
        place: Place,
        /// Which are due.
        pace: Pace,
    },
    /// As objects on standard output: each change one line.
    Objects,
}

/// Where lines go.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Stdout,
    Stderr,
}

impl Progress {
    /// For a command whose result is another: on standard error.
    pub(super) fn beside() -> Self {
        if ProgressDrawTarget::stderr().is_hidden() {
            Self::Lines { place: Place::Stderr, pace: Pace::default() }
        } else {
            Self::Bar(Bar::new())
        }
    }

    /// For a command whose result it is: on standard output, unless there is a
    /// terminal to draw on.
    pub(super) fn as_result(format: Format) -> Self {
        match format {
            Format::Json => Self::Objects,
            Format::Table if io::stdout().is_terminal() => Self::beside(),
            Format::Table => Self::Lines { place: Place::Stdout, pace: Pace::default() },
        }
    }

    /// Something that takes a while and does not tell how long, on a terminal.
    pub(super) fn spinner(what: &'static str) -> Self {
        let spinner = ProgressBar::new_spinner().with_style(style(SPINNER)).with_message(what);
        spinner.enable_steady_tick(TICK_EVERY);
        Self::Bar(Bar { drawn: Some(spinner), ..Bar::new() })
    }

    /// Shows a state.
    pub(super) fn show(&mut self, migration: &Migration) -> io::Result<()> {
        match self {
            Self::Bar(bar) => bar.show(migration),
            Self::Lines { place, pace } => {
                if pace.is_due(migration, Instant::now()) {
                    place.write(&told::line(migration))?;
                }
            }
            Self::Objects => output::show(Format::Json, output::migration(migration))?,
        }
        Ok(())
    }

    /// Says something beside the progress, on standard error.
    pub(super) fn note(&self, note: &str) {
        match self {
            Self::Bar(Bar { drawn: Some(bar), .. }) => bar.println(visible(note)),
            Self::Bar(Bar { drawn: None, .. }) | Self::Lines { .. } | Self::Objects => {
                // Where nobody reads it, the work is the same.
                let _ = Place::Stderr.write(note);
            }
        }
    }

    /// Takes a bar off the terminal, until something is shown again.
    pub(super) fn clear(&mut self) {
        if let Self::Bar(bar) = self {
            bar.clear();
        }
    }
}

impl Place {
    fn write(self, line: &str) -> io::Result<()> {
        let line = visible(line);
        match self {
            Self::Stdout => writeln!(io::stdout(), "{line}"),
            Self::Stderr => {
                // Where nobody reads it, the migration is followed all the same.
                let _ = writeln!(io::stderr(), "{line}");
                Ok(())
            }
        }
    }
}

/// Decides which states become lines: each change of state, and otherwise one in
/// a while.
#[derive(Default)]
pub(super) struct Pace {
    last: Option<(MigrationState, Instant)>,
}

impl Pace {
    fn is_due(&mut self, migration: &Migration, now: Instant) -> bool {
        let state = migration.state();
        let is_due = self
            .last
            .is_none_or(|(last, at)| last != state || now.duration_since(at) >= LINE_EVERY);
        if is_due {
            self.last = Some((state, now));
        }
        is_due
    }
}

/// A bar, drawn while there is something to show.
pub(super) struct Bar {
    drawn: Option<ProgressBar>,
    began: Instant,
}

impl Bar {
    fn new() -> Self {
        Self { drawn: None, began: Instant::now() }
    }

    fn show(&mut self, migration: &Migration) {
        let state = migration.state();
        if !matches!(state, MigrationState::Preparing | MigrationState::Committed) {
            return self.clear();
        }
        let is_committed = state == MigrationState::Committed;
        let (what, done) = if is_committed {
            ("applying", migration.children_applied + migration.children_quarantined)
        } else {
            ("validating", migration.children_validated)
        };
        // The texts are a part of the style, so that one call draws all that is new.
        let style = style(&format!("{what} {BAR}\n{}", counts(migration, is_committed)));
        let Some(bar) = &self.drawn else {
            let bar = ProgressBar::new(migration.children_total)
                .with_position(done)
                .with_style(style)
                .with_elapsed(self.began.elapsed());
            bar.enable_steady_tick(TICK_EVERY);
            self.drawn = Some(bar);
            return;
        };
        bar.set_style(style);
        bar.update(|state| {
            state.set_len(migration.children_total);
            state.set_pos(done);
        });
    }

    fn clear(&mut self) {
        if let Some(bar) = self.drawn.take() {
            bar.finish_and_clear();
        }
    }
}

/// The second line of the bar.
fn counts(migration: &Migration, is_committed: bool) -> String {
    format!(
        "validated {}, {}committed, applied {}, quarantined {}, write pause {}",
        migration.children_validated,
        if is_committed { "" } else { "not " },
        migration.children_applied,
        migration.children_quarantined,
        told::write_pause(migration)
    )
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars(BAR_CHARS)
}

#[cfg(test)]
#[path = "progress_tests.rs"]
mod tests;
