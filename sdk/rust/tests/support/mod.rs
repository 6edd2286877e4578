//! A server of one's own, started as a user would.

#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::disallowed_methods, reason = "tests have no config.rs to ask")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tenantry_client::{Client, ClientBuilder};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

/// How long a server may take to start or to stop.
const SERVER_WAIT_MAX: Duration = Duration::from_secs(30);

/// Where temporary directories are quickest.
const MEMORY: &str = "/dev/shm";

/// A server that ends with this value.
pub struct Server {
    dir: TempDir,
    flags: Vec<String>,
    address: String,
    running: Option<Running>,
}

struct Running {
    child: Child,
    /// Kept, so that the server can write there.
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    /// Starts a server with these flags.
    pub async fn start(flags: &[String]) -> Self {
        let dir = match Path::new(MEMORY).is_dir() {
            true => tempfile::tempdir_in(MEMORY),
            false => tempfile::tempdir(),
        };
        let mut server = Self {
            dir: dir.expect("a temporary directory"),
            flags: flags.to_vec(),
            address: "127.0.0.1:0".to_owned(),
            running: None,
        };
        server.begin().await;
        server
    }

    /// Starts it again, at the same address.
    pub async fn begin(&mut self) {
        assert!(self.running.is_none(), "the server is running already");
        let log = File::options().create(true).append(true).open(self.dir.path().join("log"));
        let mut child = Command::new(program())
            .args(["serve", "--listen", &self.address, "--data-dir"])
            .arg(self.data())
            .args(&self.flags)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.expect("a file for the log"))
            .kill_on_drop(true)
            .spawn()
            .expect("the server's program of TENANTRY_BIN");
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let line = timeout(SERVER_WAIT_MAX, listening(&mut stdout)).await.ok().flatten();
        let Some(address) = line else {
            let log = fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
            panic!("the server does not listen:\n{log}");
        };
        self.address = address;
        self.running = Some(Running { child, _stdout: stdout });
    }

    /// Ends it by a signal and waits for its end.
    pub async fn end(&mut self, signal: Signal) {
        let Some(Running { mut child, _stdout }) = self.running.take() else {
            panic!("the server is not running");
        };
        let pid = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        kill_process(pid.expect("a process"), signal).expect("a process of one's own");
        timeout(SERVER_WAIT_MAX, child.wait()).await.expect("it ends").expect("its status");
    }

    /// Where it listens.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The first admin's token.
    pub fn token(&self) -> String {
        fs::read_to_string(self.data().join("admin.token")).expect("the token").trim().to_owned()
    }

    /// Begins a client of the first admin.
    pub fn client_builder(&self) -> ClientBuilder {
        Client::builder(self.endpoint()).token(self.token())
    }

    /// A client of the first admin.
    pub fn client(&self) -> Client {
        self.client_builder().build().expect("a client")
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }
}

/// The server's program: that of the environment, or the development build's.
fn program() -> PathBuf {
    match std::env::var_os("TENANTRY_BIN") {
        Some(path) => path.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/debug/tenantry"),
    }
}

/// The address in the line that tells it.
async fn listening(stdout: &mut BufReader<ChildStdout>) -> Option<String> {
    let mut line = String::new();
    while stdout.read_line(&mut line).await.ok()? > 0 {
        if let Some(told) = line.strip_prefix("listening on ") {
            return told.split_whitespace().next().map(str::to_owned);
        }
        line.clear();
    }
    None
}
