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
mod reference;
mod sdk;
mod server;
mod test;
mod tools;

use sdk::Context;

/// What can fail, with an error for people to read.
type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "\
usage: cargo xtask VERB

  test [-- ARGS]     build everything and run all tests; ARGS go to cargo test
  lint               every check that needs no running server
  codegen [--check] [LANG|reference...]
                     write the SDKs' generated code and the reference of the
                     protos, or fail if they are stale
  sdk test|lint|package [LANG...]
                     the same for the SDKs alone, or for some of them
  layers             check which module of the server uses which
  bench [NAME...]    run the benchmarks, built for release
  bench sdk [LANG...]
                     those of the SDKs alone, or of some of them
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let root = root();
    // Asked for now, since a build of all puts another file in its place.
    let program = std::env::current_exe().unwrap_or_default();
    let context = Context { root: &root, server: server(&program), program, running: None };
    let result = match args.as_slice() {
        ["test"] | ["test", "--"] => test::run(&context, &[]),
        ["test", "--", rest @ ..] => test::run(&context, rest),
        ["lint"] => lint::run(&context),
        ["codegen", "--check", sdks @ ..] => codegen::run(&context, sdks, true),
        ["codegen", sdks @ ..] => codegen::run(&context, sdks, false),
        ["sdk", "test", sdks @ ..] => sdk::test(&context, sdks, None),
        ["sdk", "lint", sdks @ ..] => sdk::lint(&context, sdks),
        ["sdk", "package", sdks @ ..] => sdk::package(&context, sdks),
        ["layers"] => layers::run(&root),
        ["bench", rest @ ..] => bench::run(&context, rest),
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

/// The server's program of the development build: the one of `TENANTRY_BIN`, or the
/// one beside this tool, since cargo puts all programs of a profile together.
fn server(program: &Path) -> PathBuf {
    if let Some(path) = std::env::var_os("TENANTRY_BIN") {
        return path.into();
    }
    let server = format!("tenantry{}", std::env::consts::EXE_SUFFIX);
    program.with_file_name(server)
}

/// The root of the repository: the parent of this package.
fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}
