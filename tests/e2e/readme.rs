//! The README's commands, run exactly as they are written there.
//!
//! A fenced block whose info string is `sh test` is run; all of them, in order,
//! are one session of a shell in an empty directory, beside a fresh server whose
//! data directory is the default one. Only the port is another.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::support::Server;
use crate::support::server::BINARY;

/// What opens a block that is tested.
const OPENING: &str = "```sh test";
/// The address in the README.
const ADDRESS: &str = "127.0.0.1:50051";
/// The data directory that a server has by default.
const DATA_DIR: &str = "tenantry-data";
/// Where grpcurl is.
const GRPCURL: &str = "GRPCURL";

/// The blocks to test, in order.
fn blocks(readme: &str) -> Vec<String> {
    let (mut blocks, mut open) = (Vec::new(), None::<String>);
    for line in readme.lines() {
        match &mut open {
            None if line.trim_end() == OPENING => open = Some(String::new()),
            None => {}
            Some(_) if line.trim_end() == "```" => blocks.extend(open.take()),
            Some(block) => {
                let _ = writeln!(block, "{line}");
            }
        }
    }
    assert!(open.is_none(), "a block of the README has no end");
    blocks
}

#[test]
fn blocks_are_found_by_their_mark() {
    let readme = "```sh\nno\n```\n\n```sh test\none\ntwo\n```\ntext\n```sh test\nthree\n```\n";
    assert_eq!(blocks(readme), ["one\ntwo\n", "three\n"]);
}

#[test]
fn the_commands_of_the_readme_work_as_written() {
    let Some(grpcurl) = std::env::var_os(GRPCURL) else {
        assert!(
            std::env::var_os("CI").is_none_or(|ci| ci != "true"),
            "{GRPCURL} must be set in CI"
        );
        println!("skipped: set {GRPCURL} to the path of grpcurl to test the README's commands");
        return;
    };
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = fs::read_to_string(readme).expect("the README is there");
    let blocks = blocks(&readme);
    assert!(!blocks.is_empty(), "no block of the README is marked as `{OPENING}`");

    let server = Server::start();
    let dir = tempfile::tempdir().expect("a directory");
    let bin = dir.path().join("bin");
    fs::create_dir(&bin).expect("it is created");
    symlink(&*BINARY, bin.join("tenantry")).expect("it is linked");
    symlink(&grpcurl, bin.join("grpcurl")).expect("it is linked");
    let work = dir.path().join("work");
    fs::create_dir(&work).expect("it is created");
    symlink(server.data_dir(), work.join(DATA_DIR)).expect("it is linked");

    let address = server.address().to_string();
    // A failure tells the command as it is written: no token in it.
    let mut script =
        String::from("set -euo pipefail\ntrap 'echo \"in block $BLOCK: $BASH_COMMAND\" >&2' ERR\n");
    for (index, block) in blocks.iter().enumerate() {
        let block = block.replace(ADDRESS, &address);
        let _ = write!(script, "BLOCK={}\n{block}", index + 1);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(bin).chain(std::env::split_paths(&path)));
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(&work)
        .env("PATH", path.expect("a path"))
        .env("TENANTRY_ENDPOINT", format!("http://{address}"))
        .env_remove("TENANTRY_TOKEN")
        .env_remove("TENANTRY_DATA_DIR")
        .output()
        .expect("bash runs");
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{out}");
    assert!(output.status.success(), "a command of the README failed:\n{err}\n{out}");
}
