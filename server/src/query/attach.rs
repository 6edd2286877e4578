//! Which databases a request may attach.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::Queries;
use crate::error::{Error, Reason, Result};
use crate::grants::{self, Grant, Rights};
use crate::names::{Alias, DatabaseId, DatabaseRef, NameOrId};
use crate::storage::catalog::{Catalog, Database};
use crate::storage::{Attached, Attacher, Pool, check_alias};

/// An attachment as a request names it.
#[derive(Clone, Debug)]
pub struct AttachmentSpec {
    /// Which database.
    pub database: DatabaseRef,
    /// What the SQL calls it.
    pub alias: Alias,
}

/// Attaches databases in the right of one request.
pub(super) struct RequestAttacher {
    catalog: Arc<dyn Catalog>,
    pool: Arc<Pool>,
    grant: Grant,
    main: Arc<Database>,
    /// The grant may know of every database of the group.
    is_admin: bool,
    cancel: CancellationToken,
    runtime: Handle,
}

impl RequestAttacher {
    pub(super) fn new(
        queries: &Queries,
        grant: &Grant,
        main: &Arc<Database>,
        rights: &Rights,
        cancel: CancellationToken,
    ) -> Self {
        Self {
            catalog: queries.catalog.clone(),
            pool: queries.pool.clone(),
            grant: grant.clone(),
            main: main.clone(),
            is_admin: rights.admin,
            cancel,
            runtime: Handle::current(),
        }
    }

    /// Attaches what the request's own list names.
    pub(super) async fn attach_spec(
        &self,
        spec: &AttachmentSpec,
        attached: &[Attached],
    ) -> Result<Attached> {
        check_alias(attached, &spec.alias)?;
        self.attach_reference(&spec.database, spec.alias.clone()).await
    }

    /// Attaches what an ATTACH statement names: a name or id in the group of
    /// the main database, or a full reference.
    pub(super) async fn attach_named(
        &self,
        name: &str,
        alias: Alias,
        attached: &[Attached],
    ) -> Result<Attached> {
        check_alias(attached, &alias)?;
        let reference = if name.contains('/') {
            DatabaseRef::parse(name)
        } else {
            NameOrId::parse(name)
                .map(|database| DatabaseRef { group: self.main.group.clone(), database })
        };
        let reference = reference.map_err(|_| {
            let shown: String = name.chars().take(64).collect();
            Error::new(
                Reason::InvalidAttachment,
                format!("'{shown}' is neither the name nor the id of a database; files cannot be attached"),
            )
            .with("database", shown)
        })?;
        self.attach_reference(&reference, alias).await
    }

    /// Whether a database that is attached may still be.
    pub(super) async fn check(&self, id: DatabaseId) -> Result<()> {
        let database = NameOrId::Id(id);
        self.find(&DatabaseRef { group: self.main.group.clone(), database }).await.map(|_| ())
    }

    async fn attach_reference(&self, reference: &DatabaseRef, alias: Alias) -> Result<Attached> {
        let database = self.find(reference).await?;
        Ok(self.pool.open(&database).await?.attached_as(alias))
    }

    /// A database that the request may attach, as far as the rights go.
    async fn find(&self, reference: &DatabaseRef) -> Result<Arc<Database>> {
        if reference.group != self.main.group {
            return Err(not_allowed(reference, "only databases of the same group can be attached"));
        }
        let may_know = |database: &Database| {
            self.is_admin || self.grant.rights_on(database).is_some_and(|rights| rights.attach)
        };
        let database = self.catalog.database_for(reference, &may_know).await?;
        let rights = database.as_ref().and_then(|database| self.grant.rights_on(database));
        let database = match (database, rights) {
            (Some(database), Some(rights)) if rights.attach => database,
            (None, _) if self.is_admin => return Err(grants::database_not_found(reference)),
            // The same words whether it exists or not.
            _ => {
                return Err(not_allowed(
                    reference,
                    "the token does not list it for attaching, or there is none",
                ));
            }
        };
        if database.id == self.main.id {
            return Err(Error::new(
                Reason::InvalidAttachment,
                "a database cannot be attached to itself",
            ));
        }
        if !database.settings.allow_attach {
            return Err(not_allowed(reference, "its allow_attach is off"));
        }
        if database.settings.block_reads {
            return Err(Error::new(
                Reason::ReadsBlocked,
                format!("reads are switched off for the attached database '{reference}'"),
            )
            .with("database", reference));
        }
        Ok(database)
    }
}

/// What a stream has attached, to be looked at again and again.
pub(super) struct Attachments {
    attacher: Arc<RequestAttacher>,
    ids: Vec<DatabaseId>,
}

impl Attachments {
    pub(super) fn new(attacher: &Arc<RequestAttacher>, attached: &[Attached]) -> Self {
        Self { attacher: attacher.clone(), ids: attached.iter().map(Attached::id).collect() }
    }

    /// Errors: those of a request that attached them now.
    pub(super) async fn look(&self) -> Result<()> {
        for &id in &self.ids {
            self.attacher.check(id).await?;
        }
        Ok(())
    }
}

fn not_allowed(reference: &DatabaseRef, why: &str) -> Error {
    Error::new(
        Reason::AttachNotAllowed,
        format!("the database '{reference}' cannot be attached: {why}"),
    )
    .with("database", reference)
}

impl Attacher for RequestAttacher {
    fn attach(&self, database: &str, alias: Alias) -> Result<Attached> {
        // Asked for on a thread that may block, in the middle of a text.
        let attached = self.cancel.run_until_cancelled(self.attach_named(database, alias, &[]));
        let given_up = || Err(Error::new(Reason::Cancelled, "the request was given up"));
        self.runtime.block_on(attached).unwrap_or_else(given_up)
    }
}
