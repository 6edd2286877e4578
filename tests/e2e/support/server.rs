//! The real server binary, started on a free loopback port with a data
//! directory of its own.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{LazyLock, mpsc};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::wait::{PATIENCE, until_blocking};

/// What the server prints before its address.
const LISTENING: &str = "listening on ";
/// Where Linux keeps files in memory.
const MEMORY_DIR: &str = "/dev/shm";
/// How much of a failed server's log is shown.
const LOG_SHOWN_BYTES: usize = 16 * 1024;

/// The binary under test: `TENANTRY_BIN`, or the one beside this test's own,
/// built when it is not there.
pub(crate) static BINARY: LazyLock<PathBuf> = LazyLock::new(|| {
    if let Some(path) = std::env::var_os("TENANTRY_BIN") {
        return PathBuf::from(path);
    }
    let own = std::env::current_exe().expect("the test knows its own path");
    let beside = own.parent().expect("it lies in a directory");
    // Tests lie in target/<profile>/deps, programs in target/<profile>.
    let profile = if beside.ends_with("deps") { beside.parent() } else { Some(beside) };
    let profile = profile.expect("target/<profile>");
    let binary = profile.join(format!("tenantry{}", std::env::consts::EXE_SUFFIX));
    if !binary.exists() {
        let target = profile.parent().expect("target/<profile>");
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "-p", "tenantry", "--target-dir"]).arg(target);
        if profile.ends_with("release") {
            build.arg("--release");
        }
        let built = build.current_dir(env!("CARGO_MANIFEST_DIR")).status().expect("cargo runs");
        assert!(built.success(), "the server does not build");
    }
    binary
});

/// Mounts a disk of `$1` bytes at `$2`, which nobody else sees and which goes with
/// the last who does, and runs the rest there.
const ON_A_DISK: &str = r#"mount -t tmpfs -o size="$1" none "$2" && shift 2 && exec "$@""#;

/// A server, alone in its data directory.
pub(crate) struct Server {
    dir: TempDir,
    flags: Vec<String>,
    /// The size of the disk of its own that it runs on, if it does.
    disk_bytes: Option<u64>,
    running: Option<Running>,
}

struct Running {
    child: Child,
    address: SocketAddr,
    _reaper: Reaper,
}

impl Server {
    /// Starts a server as a user would, but for its port.
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// Starts a server with further flags.
    pub(crate) fn with(flags: &[&str]) -> Self {
        let mut server = Self::idle();
        server.flags = flags.iter().map(ToString::to_string).collect();
        server.run();
        server
    }

    /// Starts a server on a disk of its own, which goes with its process; `None`
    /// where the system lets nobody mount one.
    pub(crate) fn on_disk_of(bytes: u64, flags: &[&str]) -> Option<Self> {
        let mut server = Self::idle();
        server.disk_bytes = Some(bytes);
        server.flags = flags.iter().map(ToString::to_string).collect();
        let can = on_a_disk(bytes, server.dir.path(), &Command::new("true")).status();
        if !can.is_ok_and(|status| status.success()) {
            println!("skipped: a disk of its own cannot be mounted here");
            return None;
        }
        server.run();
        Some(server)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.running.as_ref().expect("the server runs").address
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.running.as_ref().expect("the server runs").child.id()
    }

    /// Its data directory.
    pub(crate) fn data_dir(&self) -> PathBuf {
        let path = self.dir.path().join("data");
        match self.disk_bytes {
            None => path,
            // Only its own process sees the disk.
            Some(_) => Path::new(&format!("/proc/{}/root", self.pid()))
                .join(path.strip_prefix("/").expect("it is absolute")),
        }
    }

    /// The token that it wrote at its first start.
    pub(crate) fn admin_token(&self) -> String {
        let path = self.data_dir().join("admin.token");
        fs::read_to_string(&path).expect("the admin token is there").trim().to_owned()
    }

