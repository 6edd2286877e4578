//! Groups and databases: created, found, configured, and there after a crash.

use std::collections::BTreeMap;
use std::fs;

use futures_util::future::join_all;
use tenantry_client::v1::{
    self, BatchCreateDatabasesRequest, CreateDatabaseRequest, CreateGroupRequest, Database,
    DatabaseKind, DatabaseState, DeleteGroupRequest, GetDatabaseRequest, GetGroupRequest, Group,
    UpdateDatabaseRequest,
};

use crate::support::client::metadata;
use crate::support::{Client, Code, Server, Status, World, bounded, cells, expect_error, sql};

/// The most databases that one request creates.
const BATCH_MAX: usize = 10_000;

async fn get(client: &Client, name: impl Into<String>) -> Result<Database, Status> {
    let request = GetDatabaseRequest { name: name.into() };
    let response = client.databases().get_database(request).await?;
    Ok(response.into_inner().database.expect("a database"))
}

async fn create(client: &Client, database: Database, request_id: &str) -> Result<Database, Status> {
    let request =
        CreateDatabaseRequest { database: Some(database), request_id: request_id.to_owned() };
    let response = client.databases().create_database(request).await?;
    Ok(response.into_inner().database.expect("a database"))
}

async fn create_many(
    client: &Client,
    databases: Vec<Database>,
    request_id: &str,
) -> Result<Vec<Database>, Status> {
    let request = BatchCreateDatabasesRequest { databases, request_id: request_id.to_owned() };
    Ok(client.databases().batch_create_databases(request).await?.into_inner().databases)
}

async fn update(client: &Client, database: Database, paths: &[&str]) -> Result<Database, Status> {
    let paths = paths.iter().map(ToString::to_string).collect();
    let update_mask = Some(prost_types::FieldMask { paths });
    let request = UpdateDatabaseRequest { database: Some(database), update_mask };
    let response = client.databases().update_database(request).await?;
    Ok(response.into_inner().database.expect("a database"))
}

fn named(group: &str, name: &str) -> Database {
    Database { group: group.to_owned(), name: name.to_owned(), ..Default::default() }
}

#[tokio::test]
async fn a_group_is_created_found_and_deleted() {
    let world = World::shared().await;
    let mut databases = world.admin.databases();
    let found = databases.get_group(GetGroupRequest { name: world.group.clone() }).await;
    let group = found.expect("it is found").into_inner().group.expect("a group");
    assert_eq!(group.name, world.group);
    assert!(group.create_time.is_some());

    let again =
        CreateGroupRequest { group: Some(Group { name: group.name, ..Default::default() }) };
    expect_error(databases.create_group(again).await, Code::AlreadyExists, "ALREADY_EXISTS");

    let delete = DeleteGroupRequest { name: world.group.clone() };
    databases.delete_group(delete.clone()).await.expect("it is deleted");
    expect_error(databases.delete_group(delete).await, Code::NotFound, "GROUP_NOT_FOUND");
    let gone = databases.get_group(GetGroupRequest { name: world.group.clone() }).await;
    expect_error(gone, Code::NotFound, "GROUP_NOT_FOUND");
}

#[tokio::test]
async fn the_default_group_always_exists() {
    let world = World::shared().await;
    let mut databases = world.admin.databases();
    databases.get_group(GetGroupRequest { name: "default".into() }).await.expect("it is there");
    let deleted = databases.delete_group(DeleteGroupRequest { name: "default".into() }).await;
    expect_error(deleted, Code::InvalidArgument, "INVALID_ARGUMENT");
}

#[tokio::test]
async fn a_group_with_databases_is_not_deleted() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    let delete = DeleteGroupRequest { name: world.group.clone() };
    let mut databases = world.admin.databases();
    let refused = databases.delete_group(delete.clone()).await;
    expect_error(refused, Code::FailedPrecondition, "GROUP_NOT_EMPTY");
    assert_eq!(db.text("SELECT 1").await, "1");
    world.delete(&db).await;
    databases.delete_group(delete).await.expect("only a deleted database is left");
}

