//! Values as text for reading.

use std::fmt::Write as _;

use tenantry_client::v1::Value;
use tenantry_client::v1::value::Kind;

/// How NULL is shown.
const NULL: &str = "NULL";

/// Text on one line, with everything escaped that could move the cursor, change
/// the terminal or reorder what is read.
pub(in crate::cli) fn visible(text: &str) -> String {
    escape(text, |_| false)
}

/// As `visible`, but lines and tabs stay: for text that is shown alone.
pub(in crate::cli) fn plain(text: &str) -> String {
    escape(text, |c| c == '\n' || c == '\t')
}

fn escape(text: &str, keep: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            _ if !is_hostile(c) || keep(c) => shown.push(c),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            _ => shown.extend(c.escape_unicode()),
        }
    }
    shown
}

/// Whether a character does more than stand in its place: control characters,
/// line separators, and the marks that change the direction of text.
pub(in crate::cli) fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A value as one line. Text that would read as something else is quoted as in
/// SQL, so that NULL and the text `NULL` differ.
pub(super) fn cell(value: &Value) -> String {
    match &value.kind {
        None | Some(Kind::Null(_)) => NULL.to_owned(),
        Some(Kind::Integer(integer)) => integer.to_string(),
        Some(Kind::Real(real)) => real_text(*real),
        Some(Kind::Text(text))
            if text == NULL || text.starts_with("x'") || text.starts_with('\'') =>
        {
            format!("'{}'", visible(&text.replace('\'', "''")))
        }
        Some(Kind::Text(text)) => visible(text),
        Some(Kind::Blob(blob)) => blob_text(blob),
    }
}

/// Whether a value stands at the right of its column.
pub(super) fn is_number(value: &Value) -> bool {
    matches!(value.kind, Some(Kind::Integer(_) | Kind::Real(_)))
}

/// A float that reads back as the same float, and never as an integer.
pub(super) fn real_text(real: f64) -> String {
    if real.is_infinite() {
        return if real > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    format!("{real:?}")
}

/// A blob as SQL writes it.
pub(in crate::cli) fn blob_text(blob: &[u8]) -> String {
    let mut text = String::with_capacity(2 * blob.len() + 3);
    text.push_str("x'");
    for byte in blob {
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\'');
    text
}
