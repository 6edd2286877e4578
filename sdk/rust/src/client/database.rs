//! A handle to one database, and statements on it.

use std::future::{Future, IntoFuture};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;

use super::call::{Method, stub};
use super::{
    Args, Batch, Call, Client, Error, ExecuteResult, IntoArgs, Query, Result, Statement, Transact,
    Transaction,
};
use crate::v1::{self, Attachment, DescribeRequest, DescribeResponse, ExecuteRequest};

/// A database. Clones are cheap.
#[derive(Clone, Debug)]
pub struct Database {
    client: Client,
    reference: Arc<str>,
    attachments: Vec<Attachment>,
}

impl Database {
    pub(super) fn new(client: Client, reference: String) -> Self {
        Self { client, reference: reference.into(), attachments: Vec::new() }
    }

    /// The reference that it was made with.
    #[must_use]
    pub fn reference(&self) -> &str {
        &self.reference
    }

    /// The client that it was made by.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The same database, with another one attached in every call.
    #[must_use]
    pub fn attach(&self, other: impl Into<Attach>) -> Self {
        let mut database = self.clone();
        database.attachments.push(other.into().0);
        database
    }

    /// Runs one or several statements, all or none of them.
    pub fn execute(&self, sql: impl Into<String>, args: impl IntoArgs) -> Execute {
        Execute { options: Options::new(self), statement: statement(sql.into(), args.into_args()) }
    }

    /// Runs steps in one transaction, all or none of them.
    pub fn batch<S: Into<Statement>>(&self, steps: impl IntoIterator<Item = S>) -> Batch {
        Batch::new(Options::new(self), steps.into_iter().map(Into::into).collect())
    }

    /// Runs one statement that returns rows, which are then read as they come.
    pub fn query(&self, sql: impl Into<String>, args: impl IntoArgs) -> Query {
        Query::new(Options::new(self), statement(sql.into(), args.into_args()))
    }

    /// Runs a function in a transaction, which is committed when the function
    /// succeeds and rolled back when it fails; its error comes out unchanged.
    ///
    /// The WHOLE function is run again when the transaction could not go on and had
    /// no effect: another writer was first, it took too long, or the connection broke
    /// before `commit` was sent. When the answer to `commit` is lost the error has
    /// [`Error::is_outcome_unknown`], and nothing is run again.
    ///
    /// The function must not end the transaction itself.
    pub fn transaction<'a, F, Fut, T, E>(&self, function: F) -> Transact<'a, F>
    where
        F: FnMut(Transaction) -> Fut + Send + 'a,
        Fut: Future<Output = Result<T, E>> + Send + 'a,
        E: From<Error> + Send + 'a,
        T: Send + 'a,
    {
        Transact::new(Options::new(self), function)
    }

    /// Begins a transaction that the caller ends by hand, as with [`Transaction::commit`];
    /// dropping it is a rollback. Nothing is run again.
    pub fn begin(&self) -> Transact<'static, ()> {
        Transact::new(Options::new(self), ())
    }

    /// Describes one statement without running it.
    pub async fn describe(&self, sql: impl Into<String>) -> Result<DescribeResponse> {
        let request = DescribeRequest {
            database: self.reference.to_string(),
            sql: sql.into(),
            attachments: self.attachments.clone(),
        };
        self.client.call(Method::safe("Describe"), request, stub!(query.describe)).await
    }
}

/// Another database, to be read beside the main one under an alias.
#[derive(Clone, Debug)]
pub struct Attach(Attachment);

impl Attach {
    /// Attaches a database under an alias.
    pub fn with_alias(reference: impl Into<String>, alias: impl Into<String>) -> Self {
        Self(Attachment { database: reference.into(), alias: alias.into() })
    }
}

/// Attaches a database under its own name.
impl<S: Into<String>> From<S> for Attach {
    fn from(reference: S) -> Self {
        Self::with_alias(reference, "")
    }
}

pub(super) fn statement(sql: String, args: Args) -> v1::Statement {
    v1::Statement { sql, args: args.positional, named_args: args.named }
}

/// What may be chosen of every request to a database.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) client: Client,
    pub(super) database: String,
    pub(super) attachments: Vec<Attachment>,
    pub(super) min_generation: u64,
    pub(super) timeout: Option<Duration>,
    pub(super) idempotent: bool,
}

impl Options {
    fn new(database: &Database) -> Self {
        Self {
            client: database.client.clone(),
            database: database.reference.to_string(),
            attachments: database.attachments.clone(),
            min_generation: 0,
            timeout: None,
            idempotent: false,
        }
    }
}

/// The methods of a request that set its options.
macro_rules! options {
    ($request:ident $(<$($param:tt),*>)?: $timeout:literal) => {
        impl $(<$($param),*>)? $request $(<$($param),*>)? {
            /// Attaches another database.
            pub fn attach(mut self, other: impl Into<$crate::client::Attach>) -> Self {
                self.options.attach(other.into());
                self
            }

            /// Fails with `GENERATION_MISMATCH` when the database is below this
            /// generation.
            pub fn min_generation(mut self, generation: u64) -> Self {
                self.options.min_generation = generation;
                self
            }

            #[doc = $timeout]
            pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
                self.options.timeout = Some(timeout);
                self
            }
        }
    };
}
pub(super) use options;

/// The method of a request that promises that it is safe to send again.
macro_rules! idempotent {
    ($request:ident) => {
        impl $request {
            /// Promises that it does no harm to run this twice, so that it is sent
            /// again when the connection breaks.
            pub fn idempotent(mut self) -> Self {
                self.options.idempotent = true;
                self
            }
        }
    };
}
pub(super) use idempotent;

impl Options {
    pub(super) fn attach(&mut self, other: Attach) {
        self.attachments.push(other.0);
    }
}

/// Statements to execute; `.await` runs them.
#[derive(Clone, Debug)]
#[must_use = "nothing is run without `.await`"]
pub struct Execute {
    options: Options,
    statement: v1::Statement,
}

options!(Execute: "The deadline, in place of the client's.");
idempotent!(Execute);

impl IntoFuture for Execute {
    type Output = Result<ExecuteResult>;
    type IntoFuture = Call<ExecuteResult>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { options, statement } = self;
        async move {
            let method =
                Method::write("Execute").safe_if(options.idempotent).within(options.timeout);
            let request = ExecuteRequest {
                database: options.database,
                statement: Some(statement),
                attachments: options.attachments,
                min_generation: options.min_generation,
            };
            let answer = options.client.call(method, request, stub!(query.execute)).await?;
            Ok(ExecuteResult::new(answer.results, answer.generation))
        }
        .boxed()
    }
}
