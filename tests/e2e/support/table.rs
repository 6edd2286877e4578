//! Tables of cases that stand in a file as text, and are brought up to date by
//! one variable of the environment.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tenantry_client::errors;
use tonic::Status;

use super::client::reason;

/// Brings the tables up to date instead of comparing them.
const UPDATE_VARIABLE: &str = "UPDATE_SNAPSHOTS";

/// Whether the tables are being brought up to date.
pub(crate) fn is_updating() -> bool {
    std::env::var_os(UPDATE_VARIABLE).is_some()
}

/// Compares a text with what stands in a file below `e2e/`, or puts it there.
pub(crate) fn check(file: &str, stands: &str, actual: &str) {
    if stands == actual {
        return;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e").join(file);
    if is_updating() {
        // A file that holds more than the table keeps the rest.
        let whole = fs::read_to_string(&path).unwrap_or_default();
        let updated = match whole.contains(stands) && !stands.is_empty() {
            true => whole.replacen(stands, actual, 1),
            false => actual.to_owned(),
        };
        fs::write(&path, updated).expect("the table is updated");
        return;
    }
    let mut difference = String::new();
    for line in actual.lines().filter(|line| !stands.lines().any(|other| other == *line)) {
        let _ = writeln!(difference, "is:  {line}");
    }
    for line in stands.lines().filter(|line| !actual.lines().any(|other| other == *line)) {
        let _ = writeln!(difference, "was: {line}");
    }
    panic!("{file} differs; after a look at it run with {UPDATE_VARIABLE}=1:\n{difference}");
}

/// What became of a call: its code, its reason and its message, and where in the
/// SQL the error stands, if it does.
pub(crate) fn outcome(answer: &Result<Vec<Value>, Status>) -> String {
    let in_band = |answers: &[Value]| {
        let error = answers.iter().find_map(|answer| answer.get("error"))?;
        let info =
            error["details"].as_array()?.iter().find(|detail| detail["reason"].is_string())?;
        let code = tonic::Code::from_i32(i32::try_from(error["code"].as_i64()?).ok()?);
        let (reason, message) = (info["reason"].as_str()?, error["message"].as_str()?);
        Some(format!("{} {reason} {message}", code_name(code)))
    };
    match answer {
        Ok(answers) => in_band(answers).unwrap_or_else(|| "OK".to_owned()),
        Err(status) => {
            let offset = errors::info(status).and_then(|info| info.metadata.get("offset").cloned());
            let place = offset.map_or(String::new(), |offset| format!(" (offset {offset})"));
            let code = code_name(status.code());
            format!("{code} {} {}{place}", reason(status), status.message())
        }
    }
}

/// The name of a code as gRPC's documents write it.
fn code_name(code: tonic::Code) -> String {
    let mut name = String::new();
    for (index, letter) in format!("{code:?}").char_indices() {
        if letter.is_uppercase() && index > 0 {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}
