//! The SDK for Rust.

use std::fs;
use std::path::{Path, PathBuf};

use prost::Message as _;
use prost_types::FileDescriptorSet;
use protox::Compiler;

use super::{Context, Outcome, Sdk, run_suite};
use crate::Result;
use crate::process::{cargo, run};

pub(super) const SDK: Sdk = Sdk {
    name: "rust",
    toolchain: &[("cargo", "--version")],
    gen_dir: "sdk/rust/src/gen",
    generate,
    // Formatted and linted with the rest of the workspace.
    lint: |_| Ok(()),
    test,
    package,
    bench,
};

/// The crate, and how cargo is told of it.
const PACKAGE: [&str; 3] = ["--locked", "-p", "tenantry-client"];

/// Where the protos are, and the include path of their imports.
const PROTO_DIR: &str = "proto";

/// Needs no `protoc`: protox compiles the protos in this process, and the same versions
/// (`Cargo.lock`) give the same bytes everywhere.
fn generate(context: &Context<'_>, out: &Path) -> Result {
    let proto_dir = &context.root.join(PROTO_DIR);
    let mut files = Vec::new();
    find_protos(proto_dir, &mut files)?;
    files.sort();

    let with_comments = Compiler::new([proto_dir])?
        .include_source_info(true)
        .include_imports(true)
        .open_files(&files)?
        .file_descriptor_set();
    let without_comments =
        Compiler::new([proto_dir])?.include_imports(true).open_files(&files)?.file_descriptor_set();
    fs::write(out.join("v1.rs"), rust_code(with_comments)?)?;
    fs::write(out.join("file_descriptor_set.bin"), without_comments.encode_to_vec())?;
    Ok(())
}

/// The tests of the crate, which the workspace's own run of all tests has built.
const TESTS: [&str; 4] = ["conformance", "client", "docs", "shop"];

/// The example and the code of the page are tests like others. Built as a part of the
/// workspace: for itself alone it would be built with other features once more.
fn test(context: &Context<'_>) -> Result<Outcome> {
    let mut tests = context.command("cargo", ".");
    tests.args(["test", "--workspace", "--locked"]);
    run_suite(tests.args(TESTS.iter().flat_map(|test| ["--test", test])))
}

/// What is in it is built once more by itself, as its users would.
fn package(context: &Context<'_>) -> Result {
    run(cargo(context.root).arg("package").args(PACKAGE).arg("--allow-dirty"))
}

fn bench(context: &Context<'_>) -> Result {
    let mut bench = context.command("cargo", ".");
    run(bench.arg("bench").args(PACKAGE).args(["--bench", "client"]))
}

/// All `.proto` files below `dir`.
fn find_protos(dir: &Path, files: &mut Vec<PathBuf>) -> Result {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            find_protos(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    Ok(())
}

/// The Rust module of package `tenantry.v1`.
fn rust_code(descriptors: FileDescriptorSet) -> Result<Vec<u8>> {
    let out = tempfile::tempdir()?;
    tonic_prost_build::configure()
        .server_mod_attribute(".", "#[cfg(feature = \"server\")]")
        .extern_path(".google.rpc", "::tonic_types::pb")
        // One order on the wire and in tests, whatever the process.
        .btree_map(".")
        // Blobs and columns are handed on without a copy.
        .bytes(".")
        .emit_rerun_if_changed(false)
        .out_dir(out.path())
        .compile_fds(descriptors)?;
    Ok(fs::read(out.path().join("tenantry.v1.rs"))?)
}
