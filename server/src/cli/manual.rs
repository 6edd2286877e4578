//! `tenantry completions` and `tenantry man`: what the command line knows about
//! itself, for shells and for readers.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap_complete::Shell;

use super::failure::{Failure, Outcome};

const PROGRAM: &str = "tenantry";

/// For which shell.
#[derive(clap::Args)]
#[command(after_help = COMPLETIONS_HELP)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Known,
}

/// The shells whose completions are tested.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Known {
    /// GNU Bash
    Bash,
    /// Z shell
    Zsh,
    /// fish
    Fish,
}

const COMPLETIONS_HELP: &str = "\
bash:  tenantry completions bash > ~/.local/share/bash-completion/completions/tenantry
zsh:   tenantry completions zsh > ~/.zfunc/_tenantry    (a directory of your $fpath)
fish:  tenantry completions fish > ~/.config/fish/completions/tenantry.fish";

/// Where the manual goes.
#[derive(clap::Args)]
pub struct Man {
    /// Write a page for each command into this directory; without it the first
    /// page goes to standard output: tenantry man | man -l -
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Completions {
    /// Prints the script.
    pub(super) fn run(&self, mut program: clap::Command) -> Outcome {
        let shell = match self.shell {
            Known::Bash => Shell::Bash,
            Known::Zsh => Shell::Zsh,
            Known::Fish => Shell::Fish,
        };
        // Made in memory first: the generator gives up where it cannot write.
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut program, PROGRAM, &mut script);
        Ok(io::stdout().write_all(&script)?)
    }
}

impl Man {
    /// Prints the first page, or writes them all.
    pub(super) fn run(&self, program: clap::Command) -> Outcome {
        let Some(directory) = &self.dir else {
            let mut page = Vec::new();
            clap_mangen::Man::new(program).render(&mut page)?;
            return Ok(io::stdout().write_all(&page)?);
        };
        write_pages(directory, program).map_err(|error| {
            Failure::new(format!("cannot write the manual to {}: {error}", directory.display()))
        })
    }
}

fn write_pages(directory: &Path, program: clap::Command) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    clap_mangen::generate_to(program, directory)
}
