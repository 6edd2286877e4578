//! The catalog: which groups, databases and tokens there are.
//!
//! One catalog stands for one shard. It is the truth about everything but the
//! tenants' own rows: a database exists because its row here exists, whether or
//! not it has a file. [`Catalog`] is the wall behind which it is a SQLite file
//! today. Whoever calls it has decided that the caller may: nothing here knows
//! grants.

mod cache;
mod children;
mod databases;
mod deletion;
mod failure;
mod groups;
mod list;
mod migration;
mod migrations;
mod readers;
mod requests;
mod schema;
mod sql;
mod sqlite;
mod staged;
mod tokens;
mod writer;

#[cfg(test)]
mod tests;

pub use migration::*;
pub use sqlite::SqliteCatalog;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::env::Timestamp;
use crate::error::{Error, Result};
use crate::names::{
    DatabaseId, DatabaseName, DatabaseRef, Generation, GroupId, GroupName, MigrationId, TokenId,
};

/// Where databases live together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Never given to another group.
    pub id: GroupId,
    /// Unique on the server.
    pub name: GroupName,
    /// When it was created.
    pub create_time: Timestamp,
    /// Tokens issued at or before this time open nothing in the group.
    pub tokens_not_before: Timestamp,
}

/// What a database is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// Owns its schema.
    #[default]
    Regular,
    /// Holds the schema for its children.
    Schema,
    /// Follows a SCHEMA database.
    Child {
        /// The parent.
        schema: DatabaseId,
    },
}

impl Kind {
    fn is_regular(&self) -> bool {
        *self == Self::Regular
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Regular => "REGULAR",
            Self::Schema => "SCHEMA",
            Self::Child { .. } => "CHILD",
        })
    }
}

/// Whether a database can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    /// It can.
    Active,
    /// It was deleted and can be undeleted until its purge time.
    Deleted,
}

/// What the owner of a database may change about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Settings {
    /// Others in the group may attach it.
    pub allow_attach: bool,
    /// It cannot be deleted.
    pub delete_protection: bool,
    /// Reads are refused.
    pub block_reads: bool,
    /// Writes are refused.
    pub block_writes: bool,
    /// The largest size of its file in bytes; 0 for no limit.
    pub size_limit_bytes: u64,
    /// The owner's own words about it.
    pub labels: BTreeMap<String, String>,
}

/// One database, as its row stood when it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// Never given to another database.
    pub id: DatabaseId,
    /// Unique among the active databases of its group.
    pub name: DatabaseName,
    /// The group that it is in.
    pub group_id: GroupId,
    /// That group's name.
    pub group: GroupName,
    /// What it is for.
    pub kind: Kind,
    /// The parent's name; of a CHILD only.
    pub schema_name: Option<DatabaseName>,
    /// The generation that requests on it run on: a SCHEMA database's own, a
    /// CHILD's parent's; 0 of a REGULAR one.
    pub generation: Generation,
    /// The generation that its file has reached for sure; it may be further.
    // Not in what was answered before there were schemas.
    #[serde(default)]
    pub file_generation: Generation,
    /// Why its file cannot be brought to its generation, where that failed.
    pub quarantine: Option<String>,
    /// Its file was made: from then on a missing file is a loss.
    pub used: bool,
    /// What its owner may change.
    pub settings: Settings,
    /// Whether it can be used.
    pub state: State,
    /// Counts the changes of this row: what the etag is made of.
    pub revision: u64,
    /// When it was created.
    pub create_time: Timestamp,
    /// When its settings or state last changed.
    pub update_time: Timestamp,
    /// When it was deleted.
    pub delete_time: Option<Timestamp>,
    /// When a deleted database is gone for good.
    pub purge_time: Option<Timestamp>,
    /// Tokens issued at or before this time do not open it: the later one of
    /// its own and its group's.
    pub tokens_not_before: Timestamp,
}

impl Database {
    /// Its place in a list.
    #[must_use]
    pub fn cursor(&self) -> DatabaseCursor {
        (self.group.clone(), self.name.clone(), self.id)
    }
}

