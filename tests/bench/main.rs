//! The benchmarks: each figure is a ratio of two things that were measured in
//! turns, in one run on one machine, since absolute times on a shared machine
//! mean nothing. `cargo xtask bench [NAME]` runs them.
//!
//! A figure below its bound makes the run fail.

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
    let mut figures = Vec::new();
    if chosen("point-select") {
        figures.push(runtime.block_on(point_select::run()));
    }
    if chosen("stream") {
        figures.extend(runtime.block_on(stream::run()));
    }
    if chosen("writes") {
        figures.push(runtime.block_on(writes::run()));
    }
    if figures.is_empty() {
        eprintln!("bench: there are point-select, stream and writes");
        return ExitCode::from(2);
    }
    let mut kept = true;
    for figure in &figures {
        println!("{figure}");
        kept &= figure.is_kept();
    }
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