#[tokio::test]
async fn a_new_database_is_described_whole() {
    let world = World::shared().await;
    let labels = BTreeMap::from([("plan".to_owned(), "gold".to_owned())]);
    let new = Database {
        allow_attach: true,
        size_limit_bytes: 1 << 20,
        labels: labels.clone(),
        // Output only: ignored.
        id: "not read".into(),
        generation: 7,
        ..named(&world.group, "alice")
    };
    let created = create(&world.admin, new, "").await.expect("it is created");
    assert!(uuid::Uuid::parse_str(&created.id).is_ok(), "{}", created.id);
    assert!(created.create_time.is_some() && created.update_time.is_some());
    assert!(created.delete_time.is_none() && created.purge_time.is_none());
    assert!(!created.etag.is_empty());
    let expected = Database {
        id: created.id.clone(),
        kind: DatabaseKind::Regular.into(),
        allow_attach: true,
        size_limit_bytes: 1 << 20,
        labels,
        create_time: created.create_time,
        update_time: created.update_time,
        state: DatabaseState::Active.into(),
        etag: created.etag.clone(),
        ..named(&world.group, "alice")
    };
    assert_eq!(created, expected);
    assert_eq!(get(&world.admin, world.reference("alice")).await.expect("found"), created);
}

#[tokio::test]
async fn a_database_is_found_by_name_and_by_uuid() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    let by_id = get(&world.admin, world.reference(db.id())).await.expect("found");
    assert_eq!(by_id.name, "alice");
    let shouted = get(&world.admin, world.reference(&db.id().to_uppercase())).await;
    assert_eq!(shouted.expect("a UUID has no case").id, db.id());
    // Without a group the group is `default`, and not the one it is in.
    expect_error(get(&world.admin, db.id()).await, Code::NotFound, "DATABASE_NOT_FOUND");

    let plain = format!("plain-{}", world.group);
    let created = create(&world.admin, named("", &plain), "").await.expect("it is created");
    assert_eq!(created.group, "default");
    for reference in [plain.clone(), format!("default/{plain}"), created.id.clone()] {
        assert_eq!(get(&world.admin, reference).await.expect("found").id, created.id);
    }
}

#[tokio::test]
async fn a_name_is_taken_once_in_a_group_only() {
    let world = World::shared().await;
    world.database("alice").await;
    let again = create(&world.admin, named(&world.group, "alice"), "").await;
    expect_error(again, Code::AlreadyExists, "ALREADY_EXISTS");
    let other = world.another_group().await;
    create(&world.admin, named(&other, "alice"), "").await.expect("another group's name is free");
    let nowhere = create(&world.admin, named("no-such-group", "alice"), "").await;
    expect_error(nowhere, Code::NotFound, "GROUP_NOT_FOUND");
}

#[tokio::test]
async fn ten_thousand_databases_are_created_all_or_none() {
    let server = Server::start();
    let world = World::on(&server).await;
    let many = |count: usize| -> Vec<Database> {
        (0..count).map(|i| named(&world.group, &format!("tenant-{i:05}"))).collect()
    };
    let too_many = create_many(&world.admin, many(BATCH_MAX + 1), "").await;
    expect_error(too_many, Code::InvalidArgument, "INVALID_ARGUMENT");
    expect_error(
        create_many(&world.admin, vec![], "").await,
        Code::InvalidArgument,
        "INVALID_ARGUMENT",
    );

    let taken = world.database("tenant-09999").await;
    let refused = create_many(&world.admin, many(BATCH_MAX), "").await;
    let status = expect_error(refused, Code::AlreadyExists, "ALREADY_EXISTS");
    assert_eq!(metadata(&status, "index"), "9999");
    world.delete(&taken).await;

    let mut twice = many(3);
    twice[2] = twice[0].clone();
    let status = expect_error(
        create_many(&world.admin, twice, "").await,
        Code::AlreadyExists,
        "ALREADY_EXISTS",
    );
    assert_eq!(metadata(&status, "index"), "2");
    let mut misnamed = many(8);
    misnamed[7].name = "No!".to_owned();
    let status = expect_error(
        create_many(&world.admin, misnamed, "").await,
        Code::InvalidArgument,
        "INVALID_NAME",
    );
    assert_eq!(metadata(&status, "index"), "7");
    let mut nowhere = many(2);
    nowhere[1].group = "no-such-group".to_owned();
    let status = expect_error(
        create_many(&world.admin, nowhere, "").await,
        Code::NotFound,
        "GROUP_NOT_FOUND",
    );
    assert_eq!(metadata(&status, "index"), "1");
    let active =
        |listing: Vec<Database>| listing.into_iter().filter(|db| db.delete_time.is_none()).count();
    assert_eq!(active(world.listing().await), 0, "nothing of the refused batches is there");

    let created = create_many(&world.admin, many(BATCH_MAX), "").await.expect("they are created");
    assert_eq!(created.len(), BATCH_MAX);
    assert_eq!(created[4_321].name, "tenant-04321");
    assert_eq!(active(world.listing().await), BATCH_MAX);

    let files = || walk(&server.data_dir()).iter().filter(|path| path.ends_with(".db")).count();
    let before = files();
    world.db("tenant-04321").exec("CREATE TABLE t (x)").await;
    assert_eq!(files() - before, 1, "a database has a file from its first use on");
}

