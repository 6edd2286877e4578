//! The SDK for Go.

use std::path::Path;

use super::{Context, Outcome, PROTOS, Sdk, run_suite};
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
    let plugins = PLUGINS.iter().map(|plugin| tools::from_go(context.root, *plugin));
    context.buf_generate(SDK.name, plugins.collect::<Result<_>>()?, &PROTOS, out)
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