/// A database to be created.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NewDatabase {
    /// Its name.
    pub name: DatabaseName,
    /// The group to create it in: by id, so that it is the very group that the
    /// caller's rights were checked on.
    pub group_id: GroupId,
    /// What it is for. A parent is named by id, and must be an active SCHEMA
    /// database of the same group.
    // A hash of this tells requests apart: those that were made before there
    // were kinds must stay what they were.
    #[serde(default, skip_serializing_if = "Kind::is_regular")]
    pub kind: Kind,
    /// What its owner may change later.
    pub settings: Settings,
}

/// Makes a repeated request answer what it answered first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestKey {
    /// A hash of the caller's `request_id` and of the groups that it is about,
    /// so that the ids of strangers never meet.
    pub id: [u8; 32],
    /// A hash of the request, so that the id is not used for another one.
    pub fingerprint: [u8; 32],
}

impl RequestKey {
    /// The key of a request: its id in the caller's words together with what it
    /// is about, and its content.
    pub fn new(id: &impl Serialize, content: &impl Serialize) -> Result<Self> {
        let hash = |of: serde_json::Result<Vec<u8>>| {
            of.map(|json| Sha256::digest(json).into()).map_err(Error::internal)
        };
        Ok(Self {
            id: hash(serde_json::to_vec(id))?,
            fingerprint: hash(serde_json::to_vec(content))?,
        })
    }
}

/// What databases a list is of. Empty fields do not narrow it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatabaseFilter {
    /// Of this group.
    pub group: Option<GroupName>,
    /// Of this kind (a child of whatever parent).
    pub kind: Option<KindFilter>,
    /// Children of this SCHEMA database.
    pub schema: Option<DatabaseId>,
    /// Having each of these labels with this value.
    pub labels: BTreeMap<String, String>,
    /// Deleted ones too.
    pub show_deleted: bool,
    /// Only what is in these groups or is one of these databases; `None` for
    /// no such bound.
    pub visible: Option<Visible>,
}

/// A kind without its particulars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KindFilter {
    /// [`Kind::Regular`]
    Regular,
    /// [`Kind::Schema`]
    Schema,
    /// [`Kind::Child`]
    Child,
}

impl From<Kind> for KindFilter {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Regular => Self::Regular,
            Kind::Schema => Self::Schema,
            Kind::Child { .. } => Self::Child,
        }
    }
}

/// What a caller may know of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visible {
    /// Everything in these groups.
    pub groups: Vec<GroupId>,
    /// These databases.
    pub databases: Vec<DatabaseId>,
}

/// Where a page of a list starts: behind this database in the order of
/// (group name, database name, id).
pub type DatabaseCursor = (GroupName, DatabaseName, DatabaseId);

/// A change of some settings of a database; `None` leaves a setting alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsPatch {
    /// See [`Settings::allow_attach`].
    pub allow_attach: Option<bool>,
    /// See [`Settings::delete_protection`].
    pub delete_protection: Option<bool>,
    /// See [`Settings::block_reads`].
    pub block_reads: Option<bool>,
    /// See [`Settings::block_writes`].
    pub block_writes: Option<bool>,
    /// See [`Settings::size_limit_bytes`].
    pub size_limit_bytes: Option<u64>,
    /// See [`Settings::labels`]; replaces all of them.
    pub labels: Option<BTreeMap<String, String>>,
}

impl SettingsPatch {
    fn apply_to(self, settings: &Settings) -> Settings {
        let Settings { allow_attach, delete_protection, block_reads, block_writes, .. } = *settings;
        Settings {
            allow_attach: self.allow_attach.unwrap_or(allow_attach),
            delete_protection: self.delete_protection.unwrap_or(delete_protection),
            block_reads: self.block_reads.unwrap_or(block_reads),
            block_writes: self.block_writes.unwrap_or(block_writes),
            size_limit_bytes: self.size_limit_bytes.unwrap_or(settings.size_limit_bytes),
            labels: self.labels.unwrap_or_else(|| settings.labels.clone()),
        }
    }
}

/// A token that this server minted. The token itself is never stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// Its `jti`.
    pub id: TokenId,
    /// Whom it was made for, in the minter's words.
    pub subject: String,
    /// What it permits: the claims, as JSON, read by `grants/` alone.
    pub claims: String,
    /// The databases whose owner may see and revoke it.
    pub databases: Vec<DatabaseId>,
    /// The groups whose admin may see and revoke it.
    pub groups: Vec<GroupId>,
    /// The key that signed it.
    pub key_id: String,
    /// When it was minted.
    pub create_time: Timestamp,
    /// When it stops working; `None` for never.
    pub expire_time: Option<Timestamp>,
    /// When it was revoked.
    pub revoke_time: Option<Timestamp>,
}

