//! `layers`: checks the walls of the server crate.
//!
//! The server is a house of floors: a module uses those on floors below its own
//! and never one above. What a module uses is read from its paths, `use` items
//! and inline ones alike, also in macros and tests. There are no exceptions to
//! list, on purpose: whoever needs one moves the code or the wall.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::Result;

mod paths;
#[cfg(test)]
mod tests;
mod tokens;

use paths::{Target, Use};

/// The crate whose walls these are.
const SOURCE_DIR: &str = "server/src";

/// A floor: the top-level modules on it, and whether they may use each other.
struct Floor {
    modules: &'static [&'static str],
    siblings: Siblings,
}

#[derive(PartialEq, Eq)]
enum Siblings {
    /// They never use each other.
    Apart,
    /// They may, but not in a circle.
    Together,
}

use Siblings::{Apart, Together};

/// The floors, from the roof down. `main` and `lib` are the files of that name.
const FLOORS: [Floor; 7] = [
    Floor { modules: &["main", "lib"], siblings: Apart },
    Floor { modules: &["app", "cli"], siblings: Apart },
    Floor { modules: &["rpc"], siblings: Apart },
    Floor { modules: &["databases", "query", "schema"], siblings: Apart },
    Floor { modules: &["grants"], siblings: Apart },
    Floor { modules: &["storage"], siblings: Apart },
    Floor { modules: &["config", "env", "names", "error"], siblings: Together },
];

/// Modules that only these others use.
const USED_ONLY_BY: [(&str, &[&str]); 1] = [("config", &["main", "app"])];

/// Modules that use no other than these.
const USES_ONLY: [(&str, &[&str]); 1] = [
    // A client of the server, not a part of it.
    ("cli", &["names", "error"]),
];

/// Crates that only these modules name.
const CRATES: [(&[&str], &[&str]); 3] = [
    (&["rusqlite", "libsqlite3_sys", "sqlite3_parser"], &["storage"]),
    (&["jsonwebtoken"], &["grants"]),
    (
        &[
            "tonic",
            "tonic_health",
            "tonic_prost",
            "tonic_reflection",
            "tonic_types",
            "tonic_web",
            "tower_http",
            "prost",
            "prost_types",
            "tenantry_client",
        ],
        &["main", "app", "rpc", "cli"],
    ),
];

/// Checks every file of the server; fails when a wall is broken.
pub(crate) fn run(root: &Path) -> Result {
    let mut files = Vec::new();
    read_sources(&root.join(SOURCE_DIR), "", &mut files)?;
    let violations = check(&files);
    for violation in &violations {
        println!("{SOURCE_DIR}/{violation}");
    }
    if !violations.is_empty() {
        return Err(format!("{} violations of the layers", violations.len()).into());
    }
    println!("layers: {} files keep to their floors", files.len());
    Ok(())
}

/// Reads all Rust files below `dir`: their paths from the source directory,
/// with `/`, and their texts.
fn read_sources(dir: &Path, prefix: &str, files: &mut Vec<(String, String)>) -> Result {
    let mut entries = fs::read_dir(dir)?.collect::<std::io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            read_sources(&entry.path(), &format!("{name}/"), files)?;
        } else if name.ends_with(".rs") {
            files.push((name, fs::read_to_string(entry.path())?));
        }
    }
    Ok(())
}

/// All violations in these files, in the order of the files.
fn check(files: &[(String, String)]) -> Vec<String> {
    let modules: Vec<&str> = FLOORS.iter().flat_map(|floor| floor.modules).copied().collect();
    let mut violations = Vec::new();
    let mut edges = BTreeSet::new();
    for (file, source) in files {
        let from = paths::top_module(file);
        if floor_of(from).is_none() {
            violations.push(format!("{file}: module `{from}` has no floor: give it one in xtask"));
            continue;
        }
        for used in paths::uses(file, source, &modules) {
            let Use { line, target } = &used;
            if let Some(why) = violation(from, target) {
                violations.push(format!("{file}:{line}: {why}"));
                // A group of names from one wrong module is told once.
                violations.dedup();
            } else if let Target::Module(to) = target {
                edges.insert((from.to_owned(), to.clone()));
            }
        }
    }
    violations.extend(circles(&edges));
    violations
}

/// Why `from` may not use `target`; `None` when it may.
fn violation(from: &str, target: &Target) -> Option<String> {
    match target {
        Target::Crate(name) => {
            let (_, allowed) = CRATES.iter().find(|(crates, _)| crates.contains(&name.as_str()))?;
            (!allowed.contains(&from))
                .then(|| format!("`{from}` names the crate `{name}`, only {} may", list(allowed)))
        }
        Target::EveryModule => Some(format!("`{from}` imports the whole crate: name the module")),
        Target::Module(to) if to == from => None,
        Target::Module(to) => module_violation(from, to),
    }
}

/// Why the module `from` may not use the module `to`; `None` when it may.
fn module_violation(from: &str, to: &str) -> Option<String> {
    let Some(to_floor) = floor_of(to) else {
        return Some(format!("`{from}` uses `crate::{to}`, which is not a module with a floor"));
    };
    let from_floor = floor_of(from)?;
    if to_floor < from_floor {
        return Some(format!("`{from}` uses `{to}`, which is on a floor above"));
    }
    if to_floor == from_floor && FLOORS[to_floor].siblings == Apart {
        return Some(format!("`{from}` uses its sibling `{to}`"));
    }
    let used_by = USED_ONLY_BY.iter().find(|(module, _)| *module == to);
    if let Some((_, users)) = used_by.filter(|(_, users)| !users.contains(&from)) {
        return Some(format!("`{from}` uses `{to}`, only {} may", list(users)));
    }
    let uses = USES_ONLY.iter().find(|(module, _)| *module == from);
    if let Some((_, used)) = uses.filter(|(_, used)| !used.contains(&to)) {
        return Some(format!("`{from}` uses `{to}`, it may use only {}", list(used)));
    }
    None
}

/// The floor of a module, counted from the roof.
fn floor_of(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.modules.contains(&module))
}

/// `a`, `b` and `c`.
fn list(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [first @ .., second_last, last] if !first.is_empty() => {
            format!("{}, {second_last} and {last}", first.join(", "))
        }
        _ => names.join(" and "),
    }
}

/// The import circles between modules, each told once.
///
/// Edges that break a floor are told already, so a circle lies inside a floor,
/// which is small: following every path from every module is good enough.
fn circles(edges: &BTreeSet<(String, String)>) -> BTreeSet<String> {
    fn follow<'a>(
        edges: &'a BTreeSet<(String, String)>,
        path: &mut Vec<&'a str>,
        found: &mut BTreeSet<String>,
    ) {
        let last = path[path.len() - 1];
        for (_, to) in edges.iter().filter(|(from, to)| from == last && to != last) {
            if to == path[0] {
                found.insert(format!("import circle: {} -> {to}", path.join(" -> ")));
            } else if to.as_str() > path[0] && !path.contains(&to.as_str()) {
                // Only from its first module in the alphabet, so that each is
                // found once.
                path.push(to);
                follow(edges, path, found);
                path.pop();
            }
        }
    }
    let mut found = BTreeSet::new();
    for (from, _) in edges {
        follow(edges, &mut vec![from], &mut found);
    }
    found
}
