//! Deleting a database frees its name at once and its data later.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join_all;
use tenantry_client::v1::{
    Access, Database, DatabaseState, DeleteDatabaseRequest, GetDatabaseRequest,
    UndeleteDatabaseRequest,
};

use crate::support::client::reason;
use crate::support::{Code, Db, Server, Status, World, bounded, expect_error, until};

async fn undelete(world: &World, name: &str) -> Result<Database, Status> {
    let request = UndeleteDatabaseRequest { name: world.reference(name) };
    let response = world.admin.databases().undelete_database(request).await?;
    Ok(response.into_inner().database.expect("a database"))
}

async fn get(world: &World, name: &str) -> Result<Database, Status> {
    let request = GetDatabaseRequest { name: world.reference(name) };
    let response = world.admin.databases().get_database(request).await?;
    Ok(response.into_inner().database.expect("a database"))
}

async fn holding(world: &World, name: &str, value: &str) -> Db {
    let db = world.database(name).await;
    db.exec(format!("CREATE TABLE t (x); INSERT INTO t VALUES ('{value}')")).await;
    db
}

#[tokio::test]
async fn a_deleted_database_is_gone_and_its_name_is_free() {
    let world = World::shared().await;
    let db = holding(&world, "alice", "first").await;
    let delete = DeleteDatabaseRequest { name: db.reference().into(), ..Default::default() };
    let deleted = world.admin.databases().delete_database(delete.clone()).await;
    let deleted = deleted.expect("it is deleted").into_inner().database.expect("a database");
    assert_eq!(deleted.state(), DatabaseState::Deleted);
    let (at, purge) = (deleted.delete_time.expect("a time"), deleted.purge_time.expect("a time"));
    assert!(purge.seconds > at.seconds, "there is time to undelete");

    expect_error(db.try_exec("SELECT 1").await, Code::NotFound, "DATABASE_NOT_FOUND");
    expect_error(get(&world, "alice").await, Code::NotFound, "DATABASE_NOT_FOUND");
    let again = world.admin.databases().delete_database(delete).await;
    expect_error(again, Code::NotFound, "DATABASE_NOT_FOUND");
    // By UUID it is still known. Its file may be put in order meanwhile.
    let known = get(&world, db.id()).await.expect("found");
    assert_eq!(known, Database { size_bytes: known.size_bytes, ..deleted });
    let ids: Vec<_> = world.listing().await.into_iter().map(|database| database.id).collect();
    assert_eq!(ids, [db.id()]);

    let second = holding(&world, "alice", "second").await;
    assert_ne!(second.id(), db.id());
    assert_eq!(second.text("SELECT x FROM t").await, "second");
}

#[tokio::test]
async fn undelete_brings_rows_and_tokens_back() {
    let world = World::shared().await;
    let db = holding(&world, "alice", "rows").await;
    let token = world.token(&db, Access::ReadOnly, &[]).await;
    expect_error(undelete(&world, "alice").await, Code::FailedPrecondition, "NOT_DELETED");
    world.delete(&db).await;
    let refused = db.with_token(&token).try_exec("SELECT 1").await;
    expect_error(refused, Code::NotFound, "DATABASE_NOT_FOUND");
    let back = undelete(&world, "alice").await.expect("it is brought back");
    assert_eq!((back.id.as_str(), back.state()), (db.id(), DatabaseState::Active));
    assert!(back.delete_time.is_none() && back.purge_time.is_none());
    assert_eq!(db.with_token(&token).text("SELECT x FROM t").await, "rows");
}

