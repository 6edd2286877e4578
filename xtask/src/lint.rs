//! `lint`: every check that needs no running server.
//!
//! All checks run, so that one run shows all problems; the last lines say how
//! each went.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::process::{Beside, cargo, output, run as run_command};
use crate::sdk::{self, Context};
use crate::{Result, codegen, layers, tools};

/// What became of a check that did not fail.
enum Outcome {
    Passed,
    Skipped(&'static str),
}

use Outcome::{Passed, Skipped};

/// A check: its name and what it does.
type Check = (&'static str, fn(&Context<'_>) -> Result<Outcome>);

const CHECKS: [Check; 8] = [
    ("fmt", |context| fmt(context.root)),
    ("layers", |context| layers::run(context.root).map(|()| Passed)),
    ("codegen", |context| codegen::run(context, &[], true).map(|()| Passed)),
    ("buf lint", |context| buf(context.root, &["lint"])),
    ("buf format", |context| buf(context.root, &["format", "--diff", "--exit-code"])),
    ("buf breaking", |context| buf_breaking(context.root)),
    ("cargo deny", |context| cargo_deny(context.root)),
    ("sdks", |context| sdk::lint(context, &[]).map(|()| Passed)),
];

/// What is said of a check whose tool is not there.
const NO_TOOL: Outcome = Skipped("its tool cannot be installed here");

/// Runs every check; fails when one does.
pub(crate) fn run(context: &Context<'_>) -> Result {
    // Takes longest by far, while the others wait for downloads.
    let clippy = Beside::start(clippy(context.root));
    let mut outcomes = Vec::from(CHECKS.map(|(name, check)| {
        println!("lint: {name}");
        (name, check(context))
    }));
    println!("lint: clippy");
    outcomes.push(("clippy", clippy.and_then(end_of_clippy)));
    println!();
    let mut failed = 0;
    for (name, outcome) in outcomes {
        match outcome {
            Ok(Passed) => println!("lint: {name} passed"),
            Ok(Skipped(why)) => println!("lint: {name} skipped: {why}"),
            Err(error) => {
                println!("lint: {name} FAILED: {error}");
                failed += 1;
            }
        }
    }
    if failed == 0 { Ok(()) } else { Err(format!("{failed} checks failed").into()) }
}

fn fmt(root: &Path) -> Result<Outcome> {
    run_command(cargo(root).args(["fmt", "--all", "--check"]))?;
    Ok(Passed)
}

fn clippy(root: &Path) -> Command {
    let mut clippy = cargo(root);
    clippy.args(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]);
    clippy
}

fn end_of_clippy(clippy: Beside) -> Result<Outcome> {
    let (printed, ended) = clippy.wait()?;
    print!("{printed}");
    ended.map(|()| Passed)
}

/// No advisories: their database is not in a package registry. Only errors are
/// shown: two versions of a crate are worth a look now and then, not each time.
fn cargo_deny(root: &Path) -> Result<Outcome> {
    let Some(deny) = tools::cargo_deny(root)? else { return Ok(NO_TOOL) };
    let global = ["--workspace", "--locked", "--log-level", "error"];
    let check = ["check", "--hide-inclusion-graph", "bans", "licenses", "sources"];
    run_command(Command::new(deny).current_dir(root).args(global).args(check))?;
    Ok(Passed)
}

fn buf(root: &Path, args: &[&str]) -> Result<Outcome> {
    let Some(buf) = tools::buf(root)? else { return Ok(NO_TOOL) };
    run_command(Command::new(buf).current_dir(root).args(args))?;
    Ok(Passed)
}

/// Compares the protos with those that the change started from.
fn buf_breaking(root: &Path) -> Result<Outcome> {
    let Some(base) = base_commit(root) else {
        return Ok(Skipped("there is no earlier commit to compare with"));
    };
    let Ok(archive) = output(git(root).args(["archive", &base, "buf.yaml", "proto"])) else {
        return Ok(Skipped("the earlier commit has no protos"));
    };
    let dir = tempfile::tempdir()?;
    let against = dir.path().join("base.tar");
    fs::write(&against, archive)?;
    buf(root, &["breaking", "--against", &against.to_string_lossy()])
}

/// Where the change left the main line. On the main line itself, as in CI, it is
/// the commit before this one.
fn base_commit(root: &Path) -> Option<String> {
    let git_line = |args: &[&str]| {
        let line = String::from_utf8(output(git(root).args(args)).ok()?).ok()?;
        Some(line.trim().to_owned())
    };
    let head = git_line(&["rev-parse", "HEAD"])?;
    let base =
        ["origin/main", "main"].iter().find_map(|main| git_line(&["merge-base", "HEAD", main]))?;
    if base == head { git_line(&["rev-parse", "--verify", "HEAD^"]) } else { Some(base) }
}

fn git(root: &Path) -> Command {
    let mut git = Command::new("git");
    git.current_dir(root);
    git
}
