//! Values and resources as JSON.
//!
//! The output is exact: integers are numbers with all their digits. Characters
//! that could drive a terminal are written as escapes, which means the same to
//! any reader of JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};
use tenantry_client::v1::Value;
use tenantry_client::v1::value::Kind;

use super::text::{is_hostile, real_text};

/// The fields of a resource, in the order in which they are shown.
pub(in crate::cli) type Fields = Vec<(&'static str, Json)>;

/// An SQL value: blobs are `{"base64": …}`, infinities are strings.
pub(super) fn value(value: &Value) -> Json {
    match &value.kind {
        None | Some(Kind::Null(_)) => Json::Null,
        Some(Kind::Integer(integer)) => json!(integer),
        Some(Kind::Real(real)) if real.is_finite() => json!(real),
        Some(Kind::Real(real)) => json!(real_text(*real)),
        Some(Kind::Text(text)) => json!(text),
        Some(Kind::Blob(blob)) => json!({ "base64": STANDARD.encode(blob) }),
    }
}

/// One object on one line, with its members in the given order.
pub(super) fn object<'a>(members: impl IntoIterator<Item = (&'a str, Json)>) -> String {
    let members: Vec<_> =
        members.into_iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
    escape(&format!("{{{}}}", members.join(",")))
}

/// Escapes what `serde_json` leaves as it is. Such characters stand only inside
/// strings, and all of them have four hexadecimal digits.
fn escape(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if is_hostile(c) {
            escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Names for the members of a row: a name that stands twice gets `_2`, `_3` and
/// so on, because most readers of JSON keep only one of them.
pub(super) fn member_names(columns: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(columns.len());
    for column in columns {
        let numbered = (2_u32..).map(|number| format!("{column}_{number}"));
        let is_free =
            |name: &String| !names.contains(name) && (name == column || !columns.contains(name));
        let name = std::iter::once(column.clone()).chain(numbered).find(is_free);
        names.push(name.unwrap_or_default());
    }
    names
}
