//! The file of contexts: `tenantry/config.json` where programs keep their
//! configuration, for its owner's eyes alone.
//!
//! It holds tokens. One that others could read or change is refused, never mended
//! in silence: who has read it before is not known.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cli::failure::{Failure, Outcome};

/// The directory and the file below the directory of configuration.
const DIRECTORY: &str = "tenantry";
const FILE: &str = "config.json";

/// The file that is locked while the contexts change. It stays: whoever waits for it
/// must wait for the same one as everybody else.
const LOCK: &str = "config.json.lock";

/// A server, and how to be admitted there.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Context {
    pub(in crate::cli) endpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) ca: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) token: Option<String>,
}

/// All contexts, and which one is in use.
#[derive(Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Contexts {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) current: Option<String>,
    #[serde(default)]
    pub(super) contexts: BTreeMap<String, Context>,
}

impl Contexts {
    /// The context of this name, or the one in use. `None` when none is.
    pub(in crate::cli) fn pick(mut self, name: Option<&str>) -> Result<Option<Context>, Failure> {
        let Some(name) = name.or(self.current.as_deref()).map(str::to_owned) else {
            return Ok(None);
        };
        self.contexts.remove(&name).map(Some).ok_or_else(|| missing(&name))
    }
}

/// There is no such context.
pub(super) fn missing(name: &str) -> Failure {
    Failure::with_hint(
        format!("there is no context '{name}'"),
        "`tenantry context list` shows them, `tenantry context add NAME --endpoint URL` makes one",
    )
}

/// Where the contexts are kept.
pub(in crate::cli) struct Store {
    /// `None` where there is no place for it.
    directory: Option<PathBuf>,
}

impl Store {
    /// In this directory of configuration, or in the one of this user.
    pub(in crate::cli) fn new(config_home: Option<&Path>) -> Self {
        let config_home = config_home
            .filter(|path| path.is_absolute())
            .map(Path::to_owned)
            .or_else(|| Some(std::env::home_dir()?.join(".config")));
        Self { directory: config_home.map(|home| home.join(DIRECTORY)) }
    }

    /// All contexts; none where there is no file.
    pub(in crate::cli) fn load(&self) -> Result<Contexts, Failure> {
        let Some(path) = self.directory.as_ref().map(|directory| directory.join(FILE)) else {
            return Ok(Contexts::default());
        };
        let cannot = |error: io::Error| {
            Failure::new(format!("cannot read the contexts in {}: {error}", path.display()))
        };
        let file = match fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Contexts::default()),
            Err(error) => return Err(cannot(error)),
        };
        refuse_shared(&path, &file.metadata().map_err(cannot)?)?;
        serde_json::from_reader(io::BufReader::new(file)).map_err(|error| {
            Failure::with_hint(
                format!("the contexts in {} cannot be understood: {error}", path.display()),
                "mend the file, or move it away and add the contexts again",
            )
        })
    }

    /// Waits until nobody else changes the contexts; nobody does while it is held.
    pub(super) fn lock(&self) -> Result<fs::File, Failure> {
        self.change(|directory| {
            make_private(directory)?;
            let file = open_private(&directory.join(LOCK), fs::OpenOptions::new().create(true))?;
            file.lock()?;
            Ok(file)
        })
    }

    /// Keeps these instead. Whoever reads meanwhile finds the old ones or the new.
    pub(super) fn save(&self, contexts: &Contexts) -> Outcome {
        self.change(|directory| write(directory, contexts))
    }

    fn change<T>(&self, change: impl FnOnce(&Path) -> io::Result<T>) -> Result<T, Failure> {
        let Some(directory) = &self.directory else {
            return Err(Failure::with_hint(
                "there is no place to keep contexts",
                "set HOME or XDG_CONFIG_HOME",
            ));
        };
        change(directory).map_err(|error| {
            Failure::new(format!("cannot keep the contexts in {}: {error}", directory.display()))
        })
    }
}

fn write(directory: &Path, contexts: &Contexts) -> io::Result<()> {
    make_private(directory)?;
    // A link stays one, and what it leads to is replaced.
    let path = match fs::canonicalize(directory.join(FILE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => directory.join(FILE),
        found => found?,
    };
    let mut next = path.clone().into_os_string();
    next.push(format!(".{}", std::process::id()));
    let next = PathBuf::from(next);
    let created = open_private(&next, fs::OpenOptions::new().create_new(true));
    let written = created.and_then(|mut file| {
        serde_json::to_writer_pretty(&mut file, contexts)?;
        writeln!(file)?;
        file.sync_all()?;
        fs::rename(&next, &path)
    });
    if written.is_err() {
        // What is left of it holds tokens.
        let _ = fs::remove_file(&next);
    }
    written
}

#[cfg(unix)]
fn make_private(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700))
}

#[cfg(unix)]
fn open_private(path: &Path, options: &mut fs::OpenOptions) -> io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.write(true).mode(0o600).open(path)
}

#[cfg(unix)]
fn refuse_shared(path: &Path, metadata: &fs::Metadata) -> Outcome {
    use std::os::unix::fs::PermissionsExt as _;
    if metadata.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    let path = path.display();
    Err(Failure::with_hint(
        format!("others can read or change {path}, which holds tokens"),
        format!("chmod 600 '{path}'"),
    ))
}

#[cfg(not(unix))]
fn make_private(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)
}

#[cfg(not(unix))]
fn open_private(path: &Path, options: &mut fs::OpenOptions) -> io::Result<fs::File> {
    options.write(true).open(path)
}

#[cfg(not(unix))]
fn refuse_shared(_path: &Path, _metadata: &fs::Metadata) -> Outcome {
    Ok(())
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
