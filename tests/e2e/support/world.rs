//! A group of its own for every test, on a server that most tests share.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::client::Client;
use super::db::Db;
use super::forge::Forge;
use super::raw::Raw;
use super::server::{Server, show_log};
use super::v1;
use super::wait::bounded;

/// The server that tests share. It ends with this process.
static SHARED: OnceLock<Server> = OnceLock::new();
/// Numbers the groups.
static GROUPS: AtomicU64 = AtomicU64::new(1);

/// A group of a test's own, seen as the server's admin.
pub(crate) struct World {
    /// The server's admin.
    pub(crate) admin: Client,
    /// The group's name.
    pub(crate) group: String,
    /// The shared server, and how much it had logged when the test began.
    shared: Option<(&'static Server, usize)>,
}

/// The server that tests share, for what only its process can tell.
pub(crate) fn shared_server() -> &'static Server {
    SHARED.get_or_init(Server::start)
}

impl World {
    /// A new group on the shared server.
    pub(crate) async fn shared() -> Self {
        let server = shared_server();
        let mark = server.log().len();
        let mut world = Self::on(server).await;
        world.shared = Some((server, mark));
        world
    }

    /// A new group on a server of the test's own.
    pub(crate) async fn on(server: &Server) -> Self {
        let group = format!("g{}", GROUPS.fetch_add(1, Ordering::Relaxed));
        let world = Self::again(server, &group);
        world.create_group(&group).await;
        world
    }

    /// A group that is there already, on a server that was started again.
    pub(crate) fn again(server: &Server, group: &str) -> Self {
        let admin = Client::anonymous(server.address()).with_token(&server.admin_token());
        Self { admin, group: group.to_owned(), shared: None }
    }

    /// The keys of the shared server.
    pub(crate) fn forge(&self) -> Forge {
        let (server, _) = self.shared.expect("the world is on the shared server");
        Forge::of(&server.data_dir())
    }

    /// A caller in JSON.
    pub(crate) fn raw(&self) -> Raw {
        Raw::new(self.admin.address())
    }

    /// `group/name` of a database of the group.
    pub(crate) fn reference(&self, name: &str) -> String {
        format!("{}/{name}", self.group)
    }

    pub(crate) async fn create_group(&self, name: &str) {
        let group = Some(v1::Group { name: name.to_owned(), ..Default::default() });
        let request = v1::CreateGroupRequest { group };
        let created = bounded("CreateGroup", self.admin.databases().create_group(request)).await;
        created.expect("the group is created");
    }

    /// Another group beside the world's own.
    pub(crate) async fn another_group(&self) -> String {
        let group = format!("g{}", GROUPS.fetch_add(1, Ordering::Relaxed));
        self.create_group(&group).await;
        group
    }

    /// Creates a database.
    pub(crate) async fn database(&self, name: &str) -> Db {
        self.create(v1::Database { name: name.to_owned(), ..Default::default() }).await
    }

    /// Creates a database that others may attach.
    pub(crate) async fn attachable(&self, name: &str) -> Db {
        let name = name.to_owned();
        self.create(v1::Database { name, allow_attach: true, ..Default::default() }).await
    }

    /// Creates a database as described; in the world's group where none is
    /// named.
    pub(crate) async fn create(&self, mut database: v1::Database) -> Db {
        if database.group.is_empty() {
            database.group.clone_from(&self.group);
        }
        let request =
            v1::CreateDatabaseRequest { database: Some(database), request_id: String::new() };
        let created =
            bounded("CreateDatabase", self.admin.databases().create_database(request)).await;
        let created = created.expect("the database is created").into_inner().database;
        self.handle(&created.expect("a database"))
    }

    /// Speaks to a database that is there.
    pub(crate) fn handle(&self, database: &v1::Database) -> Db {
        let reference = format!("{}/{}", database.group, database.name);
        Db::new(self.admin.clone(), reference, database.id.clone())
    }

    /// A database of the group by its name.
    pub(crate) fn db(&self, name: &str) -> Db {
        Db::new(self.admin.clone(), self.reference(name), String::new())
    }

    /// Changes the configuration of a database.
    pub(crate) async fn configure(&self, db: &Db, path: &str, set: impl FnOnce(&mut v1::Database)) {
        let mut database = v1::Database { name: db.reference().to_owned(), ..Default::default() };
        set(&mut database);
        let mask = prost_types::FieldMask { paths: vec![path.to_owned()] };
        let request =
            v1::UpdateDatabaseRequest { database: Some(database), update_mask: Some(mask) };
        let updated =
            bounded("UpdateDatabase", self.admin.databases().update_database(request)).await;
        updated.expect("the database is configured");
    }

    /// Deletes a database.
    pub(crate) async fn delete(&self, db: &Db) {
        let request =
            v1::DeleteDatabaseRequest { name: db.reference().to_owned(), ..Default::default() };
        let deleted =
            bounded("DeleteDatabase", self.admin.databases().delete_database(request)).await;
        deleted.expect("the database is deleted");
    }

    /// Mints a token.
    pub(crate) async fn mint(&self, request: v1::CreateTokenRequest) -> v1::CreateTokenResponse {
        let minted = bounded("CreateToken", self.admin.tokens().create_token(request)).await;
        minted.expect("the token is minted").into_inner()
    }

    /// A token for one database.
    pub(crate) async fn token(&self, db: &Db, access: v1::Access, attach: &[&Db]) -> String {
        let request = v1::CreateTokenRequest {
            databases: vec![db.reference().to_owned()],
            access: access.into(),
            attach: attach.iter().map(|db| db.reference().to_owned()).collect(),
            ..Default::default()
        };
        self.mint(request).await.token
    }

    /// A token of the group's admin.
    pub(crate) async fn group_admin(&self) -> String {
        let request = v1::CreateTokenRequest {
            groups: vec![self.group.clone()],
            access: v1::Access::Admin.into(),
            ..Default::default()
        };
        self.mint(request).await.token
    }

    /// Every database that the admin sees in the group, deleted ones too.
    pub(crate) async fn listing(&self) -> Vec<v1::Database> {
        let mut all = Vec::new();
        let mut request = v1::ListDatabasesRequest {
            group: self.group.clone(),
            show_deleted: true,
            page_size: 1_000,
            ..Default::default()
        };
        loop {
            let mut databases = self.admin.databases();
            let page = bounded("ListDatabases", databases.list_databases(request.clone())).await;
            let page = page.expect("the group is listed").into_inner();
            all.extend(page.databases);
            if page.next_page_token.is_empty() {
                return all;
            }
            request.page_token = page.next_page_token;
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some((server, mark)) = self.shared
            && std::thread::panicking()
        {
            show_log(server.log().get(mark..).unwrap_or_default());
        }
    }
}
