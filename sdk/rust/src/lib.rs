//! The Rust client of Tenantry.
//!
//! [`v1`] is generated from `proto/tenantry/v1` by `cargo xtask codegen` and
//! checked in, so that using this crate needs neither `protoc` nor a build
//! script. What is written by hand here stays small and never changes what goes
//! over the wire.

#[rustfmt::skip]
#[allow(missing_docs, unreachable_pub, clippy::all)]
#[path = "gen/v1.rs"]
pub mod v1;

pub mod errors;

/// The descriptors of all protos and their imports, without comments: what
/// server reflection answers with.
#[cfg(feature = "server")]
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("gen/file_descriptor_set.bin");
