//! Lists of databases.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Databases, View, checks};
use crate::error::Result;
use crate::grants::{self, Grant, Page, PageRequest};
use crate::names::{DatabaseName, DatabaseRef, GroupName};
use crate::storage::catalog::{Database, DatabaseCursor, DatabaseFilter, KindFilter};

/// What databases to list. Empty fields do not narrow the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatabaseQuery {
    /// Of this group.
    pub group: Option<GroupName>,
    /// Of this kind.
    pub kind: Option<KindFilter>,
    /// Children of this database.
    pub schema: Option<DatabaseRef>,
    /// With each of these labels.
    pub labels: BTreeMap<String, String>,
    /// Deleted ones too.
    pub show_deleted: bool,
}

impl Databases {
    /// Lists the databases that the grant may know of, by group and name.
    /// Errors: `GROUP_NOT_FOUND`, `DATABASE_NOT_FOUND` (of `schema`),
    /// `INVALID_ARGUMENT`, `INVALID_PAGE_TOKEN`.
    pub async fn list(
        &self,
        grant: &Grant,
        query: DatabaseQuery,
        page: &PageRequest,
    ) -> Result<Page<View>> {
        let limit = page.items()?;
        checks::label_filter(&query.labels)?;
        let filter_text = format!("databases {query:?}");
        let after = page.after(&filter_text, read_cursor)?;
        let filter = self.filter(grant, query).await?;
        let databases = self.catalog.databases(filter, after, limit + 1).await?;
        let page = Page::cut(databases, limit, &filter_text, write_cursor);
        let sizes = self.files.sizes(page.items.iter().map(|database| database.id).collect()).await;
        let views = page.items.into_iter().zip(sizes);
        let items = views.map(|(database, size_bytes)| View { database, size_bytes }).collect();
        Ok(Page { items, next_token: page.next_token })
    }

    async fn filter(&self, grant: &Grant, query: DatabaseQuery) -> Result<DatabaseFilter> {
        if let Some(group) = &query.group {
            grants::resolve_group(&*self.catalog, grant, group).await?;
        }
        let schema = match &query.schema {
            Some(reference) => Some(self.resolve(grant, reference).await?.0.id),
            None => None,
        };
        Ok(DatabaseFilter {
            group: query.group,
            kind: query.kind,
            schema,
            labels: query.labels,
            show_deleted: query.show_deleted,
            visible: grant.visible(&*self.catalog).await?,
        })
    }
}

fn write_cursor(database: &Arc<Database>) -> Vec<u8> {
    let Database { group, name, id, .. } = &**database;
    format!("{group}/{name}/{id}").into_bytes()
}

fn read_cursor(key: &[u8]) -> Option<DatabaseCursor> {
    let mut parts = str::from_utf8(key).ok()?.splitn(3, '/');
    let group = GroupName::new(parts.next()?).ok()?;
    let name = DatabaseName::new(parts.next()?).ok()?;
    Some((group, name, parts.next()?.parse().ok()?))
}
