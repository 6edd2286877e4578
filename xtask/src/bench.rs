//! `bench`: the benchmarks. Those of the server live in the package of the tests and
//! start it by themselves; those of the SDKs are their own.

use std::process::Command;

use crate::sdk::{self, Context};
use crate::server::Server;
use crate::{Result, process};

/// The argument that stands for the benchmarks of the SDKs.
const SDK: &str = "sdk";

/// Builds the server and the benchmarks for release and runs them; `args`
/// choose which: names of the server's, or `sdk` and names of SDKs.
pub(crate) fn run(context: &Context<'_>, args: &[&str]) -> Result {
    let root = context.root;
    let build =
        ["build", "--release", "--locked", "-p", "tenantry", "-p", "tenantry-tests", "--bins"];
    process::run(process::cargo(root).args(build))?;
    let server = root.join("target/release/tenantry");
    let (own, sdks) = match args {
        [SDK, sdks @ ..] => (None, Some(sdks)),
        [] => (Some(args), Some(args)),
        names => (Some(names), None),
    };
    if let Some(names) = own {
        let mut bench = Command::new(root.join("target/release/bench"));
        process::run(bench.current_dir(root).env("TENANTRY_BIN", &server).args(names))?;
    }
    if let Some(names) = sdks {
        let running = Server::start(&server)?;
        let program = context.program.clone();
        sdk::bench(&Context { root, program, server, running: Some(&running) }, names)?;
    }
    Ok(())
}