fn walk(dir: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => found.extend(walk(&path)),
            false => found.push(path.display().to_string()),
        }
    }
    found
}

#[tokio::test]
async fn an_update_changes_what_its_mask_names_and_nothing_else() {
    let world = World::shared().await;
    let db = world.attachable("alice").await;
    let before = get(&world.admin, db.reference()).await.expect("found");
    let everything = Database {
        allow_attach: false,
        delete_protection: true,
        block_reads: true,
        labels: BTreeMap::from([("plan".to_owned(), "gold".to_owned())]),
        ..named(&world.group, "alice")
    };
    let after = update(&world.admin, everything.clone(), &["labels"]).await.expect("it is updated");
    assert_ne!(after.etag, before.etag);
    let expected = Database {
        labels: everything.labels.clone(),
        etag: after.etag.clone(),
        update_time: after.update_time,
        ..before
    };
    assert_eq!(after, expected);

    for paths in [&["name"] as &[_], &["labels", "size_bytes"], &["no_such_field"], &[]] {
        let refused = update(&world.admin, everything.clone(), paths).await;
        expect_error(refused, Code::InvalidArgument, "INVALID_ARGUMENT");
    }
    assert_eq!(get(&world.admin, db.reference()).await.expect("found"), after);

    // By `id`, and by a reference in the place of the name.
    let by_id = Database {
        id: db.id().to_owned(),
        group: world.group.clone(),
        block_writes: true,
        ..Default::default()
    };
    let after = update(&world.admin, by_id, &["block_writes"]).await.expect("it is updated");
    assert!(after.block_writes && after.allow_attach);
    let by_reference = Database { name: db.reference().to_owned(), ..Default::default() };
    let after = update(&world.admin, by_reference, &["block_writes", "allow_attach"]).await;
    let after = after.expect("it is updated");
    assert!(!after.block_writes && !after.allow_attach);
}

#[tokio::test]
async fn an_etag_of_the_past_is_refused() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    let old = get(&world.admin, db.reference()).await.expect("found");
    world.configure(&db, "delete_protection", |database| database.delete_protection = true).await;
    let stale = Database { etag: old.etag.clone(), ..named(&world.group, "alice") };
    let refused = update(&world.admin, stale, &["delete_protection"]).await;
    expect_error(refused, Code::Aborted, "ETAG_MISMATCH");
    let present = get(&world.admin, db.reference()).await.expect("found");
    assert!(present.delete_protection);
    let fresh = Database { etag: present.etag, ..named(&world.group, "alice") };
    update(&world.admin, fresh, &["delete_protection"]).await.expect("the present etag is good");

    let request = |etag: &str| v1::DeleteDatabaseRequest {
        name: db.reference().to_owned(),
        etag: etag.to_owned(),
    };
    let refused = world.admin.databases().delete_database(request(&old.etag)).await;
    expect_error(refused, Code::Aborted, "ETAG_MISMATCH");
    let present = get(&world.admin, db.reference()).await.expect("found");
    world.admin.databases().delete_database(request(&present.etag)).await.expect("it is deleted");
}

