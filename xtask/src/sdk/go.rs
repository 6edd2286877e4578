//! The SDK for Go.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Context, Outcome, Sdk, run_suite};
use crate::process::{output, run};
use crate::{Result, tools};

pub(super) const SDK: Sdk = Sdk {
    name: "go",
    toolchain: &[("go", "version")],
    gen_dir: "sdk/go/gen",
    generate,
    lint,
    test,
    package,
    bench,
};

/// What users get: nothing of the tests is in it.
const MODULE: &str = "sdk/go";
/// The tests that need a server, or other modules.
const TESTS: &str = "sdk/go/tests";
const EXAMPLE: &str = "examples/shop/go";

/// The plugins of buf, with their packages and versions. That of the messages goes
/// with the version of Protobuf in go.mod.
const PLUGINS: [(&str, &str, &str); 2] = [
    ("protoc-gen-go", "google.golang.org/protobuf/cmd/protoc-gen-go", "v1.36.12"),
    ("protoc-gen-go-grpc", "google.golang.org/grpc/cmd/protoc-gen-go-grpc", "v1.6.2"),
];

fn generate(context: &Context<'_>, out: &Path) -> Result {
    let Some(buf) = tools::buf(context.root)? else {
        return Err("buf is needed to generate code".into());
    };
    let mut path: Vec<PathBuf> = Vec::new();
    for (name, package, version) in PLUGINS {
        path.push(plugin(context.root, name, package, version)?);
    }
    path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let path: OsString = env::join_paths(path)?;
    let args = ["generate", "--template", "sdk/go/buf.gen.yaml", "--path", "proto/tenantry", "-o"];
    run(Command::new(buf).current_dir(context.root).env("PATH", path).args(args).arg(out))
}

/// The directory of a plugin, which Go builds where it is not there yet.
fn plugin(root: &Path, name: &str, package: &str, version: &str) -> Result<PathBuf> {
    let dir = root.join(format!("target/tools/{name}-{version}"));
    if !dir.join(name).with_extension(env::consts::EXE_EXTENSION).exists() {
        println!("installing {name}-{version}");
        let package = format!("{package}@{version}");
        output(Command::new("go").env("GOBIN", &dir).args(["install", &package]))?;
    }
    Ok(dir)
}

fn lint(context: &Context<'_>) -> Result {
    let unformatted = output(context.command("gofmt", ".").args(["-l", MODULE, EXAMPLE]))?;
    if !unformatted.is_empty() {
        let files = String::from_utf8_lossy(&unformatted).trim().replace('\n', ", ");
        return Err(format!("not formatted: {files}; run `gofmt -w`").into());
    }
    for dir in [MODULE, TESTS, EXAMPLE] {
        run(context.command("go", dir).args(["vet", "./..."]))?;
    }
    Ok(())
}

fn test(context: &Context<'_>) -> Result<Outcome> {
    run(context.command("go", MODULE).args(["test", "-count=1", "./..."]))?;
    run_suite(context.command("go", TESTS).args(["test", "-count=1", "-v", "./..."]))
}

/// A Go module is published as it stands in the repository: it must build, and
/// name all that it needs.
fn package(context: &Context<'_>) -> Result {
    for args in [&["vet", "./..."][..], &["build", "./..."], &["mod", "verify"]] {
        run(context.command("go", MODULE).args(args))?;
    }
    let tidy = context.command("go", MODULE).args(["mod", "tidy", "-diff"]).output()?;
    if !tidy.status.success() {
        return Err("sdk/go/go.mod is not tidy; run `go mod tidy` there".into());
    }
    for file in ["LICENSE", "README.md"] {
        if !context.root.join(MODULE).join(file).is_file() {
            return Err(format!("sdk/go has no {file}").into());
        }
    }
    Ok(())
}

fn bench(context: &Context<'_>) -> Result {
    run(context.command("go", TESTS).args(["run", "./bench"]))
}
