//! A server's grants over a catalog of their own, for tests here and above.

use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;

use super::{Grant, OutsideIssuer, TokenSpec, Tokens, Verifier};
use crate::env::{Env, ManualClock, Timestamp};
use crate::names::{DatabaseId, DatabaseRef, GroupId, GroupName, NameOrId};
use crate::storage::catalog::{
    Catalog, Database, Group, Kind, NewDatabase, Settings, SqliteCatalog,
};

/// When the clock of a [`World`] starts.
pub(crate) const START: Timestamp = Timestamp(1_760_000_000_000);

/// Everything that grants stand on, in a directory that goes with it.
pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) env: Env,
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) verifier: Verifier,
    pub(crate) tokens: Tokens,
    /// The first admin's.
    pub(crate) admin: Grant,
}

impl World {
    /// A new server at [`START`].
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().expect("temp dir");
        std::fs::create_dir(dir.path().join("keys")).expect("creates");
        Self::open(dir, START, &[]).await
    }

    /// The server of a directory, started at a time.
    pub(crate) async fn open(dir: TempDir, now: Timestamp, issuers: &[OutsideIssuer]) -> Self {
        let clock = Arc::new(ManualClock::new(now));
        let env = Env::with_clock(clock.clone());
        let catalog = SqliteCatalog::open(&dir.path().join("catalog.db"), &env).expect("opens");
        let catalog: Arc<dyn Catalog> = Arc::new(catalog);
        let keys = dir.path().join("keys");
        let opened = super::open(Arc::clone(&catalog), env.clone(), &keys, issuers).await;
        let (verifier, tokens) = opened.expect("opens");
        let file = dir.path().join("admin.token");
        tokens.ensure_admin_token(&file).await.expect("writes");
        let token = std::fs::read_to_string(&file).expect("is there");
        let admin = verifier.verify(token.trim()).expect("is valid");
        Self { dir, clock, env, catalog, verifier, tokens, admin }
    }

    /// The same server after a restart at a time.
    pub(crate) async fn restart(self, now: Timestamp, issuers: &[OutsideIssuer]) -> Self {
        let Self { dir, catalog, verifier, tokens, .. } = self;
        drop((catalog, verifier, tokens));
        Self::open(dir, now, issuers).await
    }

    pub(crate) fn keys_dir(&self) -> PathBuf {
        self.dir.path().join("keys")
    }

    /// The group of this name, created where there is none.
    pub(crate) async fn group(&self, name: &str) -> Arc<Group> {
        let name = GroupName::new(name).expect("valid");
        if let Some(group) = self.catalog.group(&name).await.expect("reads") {
            return group;
        }
        let group = Group {
            id: GroupId::new(self.env.uuid()),
            name,
            create_time: self.env.now(),
            tokens_not_before: Timestamp::default(),
        };
        self.catalog.create_group(group).await.expect("creates")
    }

    /// The database of this reference as it stands, created with its group
    /// where there is none.
    pub(crate) async fn database(&self, reference: &str) -> Arc<Database> {
        let reference = DatabaseRef::parse(reference).expect("valid");
        if let Some(database) = self.catalog.database(&reference).await.expect("reads") {
            return database;
        }
        let group_id = self.group(reference.group.as_str()).await.id;
        let NameOrId::Name(name) = reference.database else { panic!("a new one has a name") };
        let (kind, settings) = (Kind::Regular, Settings::default());
        let new = NewDatabase { name, group_id, kind, settings };
        let new = vec![(DatabaseId::new(self.env.uuid()), new)];
        let created = self.catalog.create_databases(new, None, self.env.now()).await;
        created.expect("creates").remove(0)
    }

    /// A token that the first admin minted.
    pub(crate) async fn token(&self, spec: TokenSpec) -> String {
        self.tokens.mint(&self.admin, spec).await.expect("mints").token
    }

    /// What such a token grants.
    pub(crate) async fn grant(&self, spec: TokenSpec) -> Grant {
        self.verifier.verify(&self.token(spec).await).expect("is valid")
    }
}

/// References to databases.
pub(crate) fn databases(texts: &[&str]) -> Vec<DatabaseRef> {
    texts.iter().map(|text| DatabaseRef::parse(text).expect("valid")).collect()
}

/// Names of groups.
pub(crate) fn groups(names: &[&str]) -> Vec<GroupName> {
    names.iter().map(|name| GroupName::new(*name).expect("valid")).collect()
}
