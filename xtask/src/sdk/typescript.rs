//! The SDK for TypeScript.
//!
//! Its tools are those of its `package-lock.json`, in its own `node_modules`.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Context, Outcome, Sdk, run_suite};
use crate::Result;
use crate::process::{is_installed, output, run};

const DIR: &str = "sdk/typescript";

pub(super) const SDK: Sdk = Sdk {
    name: "typescript",
    toolchain: &[("node", "--version"), ("npm", "--version")],
    gen_dir: "sdk/typescript/src/gen",
    generate,
    lint,
    test,
    package,
    bench,
};

/// The plugin is one of the package's tools.
fn generate(context: &Context<'_>, out: &Path) -> Result {
    install(context)?;
    let plugins = vec![context.root.join(DIR).join("node_modules/.bin")];
    context.buf_generate(SDK.name, plugins, &[], out)
}

fn lint(context: &Context<'_>) -> Result {
    install(context)?;
    run(npm(context).args(["run", "lint"]))
}

fn test(context: &Context<'_>) -> Result<Outcome> {
    install(context)?;
    install_browser()?;
    run_suite(npm(context).arg("test"))
}

fn package(context: &Context<'_>) -> Result {
    install(context)?;
    let out = context.root.join("target/sdk/typescript");
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    fs::create_dir_all(&out)?;
    run(npm(context).args(["pack", "--pack-destination"]).arg(out))
}

fn bench(context: &Context<'_>) -> Result {
    install(context)?;
    run(npm(context).args(["run", "bench"]))
}

fn npm(context: &Context<'_>) -> Command {
    let mut command = context.command("npm", DIR);
    command.arg("--silent");
    command
}

/// Installs what the lock file names, where that has not been done since it changed.
fn install(context: &Context<'_>) -> Result {
    let dir = context.root.join(DIR);
    let lock = fs::read(dir.join("package-lock.json"))?;
    // Written last, so that what an interrupted install left behind is not used.
    let installed = dir.join("node_modules/.installed-lock.json");
    if fs::read(&installed).ok().as_ref() != Some(&lock) {
        println!("installing the npm packages of {DIR}");
        output(npm(context).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))?;
        fs::write(&installed, lock)?;
    }
    Ok(())
}

/// Installs Debian's Chromium for the test in a browser, where this may be done. Where
/// it is missing afterwards, that test says so: it is skipped, and fails in CI.
fn install_browser() -> Result {
    let missing =
        std::env::var_os("CHROMIUM").is_none() && !Path::new("/usr/bin/chromium").exists();
    if missing && is_installed("apt-get", "--version") && is_root() {
        println!("installing chromium");
        output(Command::new("apt-get").args(["update", "--quiet"]))?;
        let install = ["install", "--quiet", "--yes", "--no-install-recommends", "chromium"];
        output(Command::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive").args(install))?;
    }
    Ok(())
}

fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim_ascii() == b"0")
}
