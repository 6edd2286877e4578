//! A directory of generated files against the one that is checked in.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;

/// Makes `target` hold what `fresh` holds and nothing else; answers the files, from
/// `target`, that differed, were missing or too many. With `check` it only answers.
pub(super) fn replace(target: &Path, fresh: &Path, check: bool) -> Result<Vec<PathBuf>> {
    let (present, wanted) = (files(target)?, files(fresh)?);
    if wanted.is_empty() {
        return Err("nothing was generated".into());
    }
    let mut stale = Vec::new();
    for (path, bytes) in &wanted {
        if present.get(path) != Some(bytes) {
            stale.push(path.clone());
            if !check {
                let path = target.join(path);
                fs::create_dir_all(path.parent().unwrap_or(target))?;
                fs::write(path, bytes)?;
            }
        }
    }
    for path in present.keys().filter(|path| !wanted.contains_key(*path)) {
        stale.push(path.clone());
        if !check {
            fs::remove_file(target.join(path))?;
        }
    }
    Ok(stale)
}

/// All files below a directory, by their paths from there; none if it is not there.
/// What tools leave beside sources is not among them.
fn files(dir: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut pending = vec![dir.to_owned()];
    while let Some(next) = pending.pop().filter(|next| next.is_dir()) {
        for entry in fs::read_dir(next)? {
            let path = entry?.path();
            if path.is_file() {
                found.insert(path.strip_prefix(dir)?.to_owned(), fs::read(&path)?);
            } else if !path.ends_with("__pycache__") {
                pending.push(path);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_told_and_then_replaced() {
        let (target, fresh) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (target, fresh) = (target.path(), fresh.path());
        fs::create_dir(fresh.join("v1")).unwrap();
        fs::write(fresh.join("v1/same"), "1").unwrap();
        fs::write(fresh.join("v1/other"), "2").unwrap();
        fs::create_dir(target.join("v1")).unwrap();
        fs::write(target.join("v1/same"), "1").unwrap();
        fs::write(target.join("v1/gone"), "3").unwrap();

        let stale = [PathBuf::from("v1/other"), PathBuf::from("v1/gone")];
        assert_eq!(replace(target, fresh, true).unwrap(), stale);
        assert!(target.join("v1/gone").exists(), "a check changes nothing");
        assert_eq!(replace(target, fresh, false).unwrap(), stale);
        assert!(replace(target, fresh, true).unwrap().is_empty());
    }
}
