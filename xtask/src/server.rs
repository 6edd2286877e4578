//! A server that is measured.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::Result;

/// What the server prints before its address.
const LISTENING: &str = "listening on ";

/// A server with a data directory of its own; both go with this.
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) endpoint: String,
    /// The token of its first admin.
    pub(crate) token: String,
    child: Child,
    data: TempDir,
}

impl Server {
    /// Starts a program as a user would, but for its port and its data.
    pub(crate) fn start(program: &Path) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data.path());
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server =
            Self { endpoint: String::new(), token: String::new(), child: command.spawn()?, data };
        let mut line = String::new();
        if let Some(stdout) = server.child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let told = line.strip_prefix(LISTENING).and_then(|rest| rest.split_whitespace().next());
        server.endpoint = format!("http://{}", told.ok_or("the server does not start")?);
        server.token = fs::read_to_string(server.data.path().join("admin.token"))?.trim().into();
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing of it is kept. It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
