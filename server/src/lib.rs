//! Tenantry: a gRPC service that gives every tenant its own SQLite database.
//!
//! The modules stand in the order of the house, from the roof down; each may
//! use those below it and none above. `ARCHITECTURE.md` tells why.

pub mod app;
pub mod cli;
pub mod config;

mod rpc;

mod databases;
mod query;
mod schema;

mod grants;
mod storage;

mod env;
mod error;
mod names;
