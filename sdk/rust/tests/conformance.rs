//! Runs the cases of `tests/conformance` through the public API of this crate.

mod conformance {
    pub mod case;
    pub mod compare;
    pub mod run;
    pub mod steps;
}
mod support;

use std::path::Path;
use std::process::ExitCode;

use conformance::{case, run};
use support::Server;

/// The name of this SDK in the cases.
const SDK: &str = "rust";

#[tokio::main]
async fn main() -> ExitCode {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance");
    let files = case::read(&dir);
    // As with the tests of the standard harness, an argument chooses cases by name.
    let wanted = std::env::args().skip(1).find(|arg| !arg.starts_with('-')).unwrap_or_default();
    let shared = Server::start(&[]).await;
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for (file, cases) in files {
        for case in cases.into_iter().filter(|case| case.name.contains(&wanted)) {
            let name = case.name.clone();
            if let Some(reason) = case.skip.get(SDK) {
                println!("skipped {file}: {name}: {reason}");
                skipped += 1;
                continue;
            }
            match run::case(case, &shared, passed + failed).await {
                Ok(()) => passed += 1,
                Err(why) => {
                    println!("FAILED {file}: {name}: {why}");
                    failed += 1;
                }
            }
        }
    }
    println!("conformance {SDK}: {passed} passed, {failed} failed, {skipped} skipped");
    // Chosen cases may all be those of other tests.
    if failed == 0 && (passed > 0 || !wanted.is_empty()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
