//! The SDK for Python.
//!
//! Its tools are those of `sdk/python/requirements-dev.txt`, in an environment of their
//! own in which the package itself is installed from its sources.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Context, Outcome, Sdk, run_suite};
use crate::process::{output, run};
use crate::{Result, tools};

const DIR: &str = "sdk/python";
const EXAMPLE: &str = "../../examples/shop/python";
const BIN: &str = if cfg!(windows) { "Scripts" } else { "bin" };

pub(super) const SDK: Sdk = Sdk {
    name: "python",
    toolchain: &[("python3", "--version")],
    gen_dir: "sdk/python/src/tenantry/_gen",
    generate,
    lint,
    test,
    package,
    bench,
};

fn generate(context: &Context<'_>, out: &Path) -> Result {
    let buf = tools::buf(context.root)?.ok_or("buf cannot be installed here")?;
    // The plugin is found by the name of its interpreter.
    let mut path = vec![environment(context)?];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    run(context
        .command(buf, ".")
        .env("PATH", std::env::join_paths(path)?)
        .args(["generate", "--template", "sdk/python/buf.gen.yaml", "--output"])
        .arg(out))
}

fn lint(context: &Context<'_>) -> Result {
    for ruff in [&["format", "--check"][..], &["check", "--no-cache"]] {
        let paths = ["--quiet", "--config", "pyproject.toml", ".", EXAMPLE];
        run(command(context)?.args(["-m", "ruff"]).args(ruff).args(paths))?;
    }
    python(context, &["-m", "mypy", "--no-error-summary"])
}

fn test(context: &Context<'_>) -> Result<Outcome> {
    python(context, &["-m", "pytest"])?;
    run_suite(command(context)?.args(["-m", "tests.conformance"]))
}

fn package(context: &Context<'_>) -> Result {
    let out = context.root.join("target/sdk/python");
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    run(command(context)?.args(["-m", "build", "--no-isolation", "--outdir"]).arg(out))
}

fn bench(context: &Context<'_>) -> Result {
    python(context, &["-m", "bench"])
}

fn python(context: &Context<'_>, args: &[&str]) -> Result {
    run(command(context)?.args(args))
}

/// The environment's Python, in the directory of the SDK.
fn command(context: &Context<'_>) -> Result<Command> {
    Ok(context.command(environment(context)?.join("python"), DIR))
}

/// The programs of the environment, which is made anew when what it shall hold has
/// changed.
fn environment(context: &Context<'_>) -> Result<PathBuf> {
    let requirements = context.root.join(DIR).join("requirements-dev.txt");
    let mut hasher = DefaultHasher::new();
    fs::read(&requirements)?.hash(&mut hasher);
    fs::read(context.root.join(DIR).join("pyproject.toml"))?.hash(&mut hasher);
    let name = format!("python-sdk-{:016x}", hasher.finish());
    let dir = context.root.join("target/tools").join(&name);
    let bin = dir.join(BIN);
    // Written last, so that what an interrupted install left behind is not used.
    let complete = dir.join("complete");
    if !complete.exists() {
        println!("installing {name}");
        output(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&dir))?;
        let pip = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"];
        let install = || {
            let mut command = context.command(bin.join("python"), DIR);
            command.args(pip);
            command
        };
        output(install().arg("--requirement").arg(&requirements))?;
        output(install().args(["--no-deps", "--no-build-isolation", "--editable", "."]))?;
        fs::write(&complete, "")?;
    }
    Ok(bin)
}
