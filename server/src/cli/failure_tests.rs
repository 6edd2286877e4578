//! How errors are told.

use std::collections::HashMap;

use tonic_types::{ErrorDetails, StatusExt as _};

use super::*;

fn status(reason: &str, message: &str, metadata: &[(&str, &str)]) -> Box<Status> {
    let metadata: HashMap<String, String> =
        metadata.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
    let details = ErrorDetails::with_error_info(reason, errors::DOMAIN, metadata);
    Box::new(Status::with_error_details(Code::Unknown, message, details))
}

#[test]
fn an_error_is_one_line_and_a_hint() {
    let failure =
        Failure::Status(status("DATABASE_NOT_FOUND", "database \"a\" was not found", &[]));
    let lines = failure.lines();
    assert_eq!(lines[0], "error: database \"a\" was not found");
    assert!(lines[1].starts_with("hint: `tenantry db list`"), "{lines:?}");
}

#[test]
fn an_error_cannot_drive_the_terminal() {
    let failure =
        Failure::Status(status("SQL_ERROR", "no such table: \u{1b}[2J\nerror: x\u{202e}", &[]));
    assert_eq!(failure.lines(), ["error: no such table: \\u{1b}[2J\\nerror: x\\u{202e}"]);
}

#[test]
fn a_reason_from_the_future_is_only_a_message() {
    let failure = Failure::Status(status("NEW_REASON", "something new", &[]));
    assert_eq!(failure.lines(), ["error: something new"]);
}

#[test]
fn an_error_in_sql_is_pointed_at() {
    let sql = "SELECT 'é',\n  tenant FORM users;";
    let offset = sql.find("FORM").expect("it is there").to_string();
    let failure = |offset: &str| {
        Failure::Sql(status("SQL_ERROR", "near \"FORM\"", &[("offset", offset)]), sql.to_owned())
            .lines()
    };
    assert_eq!(
        failure(&offset),
        ["error: near \"FORM\"", "    tenant FORM users;", "           ^"]
    );
    // What does not fit the text is not shown.
    for unfit in ["9", "1000", "-1", "x"] {
        assert_eq!(failure(unfit).len(), 1, "{unfit}");
    }
}

#[test]
fn every_known_reason_is_understood() {
    for number in 1.. {
        let Ok(reason) = ErrorReason::try_from(number) else { break };
        let hint = hint_for(reason);
        assert!(!hint.contains('\n') && !hint.ends_with('.'), "{reason:?}: {hint}");
    }
}

#[test]
fn who_leaves_is_told_how_to_come_back() {
    let failure = Failure::Interrupted { message: "it goes on".into(), hint: "watch it".into() };
    assert_eq!(failure.lines(), ["interrupted: it goes on", "hint: watch it"]);
}

#[test]
fn an_error_in_a_script_names_the_statement() {
    let failed = status("MIGRATION_NOT_ALLOWED", "leave COMMIT out", &[("statement_index", "1")]);
    let failure = Failure::Sql(failed, "CREATE TABLE t (x); COMMIT".to_owned());
    assert_eq!(failure.lines(), ["error: at statement 2: leave COMMIT out"]);
}

#[test]
fn ddl_on_a_child_is_told_from_what_nobody_may_do() {
    let lines = |message| Failure::Status(status("OPERATION_BLOCKED", message, &[])).lines();
    assert_eq!(lines("VACUUM is not allowed").len(), 1);
    assert!(lines("operation was blocked")[1].contains("`tenantry migrate apply PARENT`"));
}

#[test]
fn an_error_in_a_file_names_the_place() {
    let inner = Failure::with_hint("no such table: t", "see .tables");
    let failure = inner.within("inner.sql, line 2").within("outer.sql, line 7");
    assert_eq!(
        failure.lines(),
        ["error: outer.sql, line 7: inner.sql, line 2: no such table: t", "hint: see .tables"]
    );
    // That nobody reads the output has nothing to do with the file.
    let closed = Failure::Output(io::ErrorKind::BrokenPipe.into()).within("a.sql, line 1");
    assert!(matches!(closed, Failure::Output(_)));
}

#[test]
fn one_statement_alone_needs_no_number() {
    let failed = || status("SQL_ERROR", "no such table: t", &[("statement_index", "0")]);
    let lines = |sql: &str| Failure::Sql(failed(), sql.to_owned()).lines();
    assert_eq!(lines("DELETE FROM t;"), ["error: no such table: t"]);
    assert_eq!(lines("DELETE FROM t; SELECT 1"), ["error: at statement 1: no such table: t"]);
}
