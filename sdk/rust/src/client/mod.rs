//! The client: one handle for everything that a program does with a server.
//!
//! It sends what the generated stubs send, and adds what every program would have
//! to write again: tokens, deadlines, attempts, transactions that are run again,
//! rows and errors as types of Rust.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

mod args;
mod batch;
mod builder;
mod call;
mod database;
mod databases;
mod de;
mod endpoint;
mod error;
mod migrate;
mod pages;
mod query;
mod raw;
mod row;
mod schema;
mod token;
mod tokens;
mod transaction;
mod value;

pub use args::{Args, IntoArgs};
pub use batch::{Batch, BatchResult, Condition, Statement, StepResult};
pub use builder::{ClientBuilder, RetryPolicy};
pub use database::{Attach, Database, Execute};
pub use databases::{CreateDatabase, Databases, ListDatabases, UpdateDatabase};
pub use error::{CLIENT_CLOSED, Error, FieldViolation, Result, WRONG_TYPE};
pub use migrate::{Migrate, Validate};
pub use pages::Pages;
pub use query::{Query, Rows};
pub use raw::{Authorized, Raw};
pub use row::{ColumnIndex, Columns, ExecuteResult, ResultSet, Row};
pub use schema::Schema;
pub use token::TokenError;
pub use tokens::{CreateToken, ListTokens, Tokens};
pub use tonic::Code;
pub use transaction::{Transact, Transaction};
pub use value::Value;

pub use crate::v1::{
    Access, Action, Child, ChildState, Column, Database as DatabaseInfo, DatabaseKind,
    DatabaseState, DescribeResponse, Encoding, ErrorReason, ForeignKeys, Group, Migration,
    MigrationState, MigrationValidation, Permission, QuerySummary, ResultStats, SigningKey,
    TokenInfo, TransactionMode, WaitFor,
};

use token::TokenSource;

/// A client of one server. Clones are cheap and share everything.
///
/// Dropping the future of a call cancels the call, and a write with it.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
    /// The deadline of calls that are no streams.
    timeout: Duration,
}

struct Inner {
    channels: Vec<Channel>,
    next: AtomicUsize,
    token: TokenSource,
    retry: RetryPolicy,
    closed: CancellationToken,
}

impl Client {
    /// Begins a client of the server at `endpoint`.
    ///
    /// `http://host:port` is plaintext, `https://host:port` is TLS. Without a scheme it
    /// is plaintext on a loopback address, and TLS everywhere else.
    pub fn builder(endpoint: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(endpoint.into())
    }

    /// A handle to the database `group/name` or `group/UUID`; without a slash the
    /// group is `default`. Nothing is sent, and it need not exist yet.
    #[must_use]
    pub fn database(&self, reference: impl Into<String>) -> Database {
        Database::new(self.clone(), reference.into())
    }

    /// Groups and databases.
    #[must_use]
    pub fn databases(&self) -> Databases {
        Databases(self.clone())
    }

    /// Tokens and the keys that sign them.
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        Tokens(self.clone())
    }

    /// The schemas of many databases, and their migrations.
    #[must_use]
    pub fn schema(&self) -> Schema {
        Schema(self.clone())
    }

    /// The generated stubs, with this client's channels and token and nothing else:
    /// no attempts, no deadline, no refresh of the token.
    pub async fn raw(&self) -> Result<Raw> {
        let token = self.bound(None, self.inner.token.get()).await?;
        Ok(Raw::new(self.channel(), token.header))
    }

    /// The same client with another deadline for calls that are no streams.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { timeout, ..self.clone() }
    }

    /// Closes the client and all its clones. Calls under way end with
    /// [`Code::Cancelled`], later ones with [`CLIENT_CLOSED`].
    pub fn close(&self) {
        self.inner.closed.cancel();
    }

    /// The channel whose turn it is.
    fn channel(&self) -> Channel {
        let turn = self.inner.next.fetch_add(1, Ordering::Relaxed);
        self.inner.channels[turn % self.inner.channels.len()].clone()
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("closed", &self.inner.closed.is_cancelled()).finish()
    }
}

/// What a call that was described becomes by `.await`.
type Call<T> = BoxFuture<'static, Result<T>>;
