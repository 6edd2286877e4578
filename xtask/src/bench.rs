//! `bench`: the benchmarks, which live in the package of the tests.

use std::path::Path;

use crate::{Result, process};

/// Builds the benchmarks for release and runs them; `args` choose which.
pub(crate) fn run(root: &Path, args: &[&str]) -> Result {
    let bench = ["run", "--release", "--locked", "-p", "tenantry-tests", "--bin", "bench", "--"];
    process::run(process::cargo(root).args(bench).args(args))
}
