//! `tenantry context`: servers by name, each with its token.
//!
//! Nothing here talks to a server, and no token is ever printed.

mod store;

use std::path::Path;

use serde_json::json;

use super::client;
use super::failure::{Failure, Outcome};
use super::output::{self, Fields, Format, Listing};
use super::target::{Layer, Token};

pub(super) use store::{Context, Store};
use store::{Contexts, missing};

/// The longest name of a context, in bytes.
const NAME_BYTES_MAX: usize = 64;

const ADD_HELP: &str = "\
The token comes from a file, or from standard input by `--token-file -`, which asks
for it at a terminal without showing it:
  tenantry context add prod --endpoint https://db.example --token-file -
  pass show tenantry | tenantry context add prod --endpoint https://db.example --token-file -
Without a token, a server on this machine gets its own first admin token.

With --replace, what is not given stays as it was; for another endpoint, the token and
the authorities are left out, because they belong to the old one.";

/// What to do with contexts.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Keep a server under a name, with its token; the first is in use at once
    #[command(after_help = ADD_HELP)]
    Add {
        /// The name: letters, digits, '.', '_' and '-'
        name: String,
        /// Change the one of this name
        #[arg(long)]
        replace: bool,
    },

    /// Talk to this one when nothing else is said
    Use {
        /// The context
        name: String,
    },

    /// List them
    List,

    /// Show one, without its token
    Show {
        /// The context [default: the one in use]
        name: Option<String>,
    },

    /// Forget one, and its token
    Remove {
        /// The context
        name: String,
    },
}

/// Runs the command. `given` is what the flags say.
pub(super) fn run(command: Command, store: &Store, given: Layer, format: Format) -> Outcome {
    match command {
        Command::Add { name, replace } => add(&name, replace, store, given, format),
        Command::Use { name } => {
            let _lock = store.lock()?;
            let mut contexts = store.load()?;
            let fields_of = |contexts: &Contexts| fields(contexts, &name);
            fields_of(&contexts)?;
            contexts.current = Some(name.clone());
            store.save(&contexts)?;
            let endpoint = &contexts.contexts[&name].endpoint;
            let sentence = format!("context {name} is in use: {endpoint}");
            Ok(output::confirm(format, &sentence, fields_of(&contexts)?)?)
        }
        Command::List => {
            let contexts = store.load()?;
            let columns = &["name", "endpoint", "has_token", "ca", "in_use"];
            let mut listing = Listing::new(output::stdout(), format, columns);
            for name in contexts.contexts.keys() {
                listing.add(fields(&contexts, name)?)?;
            }
            Ok(listing.finish()?)
        }
        Command::Show { name } => {
            let contexts = store.load()?;
            let name = name.or_else(|| contexts.current.clone()).ok_or_else(|| {
                Failure::with_hint(
                    "no context is in use",
                    "`tenantry context use NAME` chooses one",
                )
            })?;
            Ok(output::show(format, fields(&contexts, &name)?)?)
        }
        Command::Remove { name } => {
            let _lock = store.lock()?;
            let mut contexts = store.load()?;
            let fields = fields(&contexts, &name)?;
            contexts.contexts.remove(&name);
            if contexts.current.as_ref() == Some(&name) {
                contexts.current = None;
            }
            store.save(&contexts)?;
            Ok(output::confirm(format, &format!("removed context {name}"), fields)?)
        }
    }
}

/// Keeps a context, and uses it where there is no other.
fn add(name: &str, replace: bool, store: &Store, mut given: Layer, format: Format) -> Outcome {
    check_name(name)?;
    // A token is only asked for when the rest makes sense, and nobody waits meanwhile.
    let token = given.token.take();
    merge(before(&store.load()?, name, replace)?, given.clone())?;
    given.token = token.map(Token::read).transpose()?.map(Token::Given);

    let _lock = store.lock()?;
    let mut contexts = store.load()?;
    let context = merge(before(&contexts, name, replace)?, given)?;
    let is_first = contexts.contexts.is_empty();
    if is_first {
        contexts.current = Some(name.to_owned());
    }
    let mut sentence = format!("context {name} is {}", context.endpoint);
    if context.token.is_none() {
        sentence.push_str(", without a token");
    }
    if is_first {
        sentence.push_str("; it is in use from now on");
    }
    contexts.contexts.insert(name.to_owned(), context);
    store.save(&contexts)?;
    Ok(output::confirm(format, &sentence, fields(&contexts, name)?)?)
}

/// The context that this one replaces.
fn before<'a>(
    contexts: &'a Contexts,
    name: &str,
    replace: bool,
) -> Result<Option<&'a Context>, Failure> {
    let before = contexts.contexts.get(name);
    if before.is_some() && !replace {
        return Err(Failure::with_hint(
            format!("there is a context '{name}' already"),
            "--replace changes it",
        ));
    }
    Ok(before)
}

/// What a context is from now on.
fn merge(before: Option<&Context>, given: Layer) -> Result<Context, Failure> {
    let endpoint = given.endpoint.or_else(|| before.map(|before| before.endpoint.clone()));
    let endpoint = endpoint
        .ok_or_else(|| Failure::Usage("which server is it? --endpoint URL names it".into()))?;
    let before = before.filter(|before| before.endpoint == endpoint);
    let ca = match given.ca {
        // It is found again from any directory.
        Some(ca) => Some(std::path::absolute(&ca).unwrap_or(ca)),
        None => before.and_then(|before| before.ca.clone()),
    };
    client::check_endpoint(&endpoint, ca.as_deref().map(Path::new))?;
    let token = match given.token {
        Some(token) => Some(token.read()?),
        None => before.and_then(|before| before.token.clone()),
    };
    Ok(Context { endpoint, ca, token })
}

fn check_name(name: &str) -> Outcome {
    let is_fine = (1..=NAME_BYTES_MAX).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        && !name.starts_with('-');
    if is_fine {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "'{name}' is no name of a context: 1 to {NAME_BYTES_MAX} letters, digits, '.', '_' and '-'"
    )))
}

/// What is shown of a context. The token is not.
fn fields(contexts: &Contexts, name: &str) -> Result<Fields, Failure> {
    let context = contexts.contexts.get(name).ok_or_else(|| missing(name))?;
    Ok(vec![
        ("name", json!(name)),
        ("endpoint", json!(context.endpoint)),
        ("has_token", json!(context.token.is_some())),
        ("ca", json!(context.ca.as_ref().map(|ca| ca.to_string_lossy()))),
        ("in_use", json!(contexts.current.as_deref() == Some(name))),
    ])
}
