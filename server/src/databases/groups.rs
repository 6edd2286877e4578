//! Groups: for server admins to create and delete, and for all to see whose
//! tokens reach into them.

use std::sync::Arc;

use super::Databases;
use crate::env::Timestamp;
use crate::error::{Error, Reason, Result};
use crate::grants::{self, Grant, Page, PageRequest};
use crate::names::{DEFAULT_GROUP, GroupId, GroupName};
use crate::storage::catalog::Group;

/// What page tokens of this list are marked with.
const LIST: &str = "groups";

impl Databases {
    /// Creates a group. Errors: `PERMISSION_DENIED`, `ALREADY_EXISTS`.
    pub async fn create_group(&self, grant: &Grant, name: GroupName) -> Result<Arc<Group>> {
        require_server_admin(grant)?;
        let group = Group {
            id: GroupId::new(self.env.uuid()),
            name,
            create_time: self.env.now(),
            tokens_not_before: Timestamp::default(),
        };
        self.catalog.create_group(group).await
    }

    /// Looks a group up. Errors: `GROUP_NOT_FOUND`.
    pub async fn get_group(&self, grant: &Grant, name: &GroupName) -> Result<Arc<Group>> {
        grants::resolve_group(&*self.catalog, grant, name).await
    }

    /// Lists the groups that the grant may know of, by name. Errors:
    /// `INVALID_ARGUMENT`, `INVALID_PAGE_TOKEN`.
    pub async fn list_groups(&self, grant: &Grant, page: &PageRequest) -> Result<Page<Arc<Group>>> {
        let limit = page.items()?;
        let read = |key: &[u8]| GroupName::new(str::from_utf8(key).ok()?).ok();
        let after = page.after(LIST, read)?;
        let visible = grant.visible(&*self.catalog).await?;
        let groups = self.catalog.groups(after, limit + 1, visible).await?;
        Ok(Page::cut(groups, limit, LIST, |group| group.name.as_str().into()))
    }

    /// Deletes a group that has no active databases; what is deleted in it is
    /// gone for good. Errors: `GROUP_NOT_FOUND`, `PERMISSION_DENIED`,
    /// `GROUP_NOT_EMPTY`, `INVALID_ARGUMENT` for `default`.
    pub async fn delete_group(&self, grant: &Grant, name: &GroupName) -> Result<()> {
        let group = self.get_group(grant, name).await?;
        require_server_admin(grant)?;
        if name.as_str() == DEFAULT_GROUP {
            return Err(Error::field("name", "the group 'default' always exists"));
        }
        self.catalog.delete_group(group.id).await
    }
}

fn require_server_admin(grant: &Grant) -> Result<()> {
    if grant.is_server_admin() {
        return Ok(());
    }
    Err(Error::new(Reason::PermissionDenied, "this needs the token of a server admin"))
}
