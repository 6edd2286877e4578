//! The Rust client of Tenantry, where every tenant has its own SQLite database.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use tenantry_client::Client;
//!
//! let client = Client::builder("http://127.0.0.1:50051").token("…").build()?;
//! let orders = client.database("shop/alice");
//! let result = orders.execute("SELECT ?1 + 1 AS n", (41,)).await?;
//! assert_eq!(result.rows()[0].get::<i64>("n")?, 42);
//! # Ok(())
//! # }
//! ```
//!
//! [`Client`] is the way in; with the feature `client`, a default one. [`v1`] is
//! generated from `proto/tenantry/v1` and checked in, so that using this crate
//! needs neither `protoc` nor a build script: [`Client::raw`] gives its stubs.

#[rustfmt::skip]
#[allow(missing_docs, unreachable_pub, clippy::all)]
#[path = "gen/v1.rs"]
pub mod v1;

pub mod errors;

#[cfg(feature = "client")]
mod client;

#[cfg(feature = "client")]
pub use client::*;

/// The descriptors of all protos and their imports, without comments: what
/// server reflection answers with.
#[cfg(feature = "server")]
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("gen/file_descriptor_set.bin");
