//! `test`: builds everything once and runs every test: first those of the workspace,
//! then each SDK's own, and builds the packages of the SDKs.
//!
//! Tests that start the real server, or call it with grpcurl, find both in the
//! environment: `TENANTRY_BIN` and `GRPCURL`.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::sdk::{self, Context, Outcome};
use crate::{Result, process, tools};

/// Runs all tests; `args` go to `cargo test`, and with them nothing else is run.
pub(crate) fn run(context: &Context<'_>, args: &[&str]) -> Result {
    let workspace = workspace(context, args);
    if !args.is_empty() {
        return workspace.map(drop);
    }
    // All are run, so that one run shows all problems.
    let sdks = sdk::test(context, &[], workspace.as_ref().ok().copied());
    let packages = sdk::package(context, &[]);
    workspace.and(sdks).and(packages)
}

/// Runs the tests of the workspace; answers what the conformance suite of the SDK for
/// Rust, which is one of them, has told.
fn workspace(context: &Context<'_>, args: &[&str]) -> Result<Outcome> {
    let root = context.root;
    let grpcurl = tools::grpcurl(root)?;
    if grpcurl.is_none() {
        println!("skipped: tests with grpcurl, because Go is not installed");
    }
    // All targets with one set of features, so that `cargo test` builds nothing
    // again and the server's binary is there before the first test starts it.
    process::run(process::cargo(root).args(["build", "--workspace", "--all-targets", "--locked"]))?;

    let mut command = process::cargo(root);
    command.args(["test", "--workspace", "--locked", "--no-fail-fast"]).args(args);
    command.env("TENANTRY_BIN", &context.server);
    if let Some(grpcurl) = grpcurl {
        command.env("GRPCURL", grpcurl);
    }
    let (success, counts, suite) = run_and_count(&mut command)?;

    println!(
        "tests: {} passed, {} failed, {} skipped",
        counts.passed, counts.failed, counts.skipped
    );
    if !success {
        return Err("some tests failed".into());
    }
    if counts.passed == 0 && args.is_empty() {
        return Err("no test ran".into());
    }
    if suite.passed == 0 && args.is_empty() {
        return Err("no case of the conformance suite was run".into());
    }
    Ok(suite)
}

/// How many tests ended how.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Counts {
    /// Adds what a closing line of the test runner tells; ignores other lines.
    fn add_line(&mut self, line: &str) {
        let Some(results) = line.strip_prefix("test result: ") else { return };
        for part in results.split([';', '.']) {
            let Some((count, what)) = part.trim().split_once(' ') else { continue };
            let Ok(count) = count.parse::<u64>() else { continue };
            match what {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.skipped += count,
                _ => {}
            }
        }
    }
}

/// Runs the tests, shows what they print, and counts.
fn run_and_count(command: &mut Command) -> Result<(bool, Counts, Outcome)> {
    let (mut counts, mut suite) = (Counts::default(), Outcome::default());
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            let line = String::from_utf8_lossy(&line?).into_owned();
            println!("{line}");
            counts.add_line(&line);
            suite = sdk::counts(&line).unwrap_or(suite);
        }
    }
    Ok((child.wait()?.success(), counts, suite))
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn closing_lines_are_added_up() {
        let mut counts = Counts::default();
        counts
            .add_line("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out");
        counts.add_line("test storage::opens ... ok");
        counts.add_line("test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured");
        assert_eq!(counts, Counts { passed: 5, failed: 1, skipped: 1 });
    }
}
