//! `cargo xtask`: the one tool of this repository. One verb, one file.
//!
//! It installs by itself what a verb needs from the package registries, into
//! `target/tools`, and never anything system-wide.

#![allow(clippy::disallowed_methods, reason = "a tool of the build has no config.rs to ask")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

mod bench;
mod codegen;
mod layers;
mod lint;
mod process;
mod test;
mod tools;

/// What can fail, with an error for people to read.
type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "\
usage: cargo xtask VERB

  test [-- ARGS]     build everything and run all tests; ARGS go to cargo test
  lint               every check that needs no running server
  codegen [--check]  write the SDK's generated code, or fail if it is stale
  layers             check which module of the server uses which
  bench [ARGS]       run the benchmarks, built for release
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let root = root();
    let result = match args.as_slice() {
        ["test"] | ["test", "--"] => test::run(&root, &[]),
        ["test", "--", rest @ ..] => test::run(&root, rest),
        ["lint"] => lint::run(&root),
        ["codegen"] => codegen::run(&root, false),
        ["codegen", "--check"] => codegen::run(&root, true),
        ["layers"] => layers::run(&root),
        ["bench", rest @ ..] => bench::run(&root, rest),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the repository: the parent of this package.
fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}