/// What tokens a list is of. Empty fields do not narrow it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenFilter {
    /// Naming this database, or this group or a database in it.
    pub scope: Option<TokenScope>,
    /// With this subject.
    pub subject: Option<String>,
    /// Neither revoked nor expired at this time.
    pub active_at: Option<Timestamp>,
    /// Naming something, and nothing but these databases, these groups and
    /// databases in them; `None` for no such bound.
    pub visible: Option<Visible>,
}

/// What [`Catalog::invalidate_tokens`] strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenScope {
    /// Every token, as far as it opens this database.
    Database(DatabaseId),
    /// Every token, as far as it opens something in this group.
    Group(GroupId),
}

/// The catalog of one shard. Each change is durable when its future resolves;
/// changes of concurrent callers share a commit. Reads see every change that
/// was acknowledged before they were asked for.
pub trait Catalog: Send + Sync {
    /// Creates a group. Errors: `ALREADY_EXISTS`.
    fn create_group(&self, group: Group) -> BoxFuture<'_, Result<Arc<Group>>>;
    /// Looks a group up by name; answered from memory where possible.
    fn group(&self, name: &GroupName) -> BoxFuture<'_, Result<Option<Arc<Group>>>> {
        self.group_for(name, &|_| true)
    }
    /// As [`Catalog::group`], for a caller who `may_know` some groups alone: any
    /// other takes as long as one that is not there, which is never in memory.
    fn group_for(
        &self,
        name: &GroupName,
        may_know: &dyn Fn(&Group) -> bool,
    ) -> BoxFuture<'_, Result<Option<Arc<Group>>>>;
    /// The groups in the order of their names, after `after`, at most `limit`;
    /// only those in `visible` or with an active database in it where given.
    fn groups(
        &self,
        after: Option<GroupName>,
        limit: usize,
        visible: Option<Visible>,
    ) -> BoxFuture<'_, Result<Vec<Arc<Group>>>>;
    /// Deletes a group without active databases. Its deleted ones are marked
    /// as purged: the next [`Catalog::purge_databases`] answers them. Errors:
    /// `GROUP_NOT_FOUND`, `GROUP_NOT_EMPTY`.
    fn delete_group(&self, id: GroupId) -> BoxFuture<'_, Result<()>>;

    /// Creates databases, all or none, in the order given; the ids are given
    /// too. A repeat of `request` answers what the first answered. Errors:
    /// `GROUP_NOT_FOUND`, `REQUEST_ID_REUSED`, and of many with the `index` of
    /// the one `ALREADY_EXISTS`, and of a parent `DATABASE_NOT_FOUND`,
    /// `WRONG_KIND`, and `INVALID_ARGUMENT` where it is in another group.
    fn create_databases(
        &self,
        databases: Vec<(DatabaseId, NewDatabase)>,
        request: Option<RequestKey>,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<Arc<Database>>>>;
    /// What an earlier request of this key created. Errors: `REQUEST_ID_REUSED`.
    fn requested_databases(
        &self,
        request: RequestKey,
    ) -> BoxFuture<'_, Result<Option<Vec<Arc<Database>>>>>;
    /// Notes a database that is to get its file before anybody sees it. Errors:
    /// those of [`Catalog::create_databases`]; its name is not taken by this.
    fn stage_database(
        &self,
        id: DatabaseId,
        new: NewDatabase,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Arc<Database>>>;
    /// Makes a staged database active, with a durable file of this generation,
    /// which a SCHEMA database has from now on. `None`, and nothing is done, where
    /// the parent of a CHILD is at another one by now. A repeat of `request`
    /// answers what the first answered, and gives this one up. Errors:
    /// `ALREADY_EXISTS`, `GROUP_NOT_FOUND`, `DATABASE_NOT_FOUND` (of the parent),
    /// `REQUEST_ID_REUSED`.
    fn publish_database(
        &self,
        staged: Arc<Database>,
        generation: Generation,
        request: Option<RequestKey>,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Option<Arc<Database>>>>;
    /// Gives a staged database up: the next [`Catalog::purge_databases`] answers it.
    /// One that is active stays. What is staged when a catalog is opened is given
    /// up by that.
    fn abandon_database(&self, id: DatabaseId) -> BoxFuture<'_, Result<()>>;
    /// Looks an active database up; answered from memory where possible.
    fn database(&self, reference: &DatabaseRef) -> BoxFuture<'_, Result<Option<Arc<Database>>>> {
        self.database_for(reference, &|_| true)
    }
    /// As [`Catalog::database`], for a caller who `may_know` some databases
    /// alone, as in [`Catalog::group_for`].
    fn database_for(
        &self,
        reference: &DatabaseRef,
        may_know: &dyn Fn(&Database) -> bool,
    ) -> BoxFuture<'_, Result<Option<Arc<Database>>>>;
    /// The newest deleted, not yet purged database of a reference.
    fn deleted_database(
        &self,
        reference: &DatabaseRef,
    ) -> BoxFuture<'_, Result<Option<Arc<Database>>>>;
    /// The databases in the order of (group, name, id), after `after`, at most
    /// `limit`.
    fn databases(
        &self,
        filter: DatabaseFilter,
        after: Option<DatabaseCursor>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Arc<Database>>>>;
    /// Notes that a database's file was made, at this generation, and is durable.
    fn mark_used(&self, id: DatabaseId, generation: Generation) -> BoxFuture<'_, Result<()>>;
    /// Changes settings, if the row still has `revision` where given. Errors:
    /// `DATABASE_NOT_FOUND`, `ETAG_MISMATCH`.
    fn update_database(
        &self,
        id: DatabaseId,
        patch: SettingsPatch,
        revision: Option<u64>,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Arc<Database>>>;
    /// Marks a database deleted, to be purged after `retention`. Errors:
    /// `DATABASE_NOT_FOUND`, `DELETE_PROTECTED`, `ETAG_MISMATCH`,
    /// `SCHEMA_NOT_EMPTY` (of a SCHEMA database with active children),
    /// `MIGRATION_IN_PROGRESS` (of one with a migration that is PREPARING).
    fn delete_database(
        &self,
        id: DatabaseId,
        revision: Option<u64>,
        now: Timestamp,
        retention: Duration,
    ) -> BoxFuture<'_, Result<Arc<Database>>>;
    /// Makes a deleted database active again. Errors: `DATABASE_NOT_FOUND`
    /// (purged, or a CHILD whose parent is not active), `NOT_DELETED`,
    /// `ALREADY_EXISTS` (the name was taken), `MIGRATION_IN_PROGRESS` (a CHILD
    /// with a file whose schema has a migration that is PREPARING: it was not
    /// validated).
    fn undelete_database(
        &self,
        id: DatabaseId,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Arc<Database>>>;
    /// Marks up to `limit` deleted databases whose time has come as purged and
    /// answers up to `limit` that are purged: their files may go. A row stays
    /// until [`Catalog::forget_databases`], so that a crash forgets no file.
    fn purge_databases(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<DatabaseId>>>;
    /// Removes the rows of purged databases whose files are gone, and the
    /// migrations of those that were schemas.
    fn forget_databases(&self, ids: Vec<DatabaseId>) -> BoxFuture<'_, Result<()>>;

    /// Records a migration as PREPARING. A repeat of `request` answers the one
    /// that the first made, however far that is; `true` says that it is new.
    /// Errors: `DATABASE_NOT_FOUND`, `GENERATION_MISMATCH`,
    /// `MIGRATION_IN_PROGRESS` (with the `migration` that is PREPARING),
    /// `MIGRATION_NOT_ALLOWED` (at the last generation), `REQUEST_ID_REUSED`.
    fn create_migration(
        &self,
        new: NewMigration,
        request: Option<RequestKey>,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<(Arc<Migration>, bool)>>;
    /// The migration that an earlier request of this key made. Errors:
    /// `REQUEST_ID_REUSED`.
    fn requested_migration(
        &self,
        request: RequestKey,
    ) -> BoxFuture<'_, Result<Option<Arc<Migration>>>>;
    /// Looks a migration up.
    fn migration(&self, id: MigrationId) -> BoxFuture<'_, Result<Option<Arc<Migration>>>>;
    /// The migrations of a schema, newest first, in the order of (create time,
    /// id) falling, after `after`, at most `limit`.
    fn migrations(
        &self,
        schema: DatabaseId,
        state: Option<MigrationState>,
        after: Option<(Timestamp, MigrationId)>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Arc<Migration>>>>;
    /// The migrations of all active schemas that are PREPARING or COMMITTED,
    /// oldest first.
    fn unfinished_migrations(&self) -> BoxFuture<'_, Result<Vec<Arc<Migration>>>>;
    /// The scripts that lead from generation `after` to `up_to`, in order,
    /// without a gap: where one is missing, that is `INTERNAL`.
    fn migration_scripts(
        &self,
        schema: DatabaseId,
        after: Generation,
        up_to: Generation,
    ) -> BoxFuture<'_, Result<Vec<MigrationScript>>>;
    /// Writes the decision: the schema is at the migration's generation and the
    /// migration is COMMITTED, in one commit. Errors: `MIGRATION_DECIDED` where
    /// it is not PREPARING, `MIGRATION_NOT_FOUND`.
    fn commit_migration(
        &self,
        id: MigrationId,
        figures: MigrationFigures,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Arc<Migration>>>;
    /// Notes how a migration ended. Errors: `MIGRATION_DECIDED` where it is not
    /// in a state that can end so: FAILED and CANCELLED follow PREPARING,
    /// APPLIED follows COMMITTED; `MIGRATION_NOT_FOUND`.
    fn end_migration(
        &self,
        id: MigrationId,
        end: MigrationEnd,
        figures: MigrationFigures,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Arc<Migration>>>;

    /// The active children of a schema in the order of (name, id), after
    /// `after`, at most `limit`.
    fn children(
        &self,
        schema: DatabaseId,
        state: Option<ChildState>,
        after: Option<(DatabaseName, DatabaseId)>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Arc<Database>>>>;
    /// The active children of a schema that have a file, in the order of their
    /// ids, after `after`, at most `limit`.
    fn members(
        &self,
        schema: DatabaseId,
        filter: MemberFilter,
        after: Option<DatabaseId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Member>>>;
    /// Counts the active children of a schema.
    fn child_counts(&self, schema: DatabaseId) -> BoxFuture<'_, Result<ChildCounts>>;
    /// Notes that the files of these databases have reached a generation and
    /// are durable: raises [`Database::file_generation`], and ends their
    /// quarantine. Where neither changes, nothing is written.
    fn note_generation(
        &self,
        ids: Vec<DatabaseId>,
        generation: Generation,
    ) -> BoxFuture<'_, Result<()>>;
    /// Notes why the file of a child cannot be brought to its generation.
    fn note_quarantine(&self, id: DatabaseId, reason: String) -> BoxFuture<'_, Result<()>>;

    /// Notes a minted token. Errors: `DATABASE_NOT_FOUND` (named and gone).
    fn add_token(&self, token: TokenRow) -> BoxFuture<'_, Result<()>>;
    /// Looks a minted token up.
    fn token(&self, id: TokenId) -> BoxFuture<'_, Result<Option<TokenRow>>>;
    /// Minted tokens, newest first, in the order of (create time, id) falling,
    /// after `after`, at most `limit`.
    fn tokens(
        &self,
        filter: TokenFilter,
        after: Option<(Timestamp, TokenId)>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<TokenRow>>>;
    /// Revokes a token; a second time changes nothing. Errors:
    /// `TOKEN_NOT_FOUND`.
    fn revoke_token(&self, id: TokenId, now: Timestamp) -> BoxFuture<'_, Result<TokenRow>>;
    /// The revoked tokens that have not expired by `now`.
    fn revoked_tokens(&self, now: Timestamp) -> BoxFuture<'_, Result<Vec<TokenId>>>;
    /// Strikes every token that was issued at or before `now`. Errors:
    /// `DATABASE_NOT_FOUND`, `GROUP_NOT_FOUND`.
    fn invalidate_tokens(&self, scope: TokenScope, now: Timestamp) -> BoxFuture<'_, Result<()>>;

    /// A word that the server keeps about itself.
    fn meta(&self, key: &'static str) -> BoxFuture<'_, Result<Option<String>>>;
    /// Keeps a word about the server itself, if it has none under this key yet;
    /// answers the one that stands.
    fn init_meta(&self, key: &'static str, value: String) -> BoxFuture<'_, Result<String>>;
}
