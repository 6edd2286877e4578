//! A program at a terminal of its own: typed to, and read from. Ctrl-C is a key
//! here, as it is for a person.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pty_process::{Size, blocking};
use rustix::process::{Pid, Signal, kill_process};

use super::wait::until_blocking;

/// How large the terminal is, in lines and columns: no line of a test is broken.
const SIZE: (u16, u16) = (40, 250);

/// A running program whose terminal is in the test's hands.
pub(crate) struct Terminal {
    child: Child,
    keyboard: File,
    screen: Arc<Mutex<Vec<u8>>>,
    /// How much of the screen was looked at.
    seen: usize,
}

impl Terminal {
    pub(crate) fn run(command: Command) -> Self {
        let (pty, slave) = blocking::open().expect("a terminal");
        pty.resize(Size::new(SIZE.0, SIZE.1)).expect("it has a size");
        // Whoever starts the tests in the background may have them ignore Ctrl-C, and all
        // that they start.
        let mut at_terminal = blocking::Command::new("env")
            .arg("--default-signal=INT")
            .arg(command.get_program())
            .args(command.get_args());
        if let Some(directory) = command.get_current_dir() {
            at_terminal = at_terminal.current_dir(directory);
        }
        for (name, value) in command.get_envs() {
            at_terminal = match value {
                Some(value) => at_terminal.env(name, value),
                None => at_terminal.env_remove(name),
            };
        }
        // The child alone keeps the other end open from here on.
        let child = at_terminal.env("TERM", "xterm").spawn(slave).expect("it starts");
        let keyboard = File::from(OwnedFd::from(pty));
        let mut output = keyboard.try_clone().expect("a second handle");
        let screen = Arc::new(Mutex::new(Vec::new()));
        let shown = screen.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // The end of the other side is an error here.
            while let Ok(length @ 1..) = output.read(&mut buffer) {
                shown.lock().expect("unpoisoned").extend_from_slice(&buffer[..length]);
            }
        });
        Self { child, keyboard, screen, seen: 0 }
    }

    /// Types a line.
    pub(crate) fn enter(&mut self, line: &str) {
        self.press(&format!("{line}\r"));
    }

    /// Types keys.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("it listens");
    }

    /// Ctrl-C while the program is not reading.
    pub(crate) fn interrupt(&self) {
        let pid = Pid::from_raw(self.child.id().cast_signed()).expect("a process id");
        kill_process(pid, Signal::INT).expect("it is there");
    }

    /// Awaits a text behind what was seen before; answers all up to its end.
    pub(crate) fn expect(&mut self, text: &str) -> String {
        let (from, screen) = (self.seen, self.screen.clone());
        let found = until_blocking(&format!("{text:?} is shown after {:?}", self.shown()), || {
            let screen = screen.lock().expect("unpoisoned");
            let new = &screen[from..];
            let at = new.windows(text.len()).position(|window| window == text.as_bytes())?;
            Some(new[..at + text.len()].to_vec())
        });
        self.seen += found.len();
        String::from_utf8_lossy(&found).into_owned()
    }

    /// Whether a text comes within a while.
    pub(crate) fn shows(&mut self, text: &str, within: Duration) -> bool {
        let start = Instant::now();
        while start.elapsed() < within {
            let screen = self.screen.lock().expect("unpoisoned");
            let new = &screen[self.seen..];
            if let Some(at) = new.windows(text.len()).position(|window| window == text.as_bytes()) {
                drop(screen);
                self.seen += at + text.len();
                return true;
            }
            drop(screen);
            std::thread::yield_now();
        }
        false
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().expect("unpoisoned")).into_owned()
    }

    /// Awaits the program's end; answers its exit code.
    pub(crate) fn end(mut self) -> Option<i32> {
        until_blocking("the program ends", || self.child.try_wait().expect("it can be asked"))
            .code()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- the terminal showed ---\n{}", self.shown());
        }
    }
}
