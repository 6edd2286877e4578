//! The benchmarks: each figure is a ratio of two things that were measured in
//! turns, in one run on one machine, since absolute times on a shared machine
//! mean nothing. `cargo xtask bench [NAME]` runs them.
//!
//! A figure below its bound makes the run fail.

mod fleet;
mod noop;
mod point_select;
mod ratio;
mod stream;

// Made for the tests, which are not held to the server's walls.
#[allow(clippy::disallowed_methods, dead_code, unused_imports, unused_macros)]
#[path = "../e2e/support/mod.rs"]
mod support;
mod writes;

use std::process::ExitCode;

use ratio::Figure;

/// The word that makes this program the server that does nothing.
const NOOP_SERVER: &str = "noop-server";

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("a runtime starts");
    let names: Vec<String> =
        std::env::args_os().skip(1).map(|name| name.to_string_lossy().into_owned()).collect();
    if names.first().is_some_and(|name| name == NOOP_SERVER) {
        runtime.block_on(noop::serve());
        return ExitCode::SUCCESS;
    }
    let chosen = |name: &str| names.is_empty() || names.iter().any(|chosen| chosen == name);
    let mut measured = Measured::default();
    if chosen("point-select") {
        measured.tell([runtime.block_on(point_select::run())]);
    }
    if chosen("stream") {
        measured.tell(runtime.block_on(stream::run()));
    }
    if chosen("writes") {
        measured.tell([runtime.block_on(writes::run())]);
    }
    let fleet: Vec<_> =
        fleet::NAMES.into_iter().filter(|name| chosen(name) || chosen("fleet")).collect();
    if !fleet.is_empty() {
        runtime.block_on(fleet::run(&fleet, &mut measured));
    }
    if measured.figures == 0 {
        let fleet = fleet::NAMES.join(", ");
        eprintln!("bench: there are point-select, stream, writes, and fleet, which is {fleet}");
        return ExitCode::from(2);
    }
    if measured.missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What has been measured so far.
#[derive(Default)]
struct Measured {
    figures: usize,
    missed: usize,
}

impl Measured {
    fn tell(&mut self, figures: impl IntoIterator<Item = Figure>) {
        for figure in figures {
            println!("{figure}");
            self.figures += 1;
            self.missed += usize::from(!figure.is_kept());
        }
    }
}
