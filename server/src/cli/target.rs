//! Which server to talk to, and as whom: what flags, the environment and a kept
//! context say together.
//!
//! Flags go before the environment, and that before the context in use. A context
//! that is named by a flag goes before the environment. What a context keeps for
//! its server never goes to another one.

use std::fs;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::Options;
use super::context::{Context, Store};
use super::failure::Failure;

/// The server when nothing names one.
pub(super) const DEFAULT_ENDPOINT: &str = "http://127.0.0.1:50051";
/// The largest token to read: more than any header can hold.
const TOKEN_BYTES_MAX: u64 = 64 * 1024;
/// The file name that stands for standard input.
const STDIN: &str = "-";

/// A server and how to be admitted there. There is no `Debug`: it would print the
/// token.
pub(super) struct Target {
    /// Where it is.
    pub(super) endpoint: String,
    /// The authorities to trust.
    pub(super) ca: Option<PathBuf>,
    /// The token to show.
    pub(super) token: Option<String>,
    /// Where a server on this machine keeps its first admin token.
    pub(super) data_dir: PathBuf,
}

/// What one source says.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Layer {
    pub(super) endpoint: Option<String>,
    pub(super) ca: Option<PathBuf>,
    pub(super) token: Option<Token>,
    /// Whether its token and its authorities are for its endpoint alone.
    is_bound: bool,
}

/// A token, or where it is.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Token {
    Given(String),
    File(PathBuf),
}

impl Token {
    pub(super) fn read(self) -> Result<String, Failure> {
        match self {
            Self::Given(token) => Ok(token),
            Self::File(path) => read_file(&path),
        }
    }
}

/// What the user says: the parsed options, and where each came from.
pub(super) struct Said<'a> {
    options: &'a Options,
    matches: &'a ArgMatches,
}

impl<'a> Said<'a> {
    pub(super) fn new(options: &'a Options, matches: &'a ArgMatches) -> Self {
        Self { options, matches }
    }

    /// What comes from flags (`true`) or from the environment (`false`).
    pub(super) fn layer(&self, by_flag: bool) -> Layer {
        let wanted = if by_flag { ValueSource::CommandLine } else { ValueSource::EnvVariable };
        let is = |id: &str| self.matches.value_source(id) == Some(wanted);
        let Options { endpoint, ca, token, token_file, .. } = self.options;
        let file =
            token_file.clone().filter(|file| is("token_file") && !file.as_os_str().is_empty());
        let given = token.clone().filter(|token| is("token") && !token.trim().is_empty());
        Layer {
            endpoint: endpoint.clone().filter(|text| is("endpoint") && !text.is_empty()),
            ca: ca.clone().filter(|path| is("ca") && !path.as_os_str().is_empty()),
            token: file.map(Token::File).or(given.map(Token::Given)),
            is_bound: false,
        }
    }

    /// The server to talk to. `is_stdin_taken` where the command reads its standard
    /// input itself.
    pub(super) fn target(&self, store: &Store, is_stdin_taken: bool) -> Result<Target, Failure> {
        let (flags, environment) = (self.layer(true), self.layer(false));
        let is_named = self.matches.value_source("context") == Some(ValueSource::CommandLine);
        let named = self.options.context.as_deref().filter(|name| !name.is_empty());
        // A server that is named in full needs no context: one that cannot be read
        // is in nobody's way.
        let is_complete =
            named.is_none() && [&flags, &environment].iter().any(|layer| layer.endpoint.is_some());
        let context = if is_complete { None } else { store.load()?.pick(named)? };
        let context = context.map(Layer::from).unwrap_or_default();
        let layers =
            if is_named { [flags, context, environment] } else { [flags, environment, context] };
        let (endpoint, ca, token) = combine(layers);
        // At a terminal they come one after the other.
        let is_stdin = matches!(&token, Some(Token::File(path)) if path == Path::new(STDIN));
        if is_stdin && is_stdin_taken && !io::stdin().is_terminal() {
            return Err(Failure::Usage(
                "the token and the SQL cannot both come from standard input: put the token in a \
                 file, which --token-file names"
                    .into(),
            ));
        }
        Ok(Target {
            endpoint,
            ca,
            token: token.map(Token::read).transpose()?,
            data_dir: self.options.data_dir.clone(),
        })
    }
}

impl From<Context> for Layer {
    fn from(context: Context) -> Self {
        Self {
            endpoint: Some(context.endpoint),
            ca: context.ca,
            token: context.token.map(Token::Given),
            is_bound: true,
        }
    }
}

/// The first of the layers that says something says it.
fn combine(layers: [Layer; 3]) -> (String, Option<PathBuf>, Option<Token>) {
    let endpoint = layers.iter().find_map(|layer| layer.endpoint.clone());
    let endpoint = endpoint.unwrap_or_else(|| DEFAULT_ENDPOINT.to_owned());
    let fitting = || {
        layers.iter().filter(|layer| !layer.is_bound || layer.endpoint.as_ref() == Some(&endpoint))
    };
    let ca = fitting().find_map(|layer| layer.ca.clone());
    let token = fitting().find_map(|layer| layer.token.clone());
    (endpoint, ca, token)
}

/// The token that a file holds.
fn read_file(path: &Path) -> Result<String, Failure> {
    let is_stdin = path == Path::new(STDIN);
    let mut token = String::new();
    let read = if is_stdin {
        super::secret::read(&mut token)
    } else {
        fs::File::open(path).and_then(|file| read_bounded(file, &mut token))
    };
    let shown = path.display();
    let name = if is_stdin { "standard input".to_owned() } else { shown.to_string() };
    read.map_err(|error| match error.kind() {
        io::ErrorKind::Interrupted => Failure::Interrupted {
            message: "no token was given".to_owned(),
            hint: "nothing has been done".to_owned(),
        },
        _ => Failure::with_hint(
            format!("cannot read the token from {name}: {error}"),
            "--token-file names a file that holds the token and nothing else; - is standard input",
        ),
    })?;
    match token.trim() {
        "" => Err(Failure::new(format!("there is no token in {name}"))),
        token => Ok(token.to_owned()),
    }
}

/// Reads what can be a token; more than that is none.
pub(super) fn read_bounded(source: impl io::Read, token: &mut String) -> io::Result<()> {
    match source.take(TOKEN_BYTES_MAX + 1).read_to_string(token)? as u64 {
        0..=TOKEN_BYTES_MAX => Ok(()),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "it is too large to be a token")),
    }
}

#[cfg(test)]
#[path = "target_tests.rs"]
mod tests;
