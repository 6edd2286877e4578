//! The gRPC services: from messages to calls of the product and back. The only
//! user of tonic, prost and `tenantry_client` in the server. A service reads its
//! request, calls one function and writes its response; it decides nothing.

mod server;

mod databases;
mod query;
mod schema;
mod tokens;

mod schema_sql;
mod transact;

mod convert;
mod migrations;
mod results;
mod sql;

mod layers;
mod status;
mod web;

pub(crate) use server::{Door, Services, TimeLimits, Tls, serve};

use tonic::Request;

use crate::error::{Error, Reason, Result};
use crate::grants::Grant;

/// A request with the grant that the layers put beside it. Errors:
/// `TOKEN_MISSING`, should they ever not have.
fn admitted<T>(request: Request<T>) -> Result<(Grant, T)> {
    let (_, extensions, message) = request.into_parts();
    match extensions.get::<Grant>() {
        Some(grant) => Ok((grant.clone(), message)),
        None => Err(Error::new(Reason::TokenMissing, "no token came with the request; send one")),
    }
}

/// What stands for a method that this server does not have yet.
fn unimplemented(method: &'static str) -> Error {
    let message = format!("{method} is not available on this server yet");
    Error::new(Reason::Unimplemented, message).with("method", method)
}
