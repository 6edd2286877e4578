//! End-to-end tests: each starts from the real binary and speaks gRPC to it, as
//! a user's program would. What a test may rely on is what the protos and the
//! README promise, and nothing of the server's inside.
//!
//! Most tests share one server and have a group of their own on it; those that
//! kill or configure the server have their own.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test reads the clock and the environment, and fails by panicking"
)]

mod support;

mod branches;
mod databases;
mod deletion;
mod listing;
mod schemas;

mod hostile_tokens;
mod permissions;
mod tokens;

mod adversary;
mod adversary_grants;
mod attach;
mod batch;
mod group_commit;
mod queries;
mod shop;
mod streams;
mod transact;
mod values;

mod chinook_fleet;
mod migrations;
mod peer_holes;
mod schema_sql;

mod bad_input;
mod coverage;
mod migration_damage;
mod migration_input;

mod command_line;
mod crash;
mod failpoints;
mod fleet_failpoints;
mod gap;
mod migrate_command;
mod model;
mod process;
mod readme;
mod tls;
mod web;
