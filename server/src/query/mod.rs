//! Running SQL for a grant.
//!
//! This floor decides whether and in whose right SQL runs: it resolves names,
//! asks the grant, and hands what it found to the storage as a
//! [`Dress`](crate::storage::Dress). It knows neither gRPC nor SQLite.

mod attach;
mod stream;
mod transact;

pub use attach::AttachmentSpec;
pub use stream::QueryStream;
pub use transact::{OpenTransaction, TransactionLimits, timed_out};

use std::sync::Arc;

use tokio_util::sync::{CancellationToken, DropGuard};

use self::attach::{Attachments, RequestAttacher};
use crate::env::Env;
use crate::error::{Error, Reason, Result};
use crate::grants::{self, Grant, Rights};
use crate::names::{DatabaseRef, Generation};
use crate::storage::catalog::{Catalog, Database};
use crate::storage::{
    ATTACHED_MAX, Attached, Batch, BatchSink, Blocks, Call, Description, Dress, Executed, Mode,
    OpenDatabase, Pool, Recording, Sink, Sql, Step, attach_head, check_text,
};

/// What every request names.
#[derive(Clone, Debug)]
pub struct Target {
    /// The main database.
    pub database: DatabaseRef,
    /// What to attach to it.
    pub attachments: Vec<AttachmentSpec>,
    /// The generation that the main database must have reached.
    pub min_generation: Generation,
}

/// Runs SQL.
#[derive(Clone)]
pub struct Queries {
    catalog: Arc<dyn Catalog>,
    pool: Arc<Pool>,
    env: Env,
    limits: TransactionLimits,
}

/// What a request has done.
pub struct Outcome<S> {
    /// Took the results.
    pub sink: S,
    /// The generation that it ran on; 0 where the database follows no schema.
    pub generation: Generation,
    /// On a SCHEMA database: what it would write. It was undone, and happens
    /// when it is applied as a migration from this generation.
    pub migration: Option<Recording>,
}

impl<S> Outcome<S> {
    fn new(executed: Executed<S>) -> Self {
        let Executed { sink, generation, rehearsed } = executed;
        Self { sink, generation, migration: rehearsed }
    }
}

/// A request that may run.
struct Admitted {
    /// The database, held open.
    open: Arc<OpenDatabase>,
    dress: Dress,
    attacher: Arc<RequestAttacher>,
    /// Where the SQL begins behind the ATTACH statements at its head.
    start: usize,
    /// Stops the work in SQLite when the request is dropped.
    guard: DropGuard,
    watch: Watch,
}

/// Looks again and again whether a long request is still permitted.
#[derive(Clone)]
struct Watch {
    catalog: Arc<dyn Catalog>,
    env: Env,
    grant: Grant,
    reference: DatabaseRef,
}

impl Watch {
    /// Names the database in an error about its settings: the storage below
    /// knows only files.
    fn name(&self, error: Error) -> Error {
        let is_named = error.metadata().iter().any(|(key, _)| *key == "database");
        match error.reason() {
            Reason::ReadsBlocked | Reason::WritesBlocked | Reason::SizeLimit if !is_named => {
                error.with("database", &self.reference)
            }
            _ => error,
        }
    }

    /// The database and the rights as they stand now. Errors: those of a
    /// request that came now.
    async fn look(&self) -> Result<(Arc<Database>, Rights)> {
        self.grant.check_alive(self.env.now())?;
        let (database, rights) =
            grants::resolve(&*self.catalog, &self.grant, &self.reference).await?;
        if !rights.read {
            return Err(Error::new(
                Reason::PermissionDenied,
                "the token permits attaching this database to others, and not querying it",
            ));
        }
        Ok((database, rights))
    }
}

fn blocks(database: &Database) -> Blocks {
    Blocks { reads: database.settings.block_reads, writes: database.settings.block_writes }
}

impl Queries {
    /// Runs SQL in the databases of this catalog and pool.
    pub fn new(
        catalog: Arc<dyn Catalog>,
        pool: Arc<Pool>,
        env: Env,
        limits: TransactionLimits,
    ) -> Self {
        Self { catalog, pool, env, limits }
    }

    /// The time limits of transactions.
    #[must_use]
    pub fn limits(&self) -> TransactionLimits {
        self.limits
    }

