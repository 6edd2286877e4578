//! Reads the values of flags that are more than a word.

use std::time::Duration;

use tenantry_client::v1::{Action, Permission};

/// The group of a reference that has none.
pub(super) const DEFAULT_GROUP: &str = "default";
/// What flags call every table, and what the API calls it.
const EVERY_TABLE: (&str, &str) = ("all", "*");

/// The actions by the names that flags give them.
const ACTIONS: [(&str, Action); 7] = [
    ("data_read", Action::DataRead),
    ("data_add", Action::DataAdd),
    ("data_update", Action::DataUpdate),
    ("data_delete", Action::DataDelete),
    ("schema_add", Action::SchemaAdd),
    ("schema_update", Action::SchemaUpdate),
    ("schema_delete", Action::SchemaDelete),
];

/// How an action is called in flags and in output.
pub(super) fn action_name(action: Action) -> &'static str {
    ACTIONS.iter().find(|(_, known)| *known == action).map_or("unknown", |(name, _)| name)
}

/// Reads `TABLE:ACTION[,ACTION…]`. The table comes before the last colon.
pub(super) fn permission(text: &str) -> Result<Permission, String> {
    let (table, actions) =
        text.rsplit_once(':').ok_or("write it as TABLE:ACTION[,ACTION…], as in all:data_read")?;
    if table.is_empty() {
        return Err("the table is missing; `all` means every table".into());
    }
    let table = if table == EVERY_TABLE.0 { EVERY_TABLE.1 } else { table };
    let actions = actions
        .split(',')
        .map(|name| {
            let known = ACTIONS.iter().find(|(known, _)| *known == name.trim());
            known.map(|(_, action)| i32::from(*action)).ok_or_else(|| {
                let names: Vec<_> = ACTIONS.iter().map(|(name, _)| *name).collect();
                format!("there is no action '{name}'; there are {}", names.join(", "))
            })
        })
        .collect::<Result<_, _>>()?;
    Ok(Permission { table: table.to_owned(), actions })
}

/// When a token ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expiration {
    /// When it is revoked.
    Never,
    /// After this time.
    After(Duration),
}

/// Reads `never`, or numbers with units as in `7d` and `1d12h`.
pub(super) fn expiration(text: &str) -> Result<Expiration, String> {
    const WRONG: &str = "write it as 7d, 12h, 30m, 90s, 2w, 1d12h or never";
    if text == "never" {
        return Ok(Expiration::Never);
    }
    let mut seconds = 0_u64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or(WRONG)?;
        let count: u64 = rest[..digits].parse().map_err(|_| WRONG)?;
        let mut chars = rest[digits..].chars();
        let unit_seconds = match chars.next() {
            Some('s') => 1,
            Some('m') => 60,
            Some('h') => 60 * 60,
            Some('d') => 24 * 60 * 60,
            Some('w') => 7 * 24 * 60 * 60,
            _ => return Err(WRONG.into()),
        };
        let part = count.checked_mul(unit_seconds);
        seconds = part.and_then(|part| seconds.checked_add(part)).ok_or("it is too long")?;
        rest = chars.as_str();
    }
    if seconds == 0 {
        Err(WRONG.into())
    } else {
        Ok(Expiration::After(Duration::from_secs(seconds)))
    }
}

/// Where a reference to a database stands that has no group of its own: next to
/// `main`, because what is attached must be of the same group.
pub(super) fn in_group_of(main: &str, reference: &str) -> String {
    match main.split_once('/') {
        Some((group, _)) if !reference.contains('/') => format!("{group}/{reference}"),
        _ => reference.to_owned(),
    }
}

/// The group of a reference.
pub(super) fn group_of(reference: &str) -> &str {
    reference.split_once('/').map_or(DEFAULT_GROUP, |(group, _)| group)
}

/// The name or UUID of a database of `group`; `None` when the reference says
/// another group. Without a group it is of this one.
pub(super) fn name_in_group<'a>(group: &str, reference: &'a str) -> Option<&'a str> {
    match reference.split_once('/') {
        None => Some(reference),
        Some((other, name)) => (other == group).then_some(name),
    }
}

/// Reads `KEY=VALUE`.
pub(super) fn label(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write it as KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Reads a size in bytes: a number, with KiB, MiB, GiB or TiB after it or none.
pub(super) fn size_bytes(text: &str) -> Result<u64, String> {
    const WRONG: &str = "write it as bytes, or with a unit: 512MiB, 2GiB";
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (count, unit) = text.split_at(digits);
    let count: u64 = count.parse().map_err(|_| WRONG)?;
    let unit_bytes = match unit {
        "" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return Err(WRONG.into()),
    };
    count.checked_mul(unit_bytes).ok_or_else(|| "it is too large".into())
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
