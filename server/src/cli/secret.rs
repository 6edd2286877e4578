//! Reads a token from standard input: typed without showing it, or from a pipe.

use std::io::{self, IsTerminal as _, Write as _};

use super::target::read_bounded;

/// Reads a line at a terminal, and all there is from anything else.
pub(super) fn read(token: &mut String) -> io::Result<()> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return read_bounded(stdin.lock(), token);
    }
    let mut stderr = io::stderr();
    write!(stderr, "Token: ")?;
    stderr.flush()?;
    let read = without_echo(|| stdin.read_line(token));
    writeln!(stderr)?;
    read.map(drop)
}

#[cfg(unix)]
fn without_echo<T>(read: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let stdin = io::stdin();
    let before = tcgetattr(&stdin)?;
    let mut silent = before.clone();
    silent.local_modes -= LocalModes::ECHO;
    tcsetattr(&stdin, OptionalActions::Flush, &silent)?;
    let read = read();
    tcsetattr(&stdin, OptionalActions::Now, &before)?;
    read
}

#[cfg(not(unix))]
fn without_echo<T>(read: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    read()
}