#[tokio::test]
async fn a_repeated_request_id_answers_the_first_answer_also_after_a_restart() {
    let mut server = Server::start();
    let world = World::on(&server).await;
    let alice = named(&world.group, "alice");
    let first = create(&world.admin, alice.clone(), "one").await.expect("it is created");
    let many = vec![named(&world.group, "bob"), named(&world.group, "carol")];
    let first_many = create_many(&world.admin, many.clone(), "two").await.expect("they are");

    let check = async |admin: &Client| {
        let again = create(admin, alice.clone(), "one").await.expect("it is repeated");
        assert_eq!(again.id, first.id);
        assert_eq!(create_many(admin, many.clone(), "two").await.expect("they are"), first_many);
        let other = create(admin, named(&world.group, "dave"), "one").await;
        expect_error(other, Code::InvalidArgument, "REQUEST_ID_REUSED");
        let without = create(admin, alice.clone(), "").await;
        expect_error(without, Code::AlreadyExists, "ALREADY_EXISTS");
        let long = create(admin, named(&world.group, "dave"), &"x".repeat(129)).await;
        expect_error(long, Code::InvalidArgument, "INVALID_ARGUMENT");
    };
    check(&world.admin).await;
    server.restart();
    let world_again = World::again(&server, &world.group);
    check(&world_again.admin).await;
    assert_eq!(world_again.listing().await.len(), 3);
}

#[tokio::test]
async fn of_many_who_create_the_same_one_does() {
    let world = World::shared().await;
    for (request_id, expected) in [("", 1), ("the-same", 20)] {
        let name = format!("alice{}", request_id.len());
        let creators = (0..20).map(|_| {
            let (admin, database) = (world.admin.apart(), named(&world.group, &name));
            tokio::spawn(async move { create(&admin, database, request_id).await })
        });
        let mut ids = Vec::new();
        for created in bounded("all", join_all(creators)).await {
            match created.expect("it is answered") {
                Ok(database) => ids.push(database.id),
                refused => {
                    expect_error(refused, Code::AlreadyExists, "ALREADY_EXISTS");
                }
            }
        }
        assert_eq!(ids.len(), expected);
        ids.dedup();
        assert_eq!(ids.len(), 1, "with one request id all get the same answer");
    }
}

#[tokio::test]
async fn a_database_under_delete_protection_is_not_deleted() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    world.configure(&db, "delete_protection", |database| database.delete_protection = true).await;
    let delete = v1::DeleteDatabaseRequest { name: db.reference().into(), ..Default::default() };
    let refused = world.admin.databases().delete_database(delete).await;
    expect_error(refused, Code::FailedPrecondition, "DELETE_PROTECTED");
    assert_eq!(db.text("SELECT 1").await, "1");
    world.configure(&db, "delete_protection", |database| database.delete_protection = false).await;
    world.delete(&db).await;
}

#[tokio::test]
async fn blocks_hold_from_the_next_request_on() {
    let world = World::shared().await;
    let db = world.attachable("alice").await;
    let beside = world.database("bob").await.attach("alice", "a");
    db.exec("CREATE TABLE t (x); INSERT INTO t VALUES (1)").await;

    world.configure(&db, "block_writes", |database| database.block_writes = true).await;
    for write in ["INSERT INTO t VALUES (2)", "CREATE TABLE u (x)", "DELETE FROM t RETURNING x"] {
        expect_error(db.try_exec(write).await, Code::FailedPrecondition, "WRITES_BLOCKED");
    }
    assert_eq!(db.text("SELECT count(*) FROM t").await, "1");

    world.configure(&db, "block_reads", |database| database.block_reads = true).await;
    expect_error(db.try_exec("SELECT x FROM t").await, Code::FailedPrecondition, "READS_BLOCKED");
    let attached = beside.try_exec("SELECT x FROM a.t").await;
    expect_error(attached, Code::FailedPrecondition, "READS_BLOCKED");

    world.configure(&db, "block_reads", |database| database.block_reads = false).await;
    world.configure(&db, "block_writes", |database| database.block_writes = false).await;
    db.exec("INSERT INTO t VALUES (2)").await;
    assert_eq!(beside.text("SELECT count(*) FROM a.t").await, "2");
}

