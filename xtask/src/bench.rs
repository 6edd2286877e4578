//! `bench`: the benchmarks, which live in the package of the tests and start the
//! real server.

use std::path::Path;

use crate::{Result, process};

/// Builds the server and the benchmarks for release and runs them; `args`
/// choose which.
pub(crate) fn run(root: &Path, args: &[&str]) -> Result {
    let build =
        ["build", "--release", "--locked", "-p", "tenantry", "-p", "tenantry-tests", "--bins"];
    process::run(process::cargo(root).args(build))?;
    let bench = root.join("target/release/bench");
    let server = root.join("target/release/tenantry");
    let mut bench = std::process::Command::new(bench);
    process::run(bench.current_dir(root).env("TENANTRY_BIN", server).args(args))
}
