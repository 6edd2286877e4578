//! The children of a schema: how far their files are, and another try for those
//! that could not be brought up.

use std::pin::pin;
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _};

use super::{Schemas, Shared, members};
use crate::error::{Error, Result};
use crate::grants::{self, Grant, Page, PageRequest};
use crate::names::{DatabaseId, DatabaseName, DatabaseRef, NameOrId};
use crate::storage::catalog::{ChildState, Database, Kind, MemberFilter};

/// The most children that are tried again by name.
const NAMED_CHILDREN_MAX: usize = 1_000;
/// How many are listed and tried at once.
const PAGE_CHILDREN_MAX: usize = 256;

/// A child of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// Its row, which tells how far its file is.
    pub database: Arc<Database>,
}

impl Schemas {
    /// Lists the children of a schema, by name. Errors: `INVALID_ARGUMENT`,
    /// `INVALID_PAGE_TOKEN`.
    pub async fn children(
        &self,
        grant: &Grant,
        schema: &DatabaseRef,
        state: Option<ChildState>,
        page: &PageRequest,
    ) -> Result<Page<Child>> {
        let parent = self.0.migratable(grant, schema).await?;
        let limit = page.items()?;
        let filter = format!("children {} {state:?}", parent.id);
        let after = page.after(&filter, read_cursor)?;
        let children = self.0.catalog.children(parent.id, state, after, limit + 1).await?;
        let Page { items, next_token } = Page::cut(children, limit, &filter, write_cursor);
        let items = items.into_iter().map(|database| Child { database }).collect();
        Ok(Page { items, next_token })
    }

    /// Tries at once to bring up these children, or all that are quarantined
    /// where none is named. Answers how many are up now and how many still
    /// cannot be. Errors: `INVALID_ARGUMENT`, `DATABASE_NOT_FOUND`.
    pub async fn retry_children(
        &self,
        grant: &Grant,
        schema: &DatabaseRef,
        children: Vec<NameOrId>,
    ) -> Result<(u64, u64)> {
        let parent = self.0.migratable(grant, schema).await?;
        if children.len() > NAMED_CHILDREN_MAX {
            let rule = format!("must name at most {NAMED_CHILDREN_MAX} children");
            return Err(Error::field("children", rule));
        }
        let ids = match children.is_empty() {
            true => self.0.quarantined(&parent).await?,
            false => self.0.named(&parent, children).await?,
        };
        let count = ids.len() as u64;
        let failed = self.0.retry(&parent, ids).await?;
        Ok((count - failed, failed))
    }
}

impl Shared {
    async fn quarantined(&self, parent: &Database) -> Result<Vec<DatabaseId>> {
        let (mut ids, mut after) = (Vec::new(), None);
        loop {
            let state = Some(ChildState::Quarantined);
            let page = self.catalog.children(parent.id, state, after, PAGE_CHILDREN_MAX).await?;
            after = page.last().map(|child| (child.name.clone(), child.id));
            ids.extend(page.iter().map(|child| child.id));
            if page.len() < PAGE_CHILDREN_MAX {
                return Ok(ids);
            }
        }
    }

    async fn named(&self, parent: &Database, names: Vec<NameOrId>) -> Result<Vec<DatabaseId>> {
        let kind = Kind::Child { schema: parent.id };
        let mut ids = Vec::with_capacity(names.len());
        for database in names {
            let reference = DatabaseRef { group: parent.group.clone(), database };
            let found = self.catalog.database(&reference).await?;
            // A stranger's database is answered like one that is not there.
            let child = found.filter(|database| database.kind == kind);
            ids.push(child.ok_or_else(|| grants::database_not_found(&reference))?.id);
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    /// Tries children again; answers how many could not be brought up.
    async fn retry(&self, parent: &Database, ids: Vec<DatabaseId>) -> Result<u64> {
        let target = parent.generation;
        let fleet = self.pool.fleet(parent.id, target);
        let catalog = Arc::clone(&self.catalog);
        let among = MemberFilter::Among(ids);
        let batches = members::pages(catalog, parent.id, among, PAGE_CHILDREN_MAX)
            .map_ok(|batch| async {
                let count = batch.len() as u64;
                Ok(count - self.bring_up(&fleet, target, batch).await?)
            })
            .try_buffer_unordered(self.config.apply_workers);
        let mut batches = pin!(batches);
        let mut failed = 0;
        while let Some(more) = batches.next().await {
            failed += more?;
        }
        Ok(failed)
    }
}

fn write_cursor(child: &Arc<Database>) -> Vec<u8> {
    format!("{}/{}", child.name, child.id).into_bytes()
}

fn read_cursor(key: &[u8]) -> Option<(DatabaseName, DatabaseId)> {
    let (name, id) = str::from_utf8(key).ok()?.split_once('/')?;
    Some((DatabaseName::new(name).ok()?, id.parse().ok()?))
}
