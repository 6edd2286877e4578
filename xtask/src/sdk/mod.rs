//! The SDKs: what the verbs do with each, one file a language.
//!
//! The verbs know no language; a language knows its own tools, and nothing of
//! the others. What its tests need it installs by itself, into `target` and into
//! directories that git ignores.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Result;
use crate::process::{in_ci, is_installed};
use crate::server::Server;

mod files;
mod go;
mod java;
mod python;
mod rust;
mod typescript;

/// All of them, in the order in which they are tested.
const SDKS: [Sdk; 5] = [rust::SDK, python::SDK, typescript::SDK, go::SDK, java::SDK];

/// One SDK.
struct Sdk {
    /// The language, as commands and documents name it.
    name: &'static str,
    /// The programs that must be installed, each with the argument that makes it
    /// tell its version.
    toolchain: &'static [(&'static str, &'static str)],
    /// Where its generated code is checked in, from the root.
    gen_dir: &'static str,
    /// Generates that code into an empty directory.
    generate: fn(&Context<'_>, &Path) -> Result,
    /// Formatting, lints and types.
    lint: fn(&Context<'_>) -> Result,
    /// Unit tests, the conformance suite, the snippets of its page, its example.
    test: fn(&Context<'_>) -> Result<Outcome>,
    /// Builds what would be published.
    package: fn(&Context<'_>) -> Result,
    /// Prints the figures of the client's overhead, against the server that is
    /// running.
    bench: fn(&Context<'_>) -> Result,
}

/// What the verbs hand to a language.
pub(crate) struct Context<'a> {
    /// The root of the repository.
    pub(crate) root: &'a Path,
    /// The server's program.
    pub(crate) server: PathBuf,
    /// The server that is measured, where one is running.
    pub(crate) running: Option<&'a Server>,
}

/// The counts of one run of the conformance suite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Context<'_> {
    /// A command that runs in a directory of the repository and finds the server.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>, dir: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.root.join(dir)).env("TENANTRY_BIN", &self.server);
        if let Some(server) = self.running {
            command.env("TENANTRY_ENDPOINT", &server.endpoint).env("TENANTRY_TOKEN", &server.token);
        }
        command
    }
}

/// Runs tests, shows what they print, and reads the counts of the conformance
/// suite from the line that every driver ends with. Errors: the command fails,
/// a case does, or there was none.
fn run_suite(command: &mut Command) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            let line = String::from_utf8_lossy(&line?).into_owned();
            println!("{line}");
            if let Some(told) = counts(&line) {
                outcome = told;
            }
        }
    }
    match child.wait()? {
        status if !status.success() => Err(format!("some tests failed ({status})").into()),
        _ if outcome.failed > 0 => Err("some cases of the conformance suite failed".into()),
        _ if outcome.passed == 0 => Err("no case of the conformance suite was run".into()),
        _ => Ok(outcome),
    }
}

/// Reads `conformance LANGUAGE: 61 passed, 0 failed, 1 skipped`.
pub(crate) fn counts(line: &str) -> Option<Outcome> {
    let (_, told) = line.split_once("conformance ")?.1.split_once(": ")?;
    let mut counts = told.trim().split(", ").map(|part| part.split_once(' '));
    let mut next = |word| match counts.next()?? {
        (count, what) if what == word => count.parse().ok(),
        _ => None,
    };
    Some(Outcome { passed: next("passed")?, failed: next("failed")?, skipped: next("skipped")? })
}

/// The SDKs whose toolchain is here. Errors: in CI, one is missing.
fn installed(wanted: &[&str]) -> Result<Vec<&'static Sdk>> {
    let known = |name: &&&str| SDKS.iter().any(|sdk| sdk.name == **name);
    if let Some(unknown) = wanted.iter().find(|name| !known(name)) {
        let names = SDKS.map(|sdk| sdk.name).join(", ");
        return Err(format!("there is no SDK '{unknown}'; there are {names}").into());
    }
    let mut found = Vec::new();
    for sdk in SDKS.iter().filter(|sdk| wanted.is_empty() || wanted.contains(&sdk.name)) {
        match sdk.toolchain.iter().find(|(program, arg)| !is_installed(program, arg)) {
            None => found.push(sdk),
            Some((program, _)) if in_ci() => {
                return Err(format!("{}: {program} is not installed", sdk.name).into());
            }
            Some((program, _)) => {
                println!("skipped: everything in {}, because {program} is not installed", sdk.name);
            }
        }
    }
    match found.is_empty() && !wanted.is_empty() {
        true => Err(format!("none of these SDKs can be used: {}", wanted.join(", ")).into()),
        false => Ok(found),
    }
}

/// Tests the SDKs of these names, or all; tells the counts of each. Of that for Rust
/// they are known where the tests of the workspace have run before.
pub(crate) fn test(context: &Context<'_>, wanted: &[&str], rust: Option<Outcome>) -> Result {
    let mut told = Vec::new();
    let mut failed = Vec::new();
    for sdk in installed(wanted)? {
        let outcome = match rust.filter(|_| sdk.name == rust::SDK.name) {
            Some(known) => Ok(known),
            None => {
                println!("sdk: testing {}", sdk.name);
                (sdk.test)(context)
            }
        };
        match outcome {
            Ok(Outcome { passed, skipped, .. }) => {
                told.push(format!(
                    "conformance {}: {passed} passed, 0 failed, {skipped} skipped",
                    sdk.name
                ));
            }
            Err(error) => {
                told.push(format!("sdk: {} FAILED: {error}", sdk.name));
                failed.push(sdk.name);
            }
        }
    }
    println!("\n{}", told.join("\n"));
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", ")).into()) }
}

/// Checks formatting, lints and types of the SDKs of these names, or of all.
pub(crate) fn lint(context: &Context<'_>, wanted: &[&str]) -> Result {
    each(context, wanted, "checking", |sdk| sdk.lint)
}

/// Builds what would be published of the SDKs of these names, or of all.
pub(crate) fn package(context: &Context<'_>, wanted: &[&str]) -> Result {
    each(context, wanted, "packaging", |sdk| sdk.package)
}

/// Measures the SDKs of these names, or all, against the server that is running.
pub(crate) fn bench(context: &Context<'_>, wanted: &[&str]) -> Result {
    each(context, wanted, "measuring", |sdk| sdk.bench)
}

fn each(
    context: &Context<'_>,
    wanted: &[&str],
    doing: &str,
    verb: fn(&Sdk) -> fn(&Context<'_>) -> Result,
) -> Result {
    for sdk in installed(wanted)? {
        println!("sdk: {doing} {}", sdk.name);
        verb(sdk)(context).map_err(|error| format!("{}: {error}", sdk.name))?;
    }
    Ok(())
}

/// Writes the generated code of the SDKs of these names, or of all; answers which
/// files were not as they should be. With `check` nothing is written.
pub(crate) fn codegen(context: &Context<'_>, wanted: &[&str], check: bool) -> Result<Vec<String>> {
    let mut stale = Vec::new();
    for sdk in installed(wanted)? {
        let fresh = tempfile::tempdir()?;
        (sdk.generate)(context, fresh.path()).map_err(|error| format!("{}: {error}", sdk.name))?;
        stale.extend(
            files::replace(&context.root.join(sdk.gen_dir), fresh.path(), check)?
                .into_iter()
                .map(|path| format!("{}/{}", sdk.gen_dir, path.display())),
        );
    }
    Ok(stale)
}