#[tokio::test]
async fn a_database_stays_within_its_size_limit() {
    const LIMIT_BYTES: u64 = 256 * 1024;
    let world = World::shared().await;
    let limited = Database { size_limit_bytes: LIMIT_BYTES, ..named(&world.group, "alice") };
    let db = world.create(limited).await;
    db.exec("CREATE TABLE t (x)").await;
    let mut rows = 0;
    let status = loop {
        match db.try_exec(sql("INSERT INTO t VALUES (zeroblob(20000))", vec![])).await {
            Ok(_) => rows += 1,
            Err(status) => break status,
        }
        assert!(rows < 100, "the limit never came");
    };
    expect_error::<()>(Err(status), Code::ResourceExhausted, "SIZE_LIMIT");
    assert!(rows > 5, "only {rows} rows fit");
    assert_eq!(db.text("SELECT count(*) FROM t").await, rows.to_string());
    let size = get(&world.admin, db.reference()).await.expect("found").size_bytes;
    // With its write-ahead log it takes more than it may hold.
    assert!((LIMIT_BYTES / 2..3 * LIMIT_BYTES).contains(&size), "{size}");

    db.exec("DELETE FROM t").await;
    db.exec("INSERT INTO t VALUES (zeroblob(20000))").await;
    world.configure(&db, "size_limit_bytes", |database| database.size_limit_bytes = 4 << 20).await;
    db.exec("INSERT INTO t VALUES (zeroblob(1000000))").await;
}

/// The listing without the sizes of files, which a restart may change.
async fn unsized_listing(world: &World) -> Vec<Database> {
    let unsized_ = |database| Database { size_bytes: 0, ..database };
    world.listing().await.into_iter().map(unsized_).collect()
}

#[tokio::test]
async fn a_first_use_that_is_given_up_harms_no_other() {
    let world = World::shared().await;
    for round in 0..40 {
        let db = world.database(&format!("db-{round}")).await;
        let uses = (0..6_i64).map(|user| {
            let db = db.clone();
            let task = tokio::spawn(async move {
                db.try_exec(sql(
                    "CREATE TABLE IF NOT EXISTS t (x); INSERT INTO t VALUES (?)",
                    cells![user],
                ))
                .await
            });
            (user, task)
        });
        let uses: Vec<_> = uses.collect();
        for step in 0..round % 8 {
            tokio::task::yield_now().await;
            if let Some((_, task)) = uses.get(step) {
                task.abort();
            }
        }
        let mut acked = Vec::new();
        for (user, task) in uses {
            if let Ok(answer) = task.await {
                answer.expect("who did not give up is served");
                acked.push(user);
            }
        }
        for user in acked {
            let found = db.text(sql("SELECT count(*) FROM t WHERE x = ?", cells![user])).await;
            assert_eq!(found, "1", "what was acknowledged is there");
        }
    }
}

#[tokio::test]
async fn everything_survives_a_crash() {
    let mut server = Server::start();
    let world = World::on(&server).await;
    let labels = BTreeMap::from([("plan".to_owned(), "gold".to_owned())]);
    let alice = world.create(Database { labels, allow_attach: true, ..named("", "alice") }).await;
    alice.exec("CREATE TABLE t (x); INSERT INTO t VALUES (1), ('two')").await;
    world
        .configure(&alice, "delete_protection", |database| database.delete_protection = true)
        .await;
    let bob = world.database("bob").await;
    world.delete(&bob).await;
    let token = world.token(&alice, v1::Access::ReadOnly, &[]).await;
    let before = (unsized_listing(&world).await, alice.digest().await);

    server.kill();
    server.restart();
    let again = World::again(&server, &world.group);
    let alice = again.db("alice");
    assert_eq!((unsized_listing(&again).await, alice.digest().await), before);
    assert_eq!(alice.with_token(&token).text("SELECT count(*) FROM t").await, "2");
}

#[tokio::test]
async fn a_file_that_went_missing_is_told_and_not_made_anew() {
    let mut server = Server::start();
    let world = World::on(&server).await;
    let alice = world.database("alice").await;
    alice.exec("CREATE TABLE t (x)").await;
    server.stop();
    let databases = server.data_dir().join("shard-0000/databases");
    let file = databases.join(&alice.id()[..2]).join(format!("{}.db", alice.id()));
    fs::remove_file(&file).expect("it is there");

    server.restart();
    let alice = World::again(&server, &world.group).db("alice");
    for sql in ["SELECT 1", "CREATE TABLE t (x)"] {
        expect_error(alice.try_exec(sql).await, Code::DataLoss, "DATABASE_CORRUPT");
    }
    assert!(!file.exists());
}
