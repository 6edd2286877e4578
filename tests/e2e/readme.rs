//! The commands of the README and of other pages, run exactly as they are written
//! there.
//!
//! A fenced block whose info string is `sh test` is run; all of one page, in order,
//! are one session of a shell in an empty directory, beside a fresh server whose
//! data directory is the default one. Only the ports are others.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::Server;
use crate::support::raw::rpcs;
use crate::support::server::BINARY;

/// What opens a block that is tested.
const OPENING: &str = "```sh test";
/// What opens a block of what a command says.
const SAID: &str = "```text";
/// The address of the server in all pages.
const ADDRESS: &str = "127.0.0.1:50051";
/// The data directory that a server has by default.
const DATA_DIR: &str = "tenantry-data";
/// The server with TLS: its address in a page, and its data directory.
const TLS_ADDRESS: &str = "localhost:50052";
const TLS_DATA_DIR: &str = "tls-data";
/// Where grpcurl is.
const GRPCURL: &str = "GRPCURL";
/// The RPCs that are described and not there yet.
const UNIMPLEMENTED: [&str; 3] = ["QueryFleet", "ExportDatabase", "ImportDatabase"];

/// The blocks that are opened so, in order.
fn blocks(page: &str, opening: &str) -> Vec<String> {
    let (mut blocks, mut open) = (Vec::new(), None::<String>);
    for line in page.lines() {
        match &mut open {
            None if line.trim_end() == opening => open = Some(String::new()),
            None => {}
            Some(_) if line.trim_end() == "```" => blocks.extend(open.take()),
            Some(block) => {
                let _ = writeln!(block, "{line}");
            }
        }
    }
    assert!(open.is_none(), "a block of the page has no end");
    assert!(!blocks.is_empty(), "no block is marked as `{opening}`");
    blocks
}

/// The blocks of a page of the repository.
fn blocks_of(page: &str, opening: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page);
    blocks(&fs::read_to_string(path).expect("the page is there"), opening)
}

/// A directory to run a page in, with the programs that it calls.
struct Place {
    dir: TempDir,
    server: Server,
}

impl Place {
    /// `None` where grpcurl is not there, but for CI.
    fn new() -> Option<Self> {
        let Some(grpcurl) = std::env::var_os(GRPCURL) else {
            assert!(
                std::env::var_os("CI").is_none_or(|ci| ci != "true"),
                "{GRPCURL} must be set in CI"
            );
            println!("skipped: set {GRPCURL} to the path of grpcurl to test commands of pages");
            return None;
        };
        let dir = tempfile::tempdir().expect("a directory");
        for name in ["bin", "work"] {
            fs::create_dir(dir.path().join(name)).expect("it is created");
        }
        symlink(&*BINARY, dir.path().join("bin/tenantry")).expect("it is linked");
        symlink(&grpcurl, dir.path().join("bin/grpcurl")).expect("it is linked");
        let place = Self { dir, server: Server::start() };
        place.link(DATA_DIR, &place.server.data_dir());
        Some(place)
    }

    /// Shows a file or directory to the page under this name.
    fn link(&self, name: &str, path: &Path) {
        symlink(path, self.dir.path().join("work").join(name)).expect("it is linked");
    }

    /// Runs the blocks as one session, with these texts for others; answers what
    /// it said.
    fn run(&self, blocks: &[String], others: &[(&str, &str)]) -> String {
        let address = self.server.address().to_string();
        // A failure tells the command as it is written: no token in it.
        let mut script = String::from(
            "set -euo pipefail\ntrap 'echo \"in block $BLOCK: $BASH_COMMAND\" >&2' ERR\n",
        );
        for (index, block) in blocks.iter().enumerate() {
            let block =
                others.iter().fold(block.replace(ADDRESS, &address), |block, (from, to)| {
                    block.replace(from, to)
                });
            let _ = write!(script, "BLOCK={}\n{block}", index + 1);
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let bin = self.dir.path().join("bin");
        let path = std::env::join_paths(std::iter::once(bin).chain(std::env::split_paths(&path)));
        let output = Command::new("bash")
            .args(["-c", &script])
            .current_dir(self.dir.path().join("work"))
            .env("PATH", path.expect("a path"))
            .env("TENANTRY_ENDPOINT", format!("http://{address}"))
            .env_remove("TENANTRY_TOKEN")
            .env_remove("TENANTRY_DATA_DIR")
            .env_remove("TENANTRY_CA")
            // What is kept is kept here.
            .env("XDG_CONFIG_HOME", self.dir.path().join("config"))
            .env("XDG_STATE_HOME", self.dir.path().join("state"))
            .output()
            .expect("bash runs");
        let (out, err) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        println!("{out}");
        assert!(output.status.success(), "a command failed:\n{err}\n{out}");
        format!("{out}\n{err}")
    }
}

#[test]
fn blocks_are_found_by_their_mark() {
    let readme = "```sh\nno\n```\n\n```sh test\none\ntwo\n```\ntext\n```sh test\nthree\n```\n";
    assert_eq!(blocks(readme, OPENING), ["one\ntwo\n", "three\n"]);
}

#[test]
fn the_commands_of_the_readme_work_as_written() {
    let blocks = blocks_of("README.md", OPENING);
    if let Some(place) = Place::new() {
        place.run(&blocks, &[]);
    }
}

#[test]
fn every_rpc_is_called_by_grpcurl() {
    let text = blocks_of("docs/grpcurl.md", OPENING).concat();
    for rpc in rpcs() {
        let called = format!("{}/{}", rpc.parent_service().name(), rpc.name());
        let is_there = !UNIMPLEMENTED.contains(&rpc.name());
        assert_eq!(text.contains(&called), is_there, "{called}");
    }
}

#[test]
fn the_commands_of_the_page_of_grpcurl_work_as_written() {
    let blocks = blocks_of("docs/grpcurl.md", OPENING);
    let Some(place) = Place::new() else { return };
    let tls = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tls");
    let path = |name: &str| tls.join(name).display().to_string();
    let flags = ["--tls-cert", &path("server.pem"), "--tls-key", &path("server-key.pem")];
    let by_tls = Server::with(&flags);
    place.link(TLS_DATA_DIR, &by_tls.data_dir());
    place.link("ca.pem", &tls.join("ca.pem"));
    let address = format!("localhost:{}", by_tls.address().port());

    let said = place.run(&blocks, &[(TLS_ADDRESS, &address)]);
    for text in [
        "MIGRATION_DECIDED",
        "INVALID_NAME",
        "google.rpc.BadRequest",
        "SQL_ERROR",
        "Code: DeadlineExceeded",
        "MIGRATION_STATE_APPLIED",
    ] {
        assert!(said.contains(text), "no {text} in what the page's commands say:\n{said}");
    }
    for line in blocks_of("docs/grpcurl.md", SAID).concat().lines() {
        assert!(said.lines().any(|other| other == line), "no {line:?} among:\n{said}");
    }
}

#[test]
fn the_commands_of_the_page_of_the_command_line_work_as_written() {
    let blocks = blocks_of("docs/command-line.md", OPENING);
    let Some(place) = Place::new() else { return };
    let said = place.run(&blocks, &[]);
    let texts = blocks_of("docs/command-line.md", SAID);
    assert!(said.contains(&texts[0]), "no {:?} in:\n{said}", texts[0]);
    for text in ["CREATE TABLE \"fresh\"", "one, two", "agree with --yes"] {
        assert!(said.contains(text), "no {text:?} in:\n{said}");
    }
}
