//! `codegen`: the Rust SDK's generated files, from the protos.
//!
//! It needs no `protoc`: protox compiles the protos in this process, and the
//! same versions (`Cargo.lock`) give the same bytes everywhere. The results are
//! checked in; `--check` fails when one is stale, and changes nothing.

use std::fs;
use std::path::{Path, PathBuf};

use prost::Message as _;
use prost_types::FileDescriptorSet;
use protox::Compiler;

use crate::Result;

/// Where the protos are, and the include path of their imports.
const PROTO_DIR: &str = "proto";
/// Where the generated files go.
const GEN_DIR: &str = "sdk/rust/src/gen";

/// Writes the generated files, or with `check` only compares them.
pub(crate) fn run(root: &Path, check: bool) -> Result {
    let mut stale = Vec::new();
    for (path, bytes) in generate(&root.join(PROTO_DIR))? {
        let path = Path::new(GEN_DIR).join(path);
        let target = root.join(&path);
        if fs::read(&target).is_ok_and(|present| present == bytes) {
            continue;
        }
        if !check {
            fs::create_dir_all(root.join(GEN_DIR))?;
            fs::write(&target, bytes)?;
            println!("codegen: wrote {}", path.display());
        }
        stale.push(path.display().to_string());
    }
    if stale.is_empty() {
        println!("codegen: the generated files are fresh");
    } else if check {
        return Err(format!("stale: {}; run `cargo xtask codegen`", stale.join(", ")).into());
    }
    Ok(())
}

/// The generated files: their names and contents.
fn generate(proto_dir: &Path) -> Result<[(&'static str, Vec<u8>); 2]> {
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

    Ok([
        ("v1.rs", rust_code(with_comments)?),
        ("file_descriptor_set.bin", without_comments.encode_to_vec()),
    ])
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
