//! Walking through the children that have files, a page at a time: a schema can
//! have a million of them.

use std::sync::Arc;

use futures_util::stream::{self, Stream};

use crate::error::Result;
use crate::names::DatabaseId;
use crate::storage::catalog::{Catalog, Member, MemberFilter};

/// Where a walk is.
struct Walk {
    catalog: Arc<dyn Catalog>,
    schema: DatabaseId,
    /// What is left to list; the last one first.
    filters: Vec<MemberFilter>,
    after: Option<DatabaseId>,
    page_members_max: usize,
}

/// The pages of the members that a filter is about; none is empty.
pub(super) fn pages(
    catalog: Arc<dyn Catalog>,
    schema: DatabaseId,
    filter: MemberFilter,
    page_members_max: usize,
) -> impl Stream<Item = Result<Vec<Member>>> + Send {
    // As many ids are asked for at once as fit a page.
    let filters = match filter {
        MemberFilter::Among(ids) => {
            ids.chunks(page_members_max).map(|ids| MemberFilter::Among(ids.to_vec())).collect()
        }
        filter @ (MemberFilter::All | MemberFilter::Behind(_)) => vec![filter],
    };
    let walk = Walk { catalog, schema, filters, after: None, page_members_max };
    stream::try_unfold(walk, next_page)
}

async fn next_page(mut walk: Walk) -> Result<Option<(Vec<Member>, Walk)>> {
    while let Some(filter) = walk.filters.last().cloned() {
        let limit = walk.page_members_max;
        let page = walk.catalog.members(walk.schema, filter, walk.after, limit).await?;
        walk.after = page.last().map(|member| member.id);
        if page.len() < limit {
            walk.filters.pop();
            walk.after = None;
        }
        if !page.is_empty() {
            let mut page = page;
            // Files lie in directories by the first byte of their ids, and workers
            // in one directory wait for each other.
            page.sort_unstable_by_key(|member| member.id.uuid().as_u128().swap_bytes());
            return Ok(Some((page, walk)));
        }
    }
    Ok(None)
}

/// Which of these are still members, as they stand now.
pub(super) async fn among(
    catalog: &dyn Catalog,
    schema: DatabaseId,
    ids: Vec<DatabaseId>,
) -> Result<Vec<Member>> {
    let count = ids.len();
    match count {
        0 => Ok(Vec::new()),
        _ => catalog.members(schema, MemberFilter::Among(ids), None, count).await,
    }
}
