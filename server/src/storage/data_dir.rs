//! The data directory: what lies where in it, and that one server alone uses it.
//!
//! ```text
//! DATA/LOCK                                    held for the life of the server
//! DATA/format                                  the version of this layout
//! DATA/admin.token                             the first admin token
//! DATA/keys/                                   signing keys
//! DATA/shard-0000/catalog.db
//! DATA/shard-0000/databases/<2 hex>/<uuid>.db
//! DATA/shard-0000/templates/<uuid>/<generation>.db
//! ```
//!
//! Directories are made durable here, once and at the start, so that whoever
//! creates a file in one has only the file to care for. Nothing here opens a
//! database.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::names::{DatabaseId, Generation};

/// The layout that this program reads and writes.
const FORMAT: u32 = 1;
const FORMAT_FILE: &str = "format";
const LOCK_FILE: &str = "LOCK";
const SHARD_DIR: &str = "shard-0000";
const DATABASES_DIR: &str = "databases";
const TEMPLATES_DIR: &str = "templates";
/// Of a file that [`write_secret`] has not finished.
const DRAFT_SUFFIX: &str = ".new";

const DIR_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// Why a server cannot start on a data directory; its text is for the operator.
#[derive(Debug)]
pub enum DataDirError {
    /// Another process holds the lock.
    InUse {
        /// The data directory.
        dir: PathBuf,
    },
    /// A newer program wrote this.
    NewerFormat {
        /// What it wrote.
        path: PathBuf,
        /// The version in it.
        found: i64,
        /// The newest version that this program reads.
        known: i64,
    },
    /// The format file is missing beside data, or holds no version.
    Damaged {
        /// The format file.
        file: PathBuf,
    },
    /// The file system refused something.
    Io {
        /// What was tried, as in "cannot create".
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// The catalog cannot be opened.
    Catalog {
        /// Its file.
        file: PathBuf,
        /// What SQLite said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl fmt::Display for DataDirError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse { dir } => write!(
                f,
                "the data directory {} is in use by another process; stop that one or choose another directory",
                dir.display()
            ),
            Self::NewerFormat { path, found, known } => write!(
                f,
                "{} has format {found}, and this program reads formats up to {known}; use a newer tenantry",
                path.display()
            ),
            Self::Damaged { file } => write!(
                f,
                "{} is missing or holds no version, though there is data beside it; restore it from a backup",
                file.display()
            ),
            Self::Io { action, path, source } => {
                write!(f, "cannot {action} {}: {source}", path.display())?;
                match source.kind() {
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => f
                        .write_str(
                            "; let the server's user write there or choose another data directory",
                        ),
                    _ => Ok(()),
                }
            }
            Self::Catalog { file, source } => {
                write!(f, "cannot open the catalog {}: {source}", file.display())
            }
        }
    }
}

impl std::error::Error for DataDirError {}

/// The data directory of this process, which nobody else uses until this is
/// dropped.
#[derive(Debug)]
pub struct DataDir {
    root: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Takes a data directory into use, and makes it where there is none.
    pub fn open(root: &Path) -> Result<Self, DataDirError> {
        create_dir(root)?;
        let root = root.canonicalize().map_err(io_error("find", root))?;
        let lock = lock(&root)?;
        check_format(&root)?;
        let dir = Self { root, _lock: lock };
        create_dir(&dir.keys_dir())?;
        create_dir(&dir.databases_dir())?;
        create_fan_out(&dir.databases_dir())?;
        Ok(dir)
    }

    /// The catalog's file.
    pub fn catalog_file(&self) -> PathBuf {
        self.shard_dir().join("catalog.db")
    }

    /// A database's file. Its directory exists; the file need not.
    pub fn database_file(&self, id: DatabaseId) -> PathBuf {
        let name = format!("{id}.db");
        // Ids are random, so that their first byte spreads the files evenly.
        self.databases_dir().join(&name[..2]).join(name)
    }

    /// What new children of a schema are copied from. Its directory is made with
    /// [`DataDir::create_template_dir`].
    pub fn template_file(&self, schema: DatabaseId, generation: Generation) -> PathBuf {
        self.templates_dir(schema).join(format!("{generation}.db"))
    }

    /// Makes the directory of a schema's templates. It need not be durable: what
    /// is lost is made again.
    pub fn create_template_dir(&self, dir: &Path) -> io::Result<()> {
        DirBuilder::new().mode(DIR_MODE).recursive(true).create(dir)
    }

