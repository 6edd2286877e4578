//! The fleets that are measured, made once for all figures.

use std::fs;
use std::path::{Path, PathBuf};

use futures_util::{StreamExt as _, stream};
use tempfile::TempDir;

use crate::support::{Db, Fleet, Server, World, v1};

/// Children that are written at a time while the fleets are made.
const WRITTEN_AT_ONCE: usize = 64;
/// Connections that the writes share.
const CONNECTIONS: usize = 4;
/// What every fleet begins with.
const SCHEMA: &str = "
    CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE orders (
        id INTEGER PRIMARY KEY,
        customer INTEGER REFERENCES customers (id),
        reference TEXT NOT NULL,
        amount REAL NOT NULL
    );
    CREATE INDEX orders_by_customer ON orders (customer);";
/// A few rows.
const ROWS: &str = "
    INSERT INTO customers VALUES (1, 'Ada'), (2, 'Grace'), (3, 'Edith');
    INSERT INTO orders (customer, reference, amount)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10)
        SELECT i % 3 + 1, format('order %04d', i), i / 4.0 FROM n";

/// A server with fleets, all of whose children have files.
pub(super) struct Data {
    pub(super) server: Server,
    /// 10,000 children.
    pub(super) large: Children,
    /// 100 children.
    pub(super) small: Children,
    /// 1,000 children, as many as are kept open.
    pub(super) used: Children,
}

/// A fleet of some size.
pub(super) struct Children {
    pub(super) fleet: Fleet,
    names: Vec<String>,
    /// Copies of the children's files, which the server does not know.
    pub(super) copies: Vec<PathBuf>,
    _copies_dir: TempDir,
}

impl Data {
    /// Fleets on a server with so many workers, or as many as it takes by itself.
    pub(super) async fn build(workers: Option<usize>) -> Self {
        // Nothing of this must survive a power loss, and it is quicker so.
        let mut server = Server::with(&["--synchronous", "normal"]);
        let world = World::on(&server).await;
        let mut made = Vec::new();
        for (parent, count) in [("large", 10_000), ("small", 100), ("used", 1_000)] {
            made.push((parent, make(&world, parent, count).await));
        }
        // All logs are copied into their files.
        server.stop();
        let flags = workers.map(|count| {
            [format!("--prepare-workers={count}"), format!("--apply-workers={count}")]
        });
        let flags: Vec<String> = flags.into_iter().flatten().collect();
        assert!(server.restart_with(&flags), "it logged:\n{}", server.log());
        let world = World::again(&server, &world.group);
        let files = server.data_dir().join("shard-0000/databases");
        let mut fleets = made.into_iter().map(|(parent, children)| {
            Children::take(Fleet::again(&world, parent), &children, &files)
        });
        let mut next = || fleets.next().expect("each was made");
        let (large, small, used) = (next(), next(), next());
        drop(fleets);
        Self { server, large, small, used }
    }
}

async fn make(world: &World, parent: &str, count: usize) -> Vec<v1::Database> {
    let fleet = Fleet::create(world, parent).await;
    fleet.migrate(SCHEMA).await;
    let children = fleet.create_children((0..count).map(|i| format!("{parent}-{i:05}"))).await;
    let connections: Vec<_> = (0..CONNECTIONS).map(|_| fleet.apart()).collect();
    stream::iter(children.iter().enumerate())
        .for_each_concurrent(WRITTEN_AT_ONCE, async |(i, child)| {
            connections[i % CONNECTIONS].child(&child.name).exec(ROWS).await;
        })
        .await;
    children
}

impl Children {
    fn take(fleet: Fleet, children: &[v1::Database], files: &Path) -> Self {
        let copies_dir = tempfile::tempdir().expect("a directory");
        let copies = children.iter().map(|child| copy(&child.id, files, copies_dir.path()));
        let mut copies: Vec<_> = copies.collect();
        // The order that a shell lists them in, and the server too.
        copies.sort_unstable();
        let names = children.iter().map(|child| child.name.clone()).collect();
        Self { fleet, names, copies, _copies_dir: copies_dir }
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// The first `count` children dealt out to `lanes`, each lane through one of
    /// a few connections.
    pub(super) fn lanes(&self, count: usize, lanes: usize) -> Vec<Vec<Db>> {
        let connections: Vec<_> = (0..CONNECTIONS).map(|_| self.fleet.apart()).collect();
        let lane = |lane: usize| {
            let names = self.names[..count].iter().skip(lane).step_by(lanes);
            names.map(|name| connections[lane % CONNECTIONS].child(name)).collect()
        };
        (0..lanes).map(lane).collect()
    }
}

/// Copies a child's file to a directory that is spread like the server's.
fn copy(id: &str, from: &Path, to: &Path) -> PathBuf {
    let to = to.join(&id[..2]);
    fs::create_dir_all(&to).expect("a directory");
    for end in ["db", "db-wal"] {
        let name = format!("{id}.{end}");
        let from = from.join(&id[..2]).join(&name);
        if from.exists() {
            fs::copy(&from, to.join(&name)).expect("is copied");
        }
    }
    to.join(format!("{id}.db"))
}
