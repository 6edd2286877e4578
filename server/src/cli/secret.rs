//! Reads a token from standard input: typed without showing it, or from a pipe.

use std::io::{self, IsTerminal as _, Write as _};

use super::target::read_bounded;

/// What the keys send that end the input, give it up, and take back what was typed.
#[cfg(unix)]
mod key {
    pub(super) const CTRL_C: u8 = 3;
    pub(super) const CTRL_D: u8 = 4;
    pub(super) const BACKSPACE: u8 = 8;
    pub(super) const CTRL_U: u8 = 21;
    pub(super) const DELETE: u8 = 127;
}

/// Reads a line at a terminal, and all there is from anything else. Ctrl-C is an
/// error of the kind `Interrupted`.
pub(super) fn read(token: &mut String) -> io::Result<()> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return read_bounded(stdin.lock(), token);
    }
    let read = ask(token);
    writeln!(io::stderr())?;
    read
}

fn prompt() -> io::Result<()> {
    let mut stderr = io::stderr();
    write!(stderr, "Token: ")?;
    stderr.flush()
}

/// The terminal shows nothing, hands over each byte, because it would cut a long
/// line, and turns no key into a signal, which would leave it so.
#[cfg(unix)]
fn ask(token: &mut String) -> io::Result<()> {
    use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};
    use std::os::fd::AsFd as _;
    let stdin = io::stdin();
    // Not through a buffer: what follows the line is for somebody else.
    let keys = std::fs::File::from(stdin.as_fd().try_clone_to_owned()?);
    let before = tcgetattr(&stdin)?;
    let mut silent = before.clone();
    silent.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
    silent.special_codes[SpecialCodeIndex::VMIN] = 1;
    silent.special_codes[SpecialCodeIndex::VTIME] = 0;
    tcsetattr(&stdin, OptionalActions::Flush, &silent)?;
    let line = prompt().and_then(|()| line(keys));
    tcsetattr(&stdin, OptionalActions::Now, &before)?;
    read_bounded(line?.as_slice(), token)
}

#[cfg(not(unix))]
fn ask(token: &mut String) -> io::Result<()> {
    prompt()?;
    io::stdin().read_line(token).map(drop)
}

/// A line of keys. Too long a token is refused by whoever takes it, and its rest
/// must not stay for the next program.
#[cfg(unix)]
fn line(mut keys: impl io::Read) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut key = [0];
    while keys.read(&mut key)? > 0 {
        match key[0] {
            b'\n' | b'\r' | key::CTRL_D => break,
            key::CTRL_C => return Err(io::ErrorKind::Interrupted.into()),
            key::BACKSPACE | key::DELETE => drop(line.pop()),
            key::CTRL_U => line.clear(),
            // Other keys of control mean nothing, and are no part of a token.
            byte if byte.is_ascii_control() => {}
            byte => line.push(byte),
        }
    }
    Ok(line)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn keys_make_a_line() {
        let long = "x".repeat(5_000);
        for (keys, expected) in [
            ("abc\nnot this", "abc"),
            ("abc\r", "abc"),
            ("abc", "abc"),
            ("a\u{4}b", "a"),
            ("ab\u{7f}c\u{8}d\t\n", "ad"),
            ("\u{7f}wrong\u{15}right\n", "right"),
            (long.as_str(), long.as_str()),
        ] {
            assert_eq!(line(keys.as_bytes()).expect("a line"), expected.as_bytes(), "{keys:?}");
        }
        let error = line("abc\u{3}\n".as_bytes()).expect_err("it was given up");
        assert_eq!(error.kind(), io::ErrorKind::Interrupted);
    }
}