    /// Everything that it logged.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log_path()).unwrap_or_default()).into_owned()
    }

    fn log_path(&self) -> PathBuf {
        self.dir.path().join("stderr.log")
    }

    /// Ends it as a power cut would: SIGKILL, and no goodbye.
    pub(crate) fn kill(&mut self) {
        let mut running = self.running.take().expect("the server runs");
        running.child.kill().expect("it can be killed");
        running.child.wait().expect("it has ended");
    }

    /// Asks it to stop.
    pub(crate) fn terminate(&self) {
        let pid = Pid::from_raw(self.pid().cast_signed()).expect("a process id");
        kill_process(pid, Signal::TERM).expect("it can be asked");
    }

    /// Asks it to stop and awaits its end.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.terminate();
        self.wait()
    }

    /// Awaits its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let mut running = self.running.take().expect("the server runs");
        until_blocking("the server ends", || running.child.try_wait().expect("it can be asked"))
    }

    /// Starts it again over the same data, on another port.
    pub(crate) fn restart(&mut self) {
        if self.running.is_some() {
            self.kill();
        }
        self.run();
    }

    /// Starts it again with other flags. Answers whether it came so far as to
    /// listen.
    pub(crate) fn restart_with(&mut self, flags: &[String]) -> bool {
        if self.running.is_some() {
            self.kill();
        }
        self.flags = flags.to_vec();
        self.try_run()
    }

    /// A server that was not started yet.
    pub(crate) fn idle() -> Self {
        Self::idle_in(&std::env::temp_dir())
    }

    /// The same with its data in memory, where the system has such a place: what
    /// the end of a process leaves does not depend on a disk, whose syncs can take
    /// most of a test's time.
    pub(crate) fn idle_in_memory() -> Self {
        let memory = Path::new(MEMORY_DIR);
        if memory.is_dir() { Self::idle_in(memory) } else { Self::idle() }
    }

    fn idle_in(parent: &Path) -> Self {
        let dir = tempfile::Builder::new().prefix("tenantry-").tempdir_in(parent);
        Self { dir: dir.expect("a directory"), flags: Vec::new(), disk_bytes: None, running: None }
    }

    fn run(&mut self) {
        assert!(
            self.try_run(),
            "the server did not tell where it listens; it logged:\n{}",
            self.log()
        );
    }

    fn try_run(&mut self) -> bool {
        let log = File::options().create(true).append(true).open(self.log_path()).expect("a log");
        let mut command = serve(&self.dir.path().join("data"), "127.0.0.1:0");
        command.args(&self.flags);
        if let Some(bytes) = self.disk_bytes {
            command = on_a_disk(bytes, self.dir.path(), &command);
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the server starts");
        let reaper = Reaper::of(&child, self.dir.path());
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let (found, address) = mpsc::channel();
        // It goes on reading, so that the server never waits for the pipe.
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if let Some(rest) = line.strip_prefix(LISTENING) {
                    let address = rest.split_whitespace().next().unwrap_or_default();
                    let _ = found.send(address.to_owned());
                }
            }
        });
        let Ok(address) = address.recv_timeout(PATIENCE) else {
            let _ = child.kill();
            let _ = child.wait();
            return false;
        };
        let address = address.parse().expect("a socket address");
        self.running = Some(Running { child, address, _reaper: reaper });
        true
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.running.is_some() {
            self.kill();
        }
        if std::thread::panicking() {
            show_log(&self.log());
        }
    }
}

/// Shows the end of a server's log beside a failed test.
pub(crate) fn show_log(log: &str) {
    let start = log.len().saturating_sub(LOG_SHOWN_BYTES);
    let start = (start..log.len()).find(|&at| log.is_char_boundary(at)).unwrap_or(log.len());
    eprintln!("--- the server logged ---\n{}--- end of the log ---", &log[start..]);
}

/// The same command with a disk of its own at a directory.
fn on_a_disk(bytes: u64, dir: &Path, command: &Command) -> Command {
    let mut on_disk = Command::new("unshare");
    on_disk.args(["--map-root-user", "--mount", "sh", "-c", ON_A_DISK, "sh"]);
    on_disk.arg(bytes.to_string()).arg(dir).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => on_disk.env(name, value),
            None => on_disk.env_remove(name),
        };
    }
    on_disk
}

/// The command `tenantry serve`, without this process' environment for it.
pub(crate) fn serve(data_dir: &Path, listen: &str) -> Command {
    let mut command = tenantry();
    command.args(["serve", "--listen", listen, "--data-dir"]).arg(data_dir).stdin(Stdio::null());
    command
}

/// The command `tenantry`, as if no setting of it were in the environment.
pub(crate) fn tenantry() -> Command {
    let mut command = Command::new(&*BINARY);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TENANTRY_") {
            command.env_remove(name);
        }
    }
    command.env_remove("RUST_LOG");
    // Nor are contexts kept there.
    command.env("XDG_CONFIG_HOME", "/nonexistent");
    command
}

/// Ends a server with the test process, however that ends: a shell that waits
/// for the end of its input, which comes when this process is gone.
struct Reaper {
    shell: Child,
    _input: ChildStdin,
}

impl Reaper {
    fn of(server: &Child, dir: &Path) -> Self {
        let mut shell = Command::new("sh")
            .args(["-c", "read -r _; kill -9 \"$1\"; rm -rf \"$2\"", "reaper"])
            .arg(server.id().to_string())
            .arg(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell starts");
        let input = shell.stdin.take().expect("it is piped");
        Self { shell, _input: input }
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        // Before its input ends: by then the process id may be another's.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