    /// Runs a text of one or more statements and gives the sink back with
    /// their results.
    pub async fn execute<S: Sink + 'static>(
        &self,
        grant: &Grant,
        target: &Target,
        sql: Sql,
        sink: S,
    ) -> Result<Outcome<S>> {
        let admitted = self.admit(grant, target, &sql.text).await?;
        let watch = admitted.watch.clone();
        let (open, call, _guard) = admitted.into_call(sql);
        let executed = open.execute(call, sink).await.map_err(|error| watch.name(error))?;
        Ok(Outcome::new(executed))
    }

    /// Runs steps as one transaction.
    pub async fn execute_batch<S: BatchSink + 'static>(
        &self,
        grant: &Grant,
        target: &Target,
        steps: Vec<Step>,
        mode: Mode,
        sink: S,
    ) -> Result<Outcome<S>> {
        steps.iter().try_for_each(|step| check_text(&step.sql.text))?;
        let Admitted { open, dress, attacher, guard: _guard, watch, .. } =
            self.admit(grant, target, "").await?;
        let batch = Batch { steps, mode, dress, attacher, sink };
        let executed = open.execute_batch(batch).await.map_err(|error| watch.name(error))?;
        Ok(Outcome::new(executed))
    }

    /// Starts a statement whose rows are read in pieces.
    pub async fn query(&self, grant: &Grant, target: &Target, sql: Sql) -> Result<QueryStream> {
        let admitted = self.admit(grant, target, &sql.text).await?;
        let watch = admitted.watch.clone();
        let attachments = Attachments::new(&admitted.attacher, &admitted.dress.attached);
        let (open, call, guard) = admitted.into_call(sql);
        let cancel = call.dress.cancel.clone();
        let cursor = open.query(call).await.map_err(|error| watch.name(error))?;
        Ok(QueryStream::new(cursor, open, watch, attachments, cancel, guard))
    }

    /// Begins an interactive transaction.
    pub async fn begin(
        &self,
        grant: &Grant,
        target: &Target,
        mode: Mode,
    ) -> Result<OpenTransaction> {
        let admitted = self.admit(grant, target, "").await?;
        let (dress, attacher) = (admitted.dress.clone(), admitted.attacher.clone());
        let transaction = admitted.open.begin(mode, dress, attacher).await?;
        Ok(OpenTransaction::new(transaction, admitted, self.limits.total))
    }

    /// Describes a statement without running it.
    pub async fn describe(&self, grant: &Grant, target: &Target, sql: Sql) -> Result<Description> {
        let admitted = self.admit(grant, target, &sql.text).await?;
        let (open, call, _guard) = admitted.into_call(sql);
        open.describe(call).await
    }

    /// Finds a database that the grant may know of. Errors:
    /// `DATABASE_NOT_FOUND`.
    pub async fn find(&self, grant: &Grant, reference: &DatabaseRef) -> Result<Arc<Database>> {
        grants::resolve(&*self.catalog, grant, reference).await.map(|(database, _)| database)
    }

    /// Decides whether a request may run, and opens what it needs. `head` is
    /// the text whose leading ATTACH statements are to be attached at once.
    async fn admit(&self, grant: &Grant, target: &Target, head: &str) -> Result<Admitted> {
        check_text(head)?;
        let watch = Watch {
            catalog: self.catalog.clone(),
            env: self.env.clone(),
            grant: grant.clone(),
            reference: target.database.clone(),
        };
        let (database, rights) = watch.look().await?;
        if target.min_generation > database.generation {
            return Err(Error::new(
                Reason::GenerationMismatch,
                "the database has not reached this generation; ask again when its migration has committed",
            )
            .with("database", &target.database)
            .with("generation", database.generation.0)
            .with("min_generation", target.min_generation.0));
        }
        let cancel = CancellationToken::new();
        let attacher =
            Arc::new(RequestAttacher::new(self, grant, &database, &rights, cancel.clone()));
        let (head, start) = attach_head(head)?;
        let attached = self.attach_all(&attacher, target, head).await?;
        let open = self.pool.open(&database).await?;
        let dress = Dress {
            access: Arc::new(rights.access(database.kind)),
            blocks: blocks(&database),
            attached,
            cancel: cancel.clone(),
            size_limit_bytes: database.settings.size_limit_bytes,
        };
        Ok(Admitted { open, dress, attacher, start, guard: cancel.drop_guard(), watch })
    }

    async fn attach_all(
        &self,
        attacher: &RequestAttacher,
        target: &Target,
        head: Vec<(String, crate::names::Alias)>,
    ) -> Result<Vec<Attached>> {
        let count = target.attachments.len() + head.len();
        if count > ATTACHED_MAX {
            return Err(Error::new(
                Reason::AttachLimit,
                format!("{count} databases are to be attached; at most {ATTACHED_MAX} can be"),
            )
            .with("attachments", count)
            .with("attachments_max", ATTACHED_MAX));
        }
        let mut attached = Vec::with_capacity(count);
        for spec in &target.attachments {
            attached.push(attacher.attach_spec(spec, &attached).await?);
        }
        for (database, alias) in head {
            attached.push(attacher.attach_named(&database, alias, &attached).await?);
        }
        Ok(attached)
    }
}

impl Admitted {
    fn into_call(self, sql: Sql) -> (Arc<OpenDatabase>, Call, DropGuard) {
        let call = Call { sql, start: self.start, dress: self.dress, attacher: self.attacher };
        (self.open, call, self.guard)
    }
}