#[tokio::test]
async fn undelete_by_name_takes_the_newest_and_by_uuid_any() {
    let world = World::shared().await;
    let mut ids = Vec::new();
    for value in ["one", "two", "three"] {
        let db = holding(&world, "alice", value).await;
        ids.push(db.id().to_owned());
        world.delete(&db).await;
    }
    assert_eq!(undelete(&world, "alice").await.expect("it is back").id, ids[2]);
    assert_eq!(world.db("alice").text("SELECT x FROM t").await, "three");
    // Its name is taken now.
    let taken = undelete(&world, &ids[0]).await;
    expect_error(taken, Code::AlreadyExists, "ALREADY_EXISTS");
    world.delete(&world.db("alice")).await;
    undelete(&world, &ids[0]).await.expect("it is back");
    assert_eq!(world.db("alice").text("SELECT x FROM t").await, "one");
    let unknown = undelete(&world, "nobody").await;
    expect_error(unknown, Code::NotFound, "DATABASE_NOT_FOUND");
}

#[tokio::test]
async fn deletion_amid_requests_answers_each_of_them() {
    let world = World::shared().await;
    let db = world.attachable("alice").await;
    db.exec("CREATE TABLE t (x)").await;
    let beside = world.database("bob").await.attach("alice", "a");
    let over = Arc::new(AtomicBool::new(false));
    let users = (0..8_i64).map(|user| {
        let (db, beside, over) = (db.apart(), beside.apart(), over.clone());
        tokio::spawn(async move {
            let mut acked = 0;
            while !over.load(Ordering::Relaxed) {
                let answer = match user % 3 {
                    0 => db.try_exec("SELECT count(*) FROM t").await,
                    1 => beside.try_exec("SELECT count(*) FROM a.t").await,
                    _ => db.try_exec("INSERT INTO t VALUES (1)").await.inspect(|_| acked += 1),
                };
                if let Err(status) = answer {
                    let reason = reason(&status);
                    let known =
                        ["DATABASE_NOT_FOUND", "ATTACH_NOT_ALLOWED"].contains(&reason.as_str());
                    assert!(known, "{status:?}");
                }
            }
            acked
        })
    });
    let users: Vec<_> = users.collect();
    for _ in 0..25 {
        world.delete(&db).await;
        undelete(&world, db.id()).await.expect("it is brought back");
        db.text("SELECT count(*) FROM t").await;
    }
    over.store(true, Ordering::Relaxed);
    let mut acked = 0;
    for user in bounded("all users", join_all(users)).await {
        acked += user.expect("each request is answered as it should");
    }
    assert_eq!(db.text("SELECT count(*) FROM t").await, acked.to_string());
}

#[tokio::test]
async fn a_token_never_opens_a_later_database_of_the_same_name() {
    let world = World::shared().await;
    let first = holding(&world, "alice", "first").await;
    let token = world.token(&first, Access::ReadWrite, &[]).await;
    world.delete(&first).await;
    let second = holding(&world, "alice", "second").await;
    let refused = second.with_token(&token).try_exec("SELECT x FROM t").await;
    expect_error(refused, Code::NotFound, "DATABASE_NOT_FOUND");
}

#[tokio::test]
async fn after_its_time_a_deleted_database_is_gone_from_the_disk() {
    let server = Server::with(&["--undelete-window-seconds", "1"]);
    let world = World::on(&server).await;
    let db = holding(&world, "alice", "rows").await;
    let kept = holding(&world, "bob", "kept").await;
    let files = || files_of(&server.data_dir(), db.id());
    assert!(!files().is_empty(), "a used database has a file");
    world.delete(&db).await;
    until("its files are gone", async || files().is_empty().then_some(())).await;
    until("its row is gone", async || get(&world, db.id()).await.err()).await;
    let late = undelete(&world, db.id()).await;
    expect_error(late, Code::NotFound, "DATABASE_NOT_FOUND");
    assert_eq!(kept.text("SELECT x FROM t").await, "kept");
}

/// The files below a directory whose names begin with an id.
fn files_of(dir: &Path, id: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in
        std::fs::read_dir(dir).into_iter().flatten().map(|entry| entry.expect("an entry").path())
    {
        if path.is_dir() {
            found.extend(files_of(&path, id));
        } else if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(id)) {
            found.push(path);
        }
    }
    found
}
