//! The one error type of the product.
//!
//! Every failure that a caller may see has a [`Reason`], a public message that
//! says what to do next, and, kept apart and never sent, the source that the
//! log gets. This file knows neither gRPC nor SQLite: `rpc/status.rs` maps
//! [`ErrorKind`] to a status, `storage/` maps SQLite's codes to a [`Reason`].

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// The result of everything that can fail towards a caller.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A source that is logged and never sent.
type Source = Box<dyn std::error::Error + Send + Sync>;

/// What a caller can do about an error, in the terms of gRPC's status codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request is wrong whatever the state of the server.
    InvalidArgument,
    /// The thing does not exist, or the caller may not know that it does.
    NotFound,
    /// The thing to create exists.
    AlreadyExists,
    /// The caller is known and lacks the right.
    PermissionDenied,
    /// The caller is not known.
    Unauthenticated,
    /// The state of the thing forbids the request.
    FailedPrecondition,
    /// A conflict with another request: try again from the start.
    Aborted,
    /// A limit was reached.
    ResourceExhausted,
    /// The request's time ran out.
    DeadlineExceeded,
    /// The caller gave the request up.
    Cancelled,
    /// The server does not do this.
    Unimplemented,
    /// The server cannot do this now: try again.
    Unavailable,
    /// The server is at fault.
    Internal,
    /// Stored data cannot be read back.
    DataLoss,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $wire:literal => $kind:ident,)*) => {
        /// Why a request failed: the identity that clients branch on, sent as
        /// `google.rpc.ErrorInfo.reason`. Documented one by one in
        /// `proto/tenantry/v1/errors.proto`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason { $($(#[$doc])* $name,)* }

        impl Reason {
            /// Every reason, in the order of their declaration.
            pub const ALL: &'static [Reason] = &[$(Reason::$name,)*];

            /// The name on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Reason::$name => $wire,)* }
            }

            /// The kind that this reason always has.
            #[must_use]
            pub fn kind(self) -> ErrorKind {
                match self { $(Reason::$name => ErrorKind::$kind,)* }
            }
        }
    };
}

reasons! {
    /// No such database, or none that the token may know of.
    DatabaseNotFound = "DATABASE_NOT_FOUND" => NotFound,
    /// No such group, or none that the token may know of.
    GroupNotFound = "GROUP_NOT_FOUND" => NotFound,
    /// No such token, or none that the caller may know of.
    TokenNotFound = "TOKEN_NOT_FOUND" => NotFound,
    /// No such migration of that schema.
    MigrationNotFound = "MIGRATION_NOT_FOUND" => NotFound,
    /// The name is taken.
    AlreadyExists = "ALREADY_EXISTS" => AlreadyExists,
    /// A name breaks the rules for names.
    InvalidName = "INVALID_NAME" => InvalidArgument,
    /// A field breaks its documented constraint.
    InvalidArgument = "INVALID_ARGUMENT" => InvalidArgument,
    /// A page token was not made by this list with these filters.
    InvalidPageToken = "INVALID_PAGE_TOKEN" => InvalidArgument,
    /// A `request_id` came again with another request.
    RequestIdReused = "REQUEST_ID_REUSED" => InvalidArgument,
    /// The thing changed since the caller's `etag`.
    EtagMismatch = "ETAG_MISMATCH" => Aborted,
    /// The database is of another kind than this needs.
    WrongKind = "WRONG_KIND" => FailedPrecondition,
    /// The group still has databases.
    GroupNotEmpty = "GROUP_NOT_EMPTY" => FailedPrecondition,
    /// The schema still has children.
    SchemaNotEmpty = "SCHEMA_NOT_EMPTY" => FailedPrecondition,
    /// Delete protection is on.
    DeleteProtected = "DELETE_PROTECTED" => FailedPrecondition,
    /// The database to undelete is not deleted.
    NotDeleted = "NOT_DELETED" => FailedPrecondition,
    /// No token came with the request.
    TokenMissing = "TOKEN_MISSING" => Unauthenticated,
    /// The token is malformed, unsigned, or signed by nobody we trust.
    TokenInvalid = "TOKEN_INVALID" => Unauthenticated,
    /// The token's time is over.
    TokenExpired = "TOKEN_EXPIRED" => Unauthenticated,
    /// The token was revoked or invalidated.
    TokenRevoked = "TOKEN_REVOKED" => Unauthenticated,
    /// The token does not permit this.
    PermissionDenied = "PERMISSION_DENIED" => PermissionDenied,
    /// The target or the token does not permit this attachment.
    AttachNotAllowed = "ATTACH_NOT_ALLOWED" => PermissionDenied,
    /// More attachments than a request may have.
    AttachLimit = "ATTACH_LIMIT" => InvalidArgument,
    /// An attachment that could not be meant: bad alias, alias twice, itself.
    InvalidAttachment = "INVALID_ATTACHMENT" => InvalidArgument,
    /// The statement is not allowed on this database by anyone.
    OperationBlocked = "OPERATION_BLOCKED" => FailedPrecondition,
    /// Reads are switched off for this database.
    ReadsBlocked = "READS_BLOCKED" => FailedPrecondition,
    /// Writes are switched off for this database.
    WritesBlocked = "WRITES_BLOCKED" => FailedPrecondition,
    /// SQLite refused the statement.
    SqlError = "SQL_ERROR" => InvalidArgument,
    /// A constraint of the schema refused the row.
    Constraint = "CONSTRAINT" => FailedPrecondition,
    /// A write where only reading is possible.
    ReadOnly = "READ_ONLY" => PermissionDenied,
    /// The SQL text is longer than a statement may be.
    StatementTooLarge = "STATEMENT_TOO_LARGE" => InvalidArgument,
    /// Too many, too few or unknown arguments for the parameters.
    ArgumentMismatch = "ARGUMENT_MISMATCH" => InvalidArgument,
    /// The result is larger than a unary response may be: use `Query`.
    ResultTooLarge = "RESULT_TOO_LARGE" => ResourceExhausted,
    /// The database reached its size limit.
    SizeLimit = "SIZE_LIMIT" => ResourceExhausted,
    /// The machine has no room left.
    StorageFull = "STORAGE_FULL" => ResourceExhausted,
    /// The file cannot be read as a database.
    DatabaseCorrupt = "DATABASE_CORRUPT" => DataLoss,
    /// The transaction was idle or open for too long and was rolled back.
    TransactionTimeout = "TRANSACTION_TIMEOUT" => Aborted,
    /// The request does not fit the state of its transaction.
    TransactionState = "TRANSACTION_STATE" => FailedPrecondition,
    /// Another writer came first: run the transaction again.
    Busy = "BUSY" => Aborted,
    /// A migration did not pass on some database; nothing changed anywhere.
    MigrationFailed = "MIGRATION_FAILED" => FailedPrecondition,
    /// The script holds what no migration may.
    MigrationNotAllowed = "MIGRATION_NOT_ALLOWED" => InvalidArgument,
    /// Another migration of this schema is under way.
    MigrationInProgress = "MIGRATION_IN_PROGRESS" => FailedPrecondition,
    /// The migration has ended or committed, and cannot be cancelled.
    MigrationDecided = "MIGRATION_DECIDED" => FailedPrecondition,
    /// The schema is at another generation than the caller expects.
    GenerationMismatch = "GENERATION_MISMATCH" => FailedPrecondition,
    /// The child cannot be brought to its schema's generation now.
    ChildQuarantined = "CHILD_QUARANTINED" => FailedPrecondition,
    /// Too much is waiting already: try again later.
    Overloaded = "OVERLOADED" => ResourceExhausted,
    /// The request's time ran out.
    Deadline = "DEADLINE" => DeadlineExceeded,
    /// The caller gave the request up.
    Cancelled = "CANCELLED" => Cancelled,
    /// This server does not do this yet.
    Unimplemented = "UNIMPLEMENTED" => Unimplemented,
    /// The server is stopping.
    Unavailable = "UNAVAILABLE" => Unavailable,
    /// A fault of the server; its log says more.
    Internal = "INTERNAL" => Internal,
}

