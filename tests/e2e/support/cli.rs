//! The command line, run as a person and as a script run it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::server::{Server, tenantry};
use super::wait::until_blocking;
use super::world::{World, shared_server};

/// The command line as the server's admin, in a group of its own.
pub(crate) struct Cli {
    /// Its group, which `$G` stands for.
    pub(crate) world: World,
    /// Its token; without one it takes the admin token of the data directory.
    pub(crate) token: Option<String>,
    data_dir: PathBuf,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Cli {
    /// On the shared server.
    pub(crate) async fn new() -> Self {
        let data_dir = shared_server().data_dir();
        Self { world: World::shared().await, token: None, data_dir }
    }

    /// On a server of the test's own.
    pub(crate) async fn on(server: &Server) -> Self {
        Self { world: World::on(server).await, token: None, data_dir: server.data_dir() }
    }

    /// A command that is not run yet.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = tenantry();
        let filled = args.iter().map(|arg| arg.replace("$G", &self.world.group));
        command.args(filled);
        command.env("TENANTRY_ENDPOINT", format!("http://{}", self.world.admin.address()));
        match &self.token {
            Some(token) => command.env("TENANTRY_TOKEN", token),
            // As on the server's own machine.
            None => command.env("TENANTRY_DATA_DIR", &self.data_dir),
        };
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Done {
        self.pipe(args, "")
    }

    /// Runs a command with this as its standard input.
    pub(crate) fn pipe(&self, args: &[&str], input: &str) -> Done {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs");
        // One that ends without reading it all is no failure of the test.
        let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
        let output = child.wait_with_output().expect("it ends");
        Done {
            code: output.status.code().expect("an exit code"),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// Runs a command that must succeed, and say nothing on standard error.
    #[track_caller]
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let done = self.run(args);
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{args:?}: {done:?}");
        done.out
    }

    /// Runs a command that must fail with this code; answers what it said.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, args: &[&str]) -> String {
        let done = self.run(args);
        assert_eq!(done.code, code, "{args:?}: {done:?}");
        assert_eq!(done.out, "", "errors go to standard error");
        assert!(!done.err.is_empty(), "{args:?} failed without a word");
        done.err
    }

    /// Runs a command that must succeed and print JSON.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let args: Vec<&str> = args.iter().copied().chain(["--output", "json"]).collect();
        serde_json::from_str(&self.ok(&args)).expect("JSON")
    }
}

/// A command in a pipe, while it runs.
pub(crate) struct Running {
    child: Child,
    out: JoinHandle<String>,
    err: Arc<Mutex<String>>,
}

impl Running {
    /// Starts it, without anything on its standard input.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs");
        let mut stdout = child.stdout.take().expect("piped");
        let out = std::thread::spawn(move || {
            let mut out = String::new();
            stdout.read_to_string(&mut out).expect("UTF-8");
            out
        });
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        let err = Arc::new(Mutex::new(String::new()));
        let read = err.clone();
        std::thread::spawn(move || {
            for line in stderr.lines() {
                let line = line.expect("UTF-8");
                read.lock().expect("unpoisoned").push_str(&format!("{line}\n"));
            }
        });
        Self { child, out, err }
    }

    /// Awaits a text on its standard error.
    pub(crate) fn says(&self, text: &str) {
        until_blocking(&format!("{text:?} in {:?}", self.err()), || {
            self.err().contains(text).then_some(())
        });
    }

    /// What it has said on its standard error.
    pub(crate) fn err(&self) -> String {
        self.err.lock().expect("unpoisoned").clone()
    }

    /// Ctrl-C.
    pub(crate) fn interrupt(&self) {
        let pid = Pid::from_raw(self.child.id().cast_signed()).expect("a process id");
        kill_process(pid, Signal::INT).expect("it is there");
    }

    /// Awaits its end.
    pub(crate) fn end(mut self) -> Done {
        let status = until_blocking("it ends", || self.child.try_wait().expect("it can be asked"));
        let out = self.out.join().expect("it was read");
        // The other thread ends with the pipe as well, and holds nothing then.
        let err = until_blocking("its words are read", || {
            (Arc::strong_count(&self.err) == 1)
                .then(|| self.err.lock().expect("unpoisoned").clone())
        });
        Done { code: status.code().expect("an exit code"), out, err }
    }
}
