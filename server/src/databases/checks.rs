//! The documented constraints of fields.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::storage::catalog::{Settings, SettingsPatch};

/// The most labels of a database.
const LABELS_MAX: usize = 64;
/// The longest key of a label.
const LABEL_KEY_BYTES_MAX: usize = 63;
/// The longest value of a label.
const LABEL_VALUE_BYTES_MAX: usize = 256;

/// Checks the settings of a database that stands at `path` in its request.
pub(super) fn settings(path: &str, settings: &Settings) -> Result<()> {
    size_limit(path, settings.size_limit_bytes)?;
    labels(&format!("{path}.labels"), &settings.labels)
}

/// Checks what an update sets.
pub(super) fn patch(patch: &SettingsPatch) -> Result<()> {
    size_limit("database", patch.size_limit_bytes.unwrap_or_default())?;
    patch.labels.as_ref().map_or(Ok(()), |set| labels("database.labels", set))
}

/// Checks the labels that a list is narrowed to.
pub(super) fn label_filter(wanted: &BTreeMap<String, String>) -> Result<()> {
    labels("labels", wanted)
}

fn size_limit(path: &str, bytes: u64) -> Result<()> {
    if i64::try_from(bytes).is_err() {
        let field = format!("{path}.size_limit_bytes");
        return Err(Error::field(field, format!("must be at most {}", i64::MAX)));
    }
    Ok(())
}

fn labels(path: &str, labels: &BTreeMap<String, String>) -> Result<()> {
    if labels.len() > LABELS_MAX {
        return Err(Error::field(path, format!("must hold at most {LABELS_MAX} labels")));
    }
    for (key, value) in labels {
        if key.is_empty() || key.len() > LABEL_KEY_BYTES_MAX || !key.bytes().all(is_key_byte) {
            let rule = format!(
                "a key must have 1 to {LABEL_KEY_BYTES_MAX} of a-z, 0-9, '_', '.', '/' and '-'"
            );
            return Err(Error::field(path, rule));
        }
        if value.len() > LABEL_VALUE_BYTES_MAX {
            let rule = format!("the value must have at most {LABEL_VALUE_BYTES_MAX} bytes");
            return Err(Error::field(format!("{path}[{key}]"), rule));
        }
    }
    Ok(())
}

fn is_key_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'/' | b'-')
}
