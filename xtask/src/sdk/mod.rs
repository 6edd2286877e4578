//! The SDKs: what the verbs do with each, one file a language.
//!
//! The verbs know no language; a language knows its own tools, and nothing of
//! the others. What its tests need it installs by itself, into `target` and into
//! directories that git ignores.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::process::{Beside, in_ci, is_installed, run};
use crate::server::Server;
use crate::{Result, tools};

mod files;
mod go;
mod java;
mod python;
mod rust;
mod typescript;

/// All of them, in the order in which they are tested.
const SDKS: [Sdk; 5] = [rust::SDK, python::SDK, typescript::SDK, go::SDK, java::SDK];

/// The protos that are ours, for buf; the standard ones come with the libraries.
const PROTOS: [&str; 2] = ["--path", "proto/tenantry"];

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
    /// This tool.
    pub(crate) program: PathBuf,
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

    /// Generates the code of an SDK with buf, which finds its plugins in these
    /// directories.
    fn buf_generate(
        &self,
        sdk: &str,
        mut plugins: Vec<PathBuf>,
        args: &[&str],
        out: &Path,
    ) -> Result {
        let buf = tools::buf(self.root)?.ok_or("buf cannot be installed here")?;
        plugins.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
        let template = format!("sdk/{sdk}/buf.gen.yaml");
        let mut generate = self.command(buf, ".");
        generate.env("PATH", env::join_paths(plugins)?).args(["generate", "--template", &template]);
        run(generate.args(args).arg("--output").arg(out))
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
    let (known, unknown): (Vec<_>, Vec<_>) = installed(wanted)?
        .into_iter()
        .partition(|sdk| rust.is_some() && sdk.name == rust::SDK.name);
    let known = known.iter().zip(rust).map(|(sdk, outcome)| (sdk.name, Ok(outcome)));
    let outcomes = each(context, &unknown, "test", |sdk| (sdk.test)(context));
    println!();
    let mut failed = Vec::new();
    for (name, outcome) in known.chain(outcomes) {
        match outcome {
            Ok(Outcome { passed, skipped, .. }) => {
                println!("conformance {name}: {passed} passed, 0 failed, {skipped} skipped");
            }
            Err(error) => {
                println!("sdk: {name} FAILED: {error}");
                failed.push(name);
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", ")).into()) }
}

/// Checks formatting, lints and types of the SDKs of these names, or of all.
pub(crate) fn lint(context: &Context<'_>, wanted: &[&str]) -> Result {
    all(context, wanted, "lint", |sdk| sdk.lint)
}

/// Builds what would be published of the SDKs of these names, or of all.
pub(crate) fn package(context: &Context<'_>, wanted: &[&str]) -> Result {
    all(context, wanted, "package", |sdk| sdk.package)
}

fn all(
    context: &Context<'_>,
    wanted: &[&str],
    verb: &str,
    of: fn(&Sdk) -> fn(&Context<'_>) -> Result,
) -> Result {
    let here = |sdk: &Sdk| of(sdk)(context).map(|()| Outcome::default());
    let mut failed = Vec::new();
    for (name, ended) in each(context, &installed(wanted)?, verb, here) {
        failed.extend(ended.err().map(|error| format!("{name}: {error}")));
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("; ").into()) }
}

/// How many SDKs are worked on at once: their tests wait more than they work, and most of
/// their tools keep one processor busy.
const AT_ONCE: usize = 2;

/// Does what a verb says: for one SDK here, for more each in a process of its own, of
/// which what it prints stands together. Answers in their order how it ended.
fn each(
    context: &Context<'_>,
    sdks: &[&'static Sdk],
    verb: &str,
    here: impl Fn(&Sdk) -> Result<Outcome>,
) -> Vec<(&'static str, Result<Outcome>)> {
    if let [sdk] = sdks {
        println!("sdk: {verb} {}", sdk.name);
        return vec![(sdk.name, here(sdk))];
    }
    let waiting = Mutex::new(sdks.iter().enumerate());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        let mut ended = Vec::new();
        while let Some((index, sdk)) = next() {
            let outcome = apart(context, verb, sdk).map_err(|error| error.to_string());
            ended.push((index, sdk.name, outcome));
        }
        ended
    };
    let mut ended: Vec<_> = thread::scope(|scope| {
        let workers = [(); AT_ONCE].map(|()| scope.spawn(work));
        workers.into_iter().flat_map(|worker| worker.join().expect("it panics nowhere")).collect()
    });
    ended.sort_by_key(|(index, ..)| *index);
    ended.into_iter().map(|(_, name, outcome)| (name, outcome.map_err(Into::into))).collect()
}

/// Does it in a process of its own, and shows what that has printed.
fn apart(context: &Context<'_>, verb: &str, sdk: &Sdk) -> Result<Outcome> {
    let mut command = Command::new(&context.program);
    command.current_dir(context.root).args(["sdk", verb, sdk.name]);
    let (printed, ended) = Beside::start(command)?.wait()?;
    print!("{printed}");
    ended.map(|()| printed.lines().filter_map(counts).next_back().unwrap_or_default())
}

/// Measures the SDKs of these names, or all, against the server that is running: one
/// after the other, since they would measure each other.
pub(crate) fn bench(context: &Context<'_>, wanted: &[&str]) -> Result {
    for sdk in installed(wanted)? {
        println!("sdk: measuring {}", sdk.name);
        (sdk.bench)(context).map_err(|error| format!("{}: {error}", sdk.name))?;
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
