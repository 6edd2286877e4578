//! Running other programs.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::Result;

/// The cargo that runs this tool, in the repository's root.
pub(crate) fn cargo(root: &Path) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root);
    command
}

/// Runs a command with this process's output; fails when it does.
pub(crate) fn run(command: &mut Command) -> Result {
    let status = command.stdin(Stdio::null()).status().map_err(|error| failed(command, &error))?;
    if status.success() { Ok(()) } else { Err(failed(command, &status)) }
}

/// A command that runs beside others. What it prints is kept, so that it stands together.
pub(crate) struct Beside {
    command: Command,
    child: Child,
    printed: File,
}

impl Beside {
    pub(crate) fn start(mut command: Command) -> Result<Self> {
        let printed = tempfile::tempfile()?;
        command.stdin(Stdio::null()).stdout(printed.try_clone()?).stderr(printed.try_clone()?);
        let child = command.spawn().map_err(|error| failed(&command, &error))?;
        Ok(Self { command, child, printed })
    }

    /// Waits for its end; answers what it has printed, and an error when it fails.
    pub(crate) fn wait(mut self) -> Result<(String, Result)> {
        let status = self.child.wait()?;
        let mut printed = Vec::new();
        self.printed.rewind()?;
        self.printed.read_to_end(&mut printed)?;
        let ended = if status.success() { Ok(()) } else { Err(failed(&self.command, &status)) };
        Ok((String::from_utf8_lossy(&printed).into_owned(), ended))
    }
}

/// Runs a command without a sound, and returns what it prints; fails when it
/// does.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| failed(command, &error))?;
    if output.status.success() { Ok(output.stdout) } else { Err(failed(command, &output.status)) }
}

/// Whether a program is installed.
pub(crate) fn is_installed(program: &str, version_arg: &str) -> bool {
    output(Command::new(program).arg(version_arg)).is_ok()
}

/// Whether this is a CI run, where nothing may be skipped for want of a tool.
pub(crate) fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !["", "0", "false"].contains(&value.as_str()))
}

/// Says which command failed and how, in the form that one could type it.
fn failed(command: &Command, how: &dyn std::fmt::Display) -> Box<dyn std::error::Error> {
    let program = Path::new(command.get_program());
    let program = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy();
    let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy()).collect();
    format!("`{program} {}` failed: {how}", args.join(" ")).into()
}