/// One field of a request and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldViolation {
    /// The path of the field, as in `database.name`.
    pub field: String,
    /// What the field must be.
    pub description: String,
}

/// A failure, as told to the caller, with the private cause beside it.
pub struct Error(Box<Inner>);

struct Inner {
    reason: Reason,
    message: Cow<'static, str>,
    metadata: Vec<(&'static str, String)>,
    fields: Vec<FieldViolation>,
    retry_after: Option<Duration>,
    source: Option<Source>,
}

impl Error {
    /// An error with a message for the caller that says what to do next.
    pub fn new(reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            reason,
            message: message.into(),
            metadata: Vec::new(),
            fields: Vec::new(),
            retry_after: None,
            source: None,
        }))
    }

    /// A fault of the server. The caller learns only that it happened.
    pub fn internal(source: impl Into<Source>) -> Self {
        Self::new(
            Reason::Internal,
            "the server failed; its log has the cause under this request's id",
        )
        .with_source(source)
    }

    /// A field that breaks its documented constraint.
    pub fn field(field: impl Into<String>, description: impl Into<String>) -> Self {
        let (field, description) = (field.into(), description.into());
        Self::new(Reason::InvalidArgument, format!("{field}: {description}"))
            .with_field(field, description)
    }

    /// Adds a variable of the message, for programs to read.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        self.0.metadata.push((key, value.to_string()));
        self
    }

    /// Adds a field violation.
    #[must_use]
    pub fn with_field(mut self, field: impl Into<String>, description: impl Into<String>) -> Self {
        self.0.fields.push(FieldViolation { field: field.into(), description: description.into() });
        self
    }

    /// Says where in the request the wrong field stands, for one who knows only
    /// what is wrong with it.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        if let [violation] = &mut self.0.fields[..] {
            violation.field = field.into();
        }
        self
    }

    /// Says that the same request can succeed after this time.
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    /// Adds the private cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The identity of the failure.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.0.reason
    }

    /// What the caller can do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.reason.kind()
    }

    /// The public message.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The variables of the message.
    #[must_use]
    pub fn metadata(&self) -> &[(&'static str, String)] {
        &self.0.metadata
    }

    /// The fields that are wrong.
    #[must_use]
    pub fn fields(&self) -> &[FieldViolation] {
        &self.0.fields
    }

    /// After what time the same request can succeed, where one can tell.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The private cause, for the log.
    #[must_use]
    pub fn private_source(&self) -> Option<&(dyn std::error::Error + Send + Sync)> {
        self.0.source.as_deref()
    }

    /// Whether the work of the request certainly did not happen, so that a
    /// retry cannot do it twice. After any other error the outcome of a write
    /// must be read back.
    #[must_use]
    pub fn is_certainly_not_done(&self) -> bool {
        !matches!(
            self.reason(),
            Reason::Deadline
                | Reason::Cancelled
                | Reason::Unavailable
                | Reason::Internal
                | Reason::StorageFull
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.reason.as_str(), self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        for (key, value) in &self.0.metadata {
            write!(f, " {key}={value:?}")?;
        }
        if let Some(source) = &self.0.source {
            write!(f, " (cause: {source})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
