//! Each wall is shown to hold on small texts that break it.

use super::check;

/// The violations in one file of the server.
fn violations(file: &str, source: &str) -> Vec<String> {
    check(&[(file.to_owned(), source.to_owned())])
}

#[track_caller]
fn allowed(file: &str, source: &str) {
    assert_eq!(violations(file, source), [""; 0], "{file}: {source}");
}

/// `source` breaks exactly one wall, and the message names `why`.
#[track_caller]
fn refused(file: &str, source: &str, why: &str) {
    let violations = violations(file, source);
    assert_eq!(violations.len(), 1, "{file}: {source}: {violations:?}");
    assert!(violations[0].contains(why), "{violations:?} does not say {why:?}");
}

#[test]
fn a_floor_uses_those_below() {
    allowed("main.rs", "use tenantry::{app, cli::Command, config};");
    allowed("app.rs", "use crate::{config::Config, rpc, storage::Storage};");
    allowed("rpc/query.rs", "use crate::query::Query; use crate::error::Error;");
    allowed("query/mod.rs", "use crate::{grants::Grant, storage::{self, Pool}, names::*};");
    allowed("storage/pool.rs", "use crate::env::Clock; use super::values; use self::x::y;");
    allowed("names.rs", "use crate::error::Error;");
}

#[test]
fn a_floor_uses_none_above() {
    refused("query/mod.rs", "use crate::rpc::convert;", "floor above");
    refused("storage/mod.rs", "use crate::grants::Grant;", "floor above");
    refused("error.rs", "use crate::storage::Storage;", "floor above");
    refused("rpc/status.rs", "use crate::app::App;", "floor above");
}

#[test]
fn siblings_stay_apart() {
    refused("query/mod.rs", "use crate::schema::Migration;", "sibling `schema`");
    refused("databases/mod.rs", "fn f() { crate::query::run() }", "sibling `query`");
    refused("app.rs", "use crate::cli;", "sibling `cli`");
}

#[test]
fn only_the_top_reads_the_config() {
    refused("storage/mod.rs", "use crate::config::Config;", "only `main` and `app` may");
    refused("env/mod.rs", "use crate::config::Config;", "only `main` and `app` may");
}

#[test]
fn the_command_line_is_a_client() {
    allowed("cli/db.rs", "use crate::names::DatabaseRef; use tenantry_client::v1; use super::Cli;");
    refused("cli/db.rs", "use crate::storage::Storage;", "may use only `names` and `error`");
    refused("rpc/mod.rs", "use crate::cli::Cli;", "floor above");
}

#[test]
fn crates_stay_behind_their_walls() {
    allowed("storage/open.rs", "use rusqlite::Connection; fn f() { ::sqlite3_parser::lex() }");
    allowed("grants/verify.rs", "use jsonwebtoken::decode;");
    allowed("rpc/status.rs", "use tonic::Status; use tonic_types::pb;");
    allowed("cli/mod.rs", "use tonic::transport::Channel;");
    refused("rpc/query.rs", "use rusqlite::Error;", "only `storage` may");
    refused("query/mod.rs", "fn f(e: rusqlite::Error) {}", "only `storage` may");
    refused("schema/plan.rs", "use ::sqlite3_parser::ast;", "only `storage` may");
    refused("storage/mod.rs", "use jsonwebtoken as jwt;", "only `grants` may");
    refused(
        "query/mod.rs",
        "#[tonic::async_trait] impl A for B {}",
        "`main`, `app`, `rpc` and `cli`",
    );
    refused("error.rs", "impl From<::prost::DecodeError> for Error {}", "names the crate `prost`");
    refused(
        "query/mod.rs",
        "use {std::fmt, tenantry_client::v1};",
        "names the crate `tenantry_client`",
    );
}

#[test]
fn groups_are_read_to_their_leaves() {
    refused("query/mod.rs", "use crate::{error::{Error, Result}, rpc::{self, layers}};", "`rpc`");
    refused("query/mod.rs", "pub(crate) use crate::{names as n, rpc as r};", "`rpc`");
    let both = violations("storage/mod.rs", "use crate::{query::A, env,\n schema::{B}};");
    assert_eq!(both.len(), 2, "{both:?}");
    assert!(both[1].starts_with("storage/mod.rs:2:"), "{both:?}");
}

#[test]
fn inline_paths_count_wherever_they_stand() {
    refused("storage/mod.rs", "fn f() -> Option<crate::query::Row> { None }", "`query`");
    refused("storage/mod.rs", "fn f<'a>(x: &'a crate::rpc::X) {}", "`rpc`");
    refused("storage/mod.rs", "macro_rules! m { () => { $crate::rpc::x() } }", "`rpc`");
    refused("storage/mod.rs", "#[cfg(test)] mod tests { use crate::app::build; }", "`app`");
    refused("storage/mod.rs", "fn f() -> impl Fn() + use<> { crate::rpc::f }", "`rpc`");
}

#[test]
fn super_is_followed_out_of_files_and_inline_modules() {
    refused("storage/mod.rs", "use super::query::Row;", "`query`");
    refused("storage/pool.rs", "use super::super::query::Row;", "`query`");
    refused("storage/mod.rs", "mod a { mod b { use super::super::super::rpc; } }", "`rpc`");
    allowed("storage/mod.rs", "mod a { mod b { } use super::rpc; }");
    allowed("storage/mod.rs", "mod tests { use super::*; }");
}

#[test]
fn the_whole_crate_is_never_imported() {
    refused("query/mod.rs", "use crate::*;", "whole crate");
    refused("query/mod.rs", "use super::*;", "whole crate");
}

#[test]
fn comments_strings_and_macros_of_the_crate_are_no_uses() {
    allowed(
        "storage/mod.rs",
        "/// See [`crate::rpc`].\nfn f() { g(\"crate::rpc\") } // rusqlite::X",
    );
    allowed("query/mod.rs", "fn f() { crate::failpoint!(\"before commit\"); }");
    allowed("query/mod.rs", "fn f() { Self::rusqlite::<u8>(); x::tonic::y(); <T>::a::prost::z() }");
}

#[test]
fn every_module_has_a_floor() {
    refused("helpers.rs", "", "`helpers` has no floor");
    refused("query/mod.rs", "use crate::helpers::x;", "not a module with a floor");
}

#[test]
fn circles_inside_a_floor_are_found_once() {
    let file = |name: &str, source: &str| (name.to_owned(), source.to_owned());
    let circle = check(&[
        file("names.rs", "use crate::env::X;"),
        file("env/mod.rs", "use crate::error::Y;"),
        file("error.rs", "use crate::names::Z; use crate::error::W;"),
    ]);
    assert_eq!(circle, ["import circle: env -> error -> names -> env"]);
}