    fn templates_dir(&self, schema: DatabaseId) -> PathBuf {
        self.shard_dir().join(TEMPLATES_DIR).join(schema.to_string())
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A file for work that leaves nothing behind, in the shard's directory.
    pub fn scratch_file(&self) -> PathBuf {
        self.shard_dir().join("scratch.db")
    }

    /// Where signing keys lie.
    pub fn keys_dir(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// The file of the first admin token.
    pub fn admin_token_file(&self) -> PathBuf {
        self.root.join("admin.token")
    }

    /// What a database takes on disk in bytes, its write-ahead log included.
    pub fn database_size(&self, id: DatabaseId) -> u64 {
        let file = self.database_file(id);
        let len = |path: &Path| path.metadata().map_or(0, |metadata| metadata.len());
        len(&file) + len(&with_suffix(&file, "-wal"))
    }

    /// Removes the files of databases that nobody has open. Answers those whose
    /// files are gone for good; the log tells of the others.
    pub fn remove_databases(&self, ids: &[DatabaseId]) -> Vec<DatabaseId> {
        let mut removed = Vec::with_capacity(ids.len());
        let mut dirs = BTreeSet::new();
        for &id in ids {
            let file = self.database_file(id);
            if let Err(error) = ignore_missing(fs::remove_dir_all(self.templates_dir(id))) {
                tracing::warn!(database = %id, %error, "cannot remove the templates of a schema");
            }
            match remove_database(&file) {
                Ok(true) => {
                    dirs.extend(file.parent().map(Path::to_path_buf));
                    removed.push(id);
                }
                Ok(false) => removed.push(id),
                Err(error) => {
                    tracing::warn!(database = %id, %error, "cannot remove the files of a database")
                }
            }
        }
        for dir in dirs {
            if let Err(error) = sync_dir(&dir) {
                tracing::warn!(dir = %dir.display(), %error, "cannot make the removal of files durable");
                removed.retain(|&id| self.database_file(id).parent() != Some(&dir));
            }
        }
        removed
    }

    fn shard_dir(&self) -> PathBuf {
        self.root.join(SHARD_DIR)
    }

    fn databases_dir(&self) -> PathBuf {
        self.shard_dir().join(DATABASES_DIR)
    }
}

/// Puts `bytes` at `path`, readable for the server's user alone. After a crash
/// the file is the old one or the new one, whole; on return it is the new one.
pub fn write_secret(path: &Path, bytes: &[u8]) -> io::Result<()> {
    put_draft(path, |mut draft| draft.write_all(bytes))
}

/// As [`write_secret`], with what is in another file.
pub fn copy_secret(from: &Path, path: &Path) -> io::Result<()> {
    let mut source = File::open(from)?;
    put_draft(path, |mut draft| io::copy(&mut source, &mut draft).map(drop))
}

/// As [`write_secret`], with what `write` makes of an empty file.
pub fn put_in_place<E>(
    path: &Path,
    write: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<io::Result<()>, E> {
    let mut failed = None;
    let put = put_draft(path, |_| {
        write(&draft_of(path)).map_err(|error| {
            failed = Some(error);
            io::Error::other("the draft was not finished")
        })
    });
    failed.map_or(Ok(put), Err)
}

fn draft_of(path: &Path) -> PathBuf {
    with_suffix(path, DRAFT_SUFFIX)
}

fn put_draft(path: &Path, write: impl FnOnce(&File) -> io::Result<()>) -> io::Result<()> {
    let draft = draft_of(path);
    // What a crash left there would keep its own mode.
    ignore_missing(fs::remove_file(&draft))?;
    let file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&draft)?;
    if let Err(error) = write(&file).and_then(|()| file.sync_all()) {
        // Whatever comes after a full disk needs the room.
        let _ = fs::remove_file(&draft);
        return Err(error);
    }
    fs::rename(&draft, path)?;
    path.parent().map_or(Ok(()), sync_dir)
}

/// Creates a directory and those above it, each durable before the next.
fn create_dir(dir: &Path) -> Result<(), DataDirError> {
    if dir.as_os_str().is_empty() || dir.is_dir() {
        return Ok(());
    }
    dir.parent().map_or(Ok(()), create_dir)?;
    let create = || {
        DirBuilder::new().mode(DIR_MODE).create(dir)?;
        sync_dir(&dir.join(".."))
    };
    create().map_err(io_error("create the directory", dir))
}

/// Creates the 256 directories that databases lie in, with one sync for all.
fn create_fan_out(databases: &Path) -> Result<(), DataDirError> {
    let create = || {
        for first_byte in 0..=u8::MAX {
            let dir = databases.join(format!("{first_byte:02x}"));
            if !dir.is_dir() {
                DirBuilder::new().mode(DIR_MODE).create(dir)?;
            }
        }
        sync_dir(databases)
    };
    create().map_err(io_error("create directories in", databases))
}

fn lock(root: &Path) -> Result<File, DataDirError> {
    let path = root.join(LOCK_FILE);
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(FILE_MODE)
        .open(&path)
        .map_err(io_error("write", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(DataDirError::InUse { dir: root.to_path_buf() }),
        Err(TryLockError::Error(source)) => Err(io_error("lock", &path)(source)),
    }
}

fn check_format(root: &Path) -> Result<(), DataDirError> {
    let file = root.join(FORMAT_FILE);
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !root.join(SHARD_DIR).exists() => {
            return write_secret(&file, format!("{FORMAT}\n").as_bytes())
                .map_err(io_error("write", &file));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(DataDirError::Damaged { file });
        }
        Err(error) => return Err(io_error("read", &file)(error)),
    };
    match text.trim().parse::<u32>() {
        Ok(found) if found > FORMAT => Err(DataDirError::NewerFormat {
            path: root.to_path_buf(),
            found: found.into(),
            known: FORMAT.into(),
        }),
        Ok(FORMAT) => Ok(()),
        _ => Err(DataDirError::Damaged { file }),
    }
}

/// Whether there was something to remove.
fn remove_database(file: &Path) -> io::Result<bool> {
    let mut any = false;
    for suffix in ["-wal", "-shm", DRAFT_SUFFIX, ""] {
        any |= ignore_missing(fs::remove_file(with_suffix(file, suffix)))?;
    }
    Ok(any)
}

/// Whether the file was there.
fn ignore_missing(removed: io::Result<()>) -> io::Result<bool> {
    match removed {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DataDirError {
    move |source| DataDirError::Io { action, path: path.to_path_buf(), source }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use uuid::Uuid;

    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().expect("exists").permissions().mode() & 0o777
    }

    #[test]
    fn makes_a_private_directory_and_opens_it_again() {
        let temp = tempfile::tempdir().expect("temp dir");
        let root = temp.path().join("a/data");
        let id = DatabaseId::new(Uuid::from_u128(0xab << 120));
        for _ in 0..2 {
            let dir = DataDir::open(&root).expect("opens");
            for private in [root.clone(), dir.keys_dir(), dir.shard_dir()] {
                assert_eq!(mode(&private), 0o700, "{}", private.display());
            }
            let file = dir.database_file(id);
            assert!(
                file.ends_with(format!("shard-0000/databases/ab/{id}.db")),
                "{}",
                file.display()
            );
            assert!(file.parent().expect("has one").is_dir());
        }
        assert_eq!(fs::read_to_string(root.join("format")).expect("is there"), "1\n");
    }

    #[test]
    fn one_process_at_a_time() {
        let temp = tempfile::tempdir().expect("temp dir");
        let first = DataDir::open(temp.path()).expect("opens");
        let error = DataDir::open(temp.path()).expect_err("in use").to_string();
        assert!(
            error.contains(temp.path().to_str().expect("utf-8"))
                && error.contains("another process"),
            "{error}"
        );
        drop(first);
        DataDir::open(temp.path()).expect("free again");
    }

    #[test]
    fn refuses_what_it_cannot_read() {
        let temp = tempfile::tempdir().expect("temp dir");
        let format = temp.path().join("format");
        drop(DataDir::open(temp.path()).expect("opens"));
        for (text, problem) in
            [("2\n", "has format 2"), ("", "holds no version"), ("x", "holds no version")]
        {
            fs::write(&format, text).expect("writes");
            let error = DataDir::open(temp.path()).expect_err(text).to_string();
            assert!(error.contains(problem), "{error}");
        }
        fs::remove_file(&format).expect("removes");
        assert!(matches!(DataDir::open(temp.path()), Err(DataDirError::Damaged { .. })));
    }

    #[test]
    fn says_where_it_cannot_write() {
        let temp = tempfile::tempdir().expect("temp dir");
        let file = temp.path().join("file");
        fs::write(&file, "").expect("writes");
        let error = DataDir::open(&file.join("data")).expect_err("below a file").to_string();
        assert!(
            error.starts_with("cannot create the directory") && error.contains("/file"),
            "{error}"
        );
        let refused = io_error("write", &file)(io::ErrorKind::PermissionDenied.into()).to_string();
        assert!(refused.contains("let the server's user write there"), "{refused}");
    }

    #[test]
    fn secrets_are_private_and_whole() {
        let temp = tempfile::tempdir().expect("temp dir");
        let path = temp.path().join("secret");
        fs::write(with_suffix(&path, DRAFT_SUFFIX), "left by a crash").expect("writes");
        for text in ["first", "second, longer"] {
            write_secret(&path, text.as_bytes()).expect("writes");
            assert_eq!(
                (fs::read_to_string(&path).expect("is there").as_str(), mode(&path)),
                (text, 0o600)
            );
        }
        assert_eq!(fs::read_dir(temp.path()).expect("reads").count(), 1, "no draft stays");
    }

    #[test]
    fn removes_all_files_of_a_database() {
        let temp = tempfile::tempdir().expect("temp dir");
        let dir = DataDir::open(temp.path()).expect("opens");
        let [used, unused] = [1, 2].map(|n| DatabaseId::new(Uuid::from_u128(n)));
        let file = dir.database_file(used);
        fs::write(&file, "12345").expect("writes");
        fs::write(with_suffix(&file, "-wal"), "123").expect("writes");
        fs::write(with_suffix(&file, "-shm"), "1").expect("writes");
        assert_eq!((dir.database_size(used), dir.database_size(unused)), (8, 0));
        assert_eq!(dir.remove_databases(&[used, unused]), [used, unused]);
        assert_eq!(fs::read_dir(file.parent().expect("has one")).expect("reads").count(), 0);
    }
}
