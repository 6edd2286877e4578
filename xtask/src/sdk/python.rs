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

/// The plugin is found by the name of its interpreter.
fn generate(context: &Context<'_>, out: &Path) -> Result {
    context.buf_generate(SDK.name, vec![environment(context)?], &[], out)
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
    let dir = tools::install(context.root, &name, |dir| {
        tools::venv("python3", dir)?;
        output(tools::pip_install(dir).arg("--requirement").arg(&requirements))?;
        let package = ["--no-deps", "--no-build-isolation", "--editable"];
        output(tools::pip_install(dir).args(package).arg(context.root.join(DIR))).map(drop)
    })?;
    Ok(dir.join(tools::PYTHON_BIN))
}
