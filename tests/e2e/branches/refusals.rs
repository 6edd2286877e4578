//! What is no branch, and who may make none.

use tenantry_client::v1::{Access, CreateTokenRequest};
use tonic_types::StatusExt as _;

use super::*;
use crate::support::Fleet;

/// The fields that an error names.
fn fields(status: &Status) -> Vec<String> {
    let wrong = status.get_details_bad_request().into_iter();
    wrong.flat_map(|wrong| wrong.field_violations).map(|violation| violation.field).collect()
}

/// A file, a child and what else a branch cannot be made of or into.
async fn scene(world: &World) -> Fleet {
    let fleet = Fleet::create(world, "parent").await;
    fleet.migrate(SHOP).await;
    fleet.create_children(["child"]).await;
    fleet.child("child").exec("DELETE FROM words").await;
    Fleet::create(world, "other-parent").await;
    for name in ["source", "taken"] {
        world.database(name).await.exec(SHOP).await;
    }
    fleet
}

#[tokio::test]
async fn what_is_no_branch_is_refused_by_its_field_and_makes_nothing() {
    use Code::{AlreadyExists, InvalidArgument, NotFound};
    use DatabaseKind::{Child, Regular, Schema};
    let world = World::shared().await;
    scene(&world).await;
    let other_group = world.another_group().await;
    let before = names(&world).await;
    let new = || named("new");
    let of = |kind: DatabaseKind| Database { kind: kind.into(), ..new() };
    let following = |schema: &str| Database { schema: schema.to_owned(), ..new() };
    let grouped = |group: &str| Database { group: group.to_owned(), ..new() };
    let label = |key: &str| BTreeMap::from([(key.to_owned(), String::new())]);
    const UNTOLD: &str = "";
    for (source, database, code, reason, field) in [
        ("nobody", new(), NotFound, "DATABASE_NOT_FOUND", UNTOLD),
        ("No Name", new(), InvalidArgument, "INVALID_NAME", "source"),
        ("", new(), InvalidArgument, "INVALID_NAME", "source"),
        ("source", named("taken"), AlreadyExists, "ALREADY_EXISTS", UNTOLD),
        ("source", named("source"), AlreadyExists, "ALREADY_EXISTS", UNTOLD),
        ("child", named("taken"), AlreadyExists, "ALREADY_EXISTS", UNTOLD),
        ("source", named("No Name"), InvalidArgument, "INVALID_NAME", "database.name"),
        ("source", named(""), InvalidArgument, "INVALID_NAME", "database.name"),
        ("source", named("shop/new"), InvalidArgument, "INVALID_NAME", "database.name"),
        ("source", grouped(&other_group), InvalidArgument, "INVALID_ARGUMENT", "database.group"),
        ("source", grouped("nobody"), InvalidArgument, "INVALID_ARGUMENT", "database.group"),
        ("source", grouped("No Group"), InvalidArgument, "INVALID_NAME", "database.group"),
        ("source", of(Schema), InvalidArgument, "INVALID_ARGUMENT", "database.kind"),
        ("source", of(Child), InvalidArgument, "INVALID_ARGUMENT", "database.kind"),
        ("parent", of(Regular), InvalidArgument, "INVALID_ARGUMENT", "database.kind"),
        ("child", of(Regular), InvalidArgument, "INVALID_ARGUMENT", "database.kind"),
        ("child", of(Schema), InvalidArgument, "INVALID_ARGUMENT", "database.kind"),
        (
            "source",
            Database { kind: 77, ..new() },
            InvalidArgument,
            "INVALID_ARGUMENT",
            "database.kind",
        ),
        ("source", following("parent"), InvalidArgument, "INVALID_ARGUMENT", "database.schema"),
        ("parent", following("parent"), InvalidArgument, "INVALID_ARGUMENT", "database.schema"),
        (
            "child",
            following("other-parent"),
            InvalidArgument,
            "INVALID_ARGUMENT",
            "database.schema",
        ),
        ("child", following("child"), InvalidArgument, "INVALID_ARGUMENT", "database.schema"),
        ("child", following("No Name"), InvalidArgument, "INVALID_NAME", "database.schema"),
        ("child", following("nobody"), NotFound, "DATABASE_NOT_FOUND", UNTOLD),
        (
            "source",
            Database { labels: label("No Key"), ..new() },
            InvalidArgument,
            "INVALID_ARGUMENT",
            "database.labels",
        ),
        (
            "source",
            Database { size_limit_bytes: 1 << 63, ..new() },
            InvalidArgument,
            "INVALID_ARGUMENT",
            "database.size_limit_bytes",
        ),
    ] {
        println!("{source} to {database:?}");
        let refused = ask(&world.admin, request(&world, source, database)).await;
        let status = expect_error(refused, code, reason);
        let told = fields(&status);
        match field {
            UNTOLD => {}
            field => assert!(told.len() == 1 && told[0].starts_with(field), "{told:?}: {status:?}"),
        }
    }
    let nothing = BranchDatabaseRequest { database: None, ..request(&world, "source", new()) };
    let status =
        expect_error(ask(&world.admin, nothing).await, InvalidArgument, "INVALID_ARGUMENT");
    assert_eq!(fields(&status), ["database"]);
    let long =
        BranchDatabaseRequest { request_id: "x".repeat(129), ..request(&world, "source", new()) };
    let status = expect_error(ask(&world.admin, long).await, InvalidArgument, "INVALID_ARGUMENT");
    assert_eq!(fields(&status), ["request_id"]);
    assert_eq!(names(&world).await, before);
}

#[tokio::test]
async fn a_branch_is_a_read_of_its_source() {
    let world = World::shared().await;
    scene(&world).await;
    world.database("unused").await;
    for name in ["source", "child", "unused"] {
        let source = world.db(name);
        world.configure(&source, "block_reads", |database| database.block_reads = true).await;
        let refused = try_branch(&world, name, "new").await;
        expect_error(refused, Code::FailedPrecondition, "READS_BLOCKED");
        world.configure(&source, "block_reads", |database| database.block_reads = false).await;
        branch(&world, name, &format!("of-{name}")).await;
    }
}

#[tokio::test]
async fn a_deleted_database_has_no_branches_and_its_name_is_free_for_one() {
    let world = World::shared().await;
    scene(&world).await;
    let source = world.db("source");
    let id = get(&world, "source").await.id;
    let taken = get(&world, "taken").await.id;
    // Of another, by its UUID.
    world.delete(&world.db("taken")).await;
    let made = try_branch(&world, &id, "taken").await.expect("the name is free");
    assert_ne!(made.id, taken);
    world.delete(&source).await;
    for source in ["source", &id] {
        let refused = try_branch(&world, source, "new").await;
        expect_error(refused, Code::NotFound, "DATABASE_NOT_FOUND");
    }
    branch(&world, "taken", "source").await;
}

#[tokio::test]
async fn only_admins_of_the_group_make_branches() {
    let world = World::shared().await;
    let fleet = scene(&world).await;
    let other_group = world.another_group().await;
    let foreign = Database { group: other_group.clone(), ..named("own") };
    let foreign = world.create(foreign).await;
    let source = world.db("source");
    let admin_of = |group: &str| CreateTokenRequest {
        groups: vec![group.to_owned()],
        access: Access::Admin.into(),
        ..Default::default()
    };
    let migrator = CreateTokenRequest {
        databases: vec![source.reference().to_owned(), fleet.reference()],
        access: Access::ReadWrite.into(),
        ddl: true,
        ..Default::default()
    };
    let attacher = world.token(&foreign, Access::ReadWrite, &[]).await;
    for (token, code, reason) in [
        (world.mint(migrator).await.token, Code::PermissionDenied, "PERMISSION_DENIED"),
        (
            world.token(&source, Access::ReadOnly, &[]).await,
            Code::PermissionDenied,
            "PERMISSION_DENIED",
        ),
        (attacher, Code::NotFound, "DATABASE_NOT_FOUND"),
        (world.mint(admin_of(&other_group)).await.token, Code::NotFound, "DATABASE_NOT_FOUND"),
    ] {
        let client = world.admin.with_token(&token);
        let refused = ask(&client, request(&world, "source", named("new"))).await;
        let status = expect_error(refused, code, reason);
        // Nothing that is wrong with the request tells that it is there.
        let wrong = Database { kind: DatabaseKind::Schema.into(), ..named("taken") };
        let again =
            expect_error(ask(&client, request(&world, "source", wrong)).await, code, reason);
        assert_eq!(again.message(), status.message());
    }
    let admin = world.admin.with_token(&world.group_admin().await);
    let made = ask(&admin, request(&world, "source", named("new"))).await.expect("it is made");
    // A tenant's token is for the source and not for its branches.
    let tenant = world.token(&source, Access::ReadWrite, &[]).await;
    let refused = world.handle(&made).with_token(&tenant).try_exec("SELECT 1").await;
    expect_error(refused, Code::NotFound, "DATABASE_NOT_FOUND");
}

#[tokio::test]
async fn what_cannot_be_read_has_no_branches() {
    let mut server = Server::with(&QUICK_STOP);
    let world = World::on(&server).await;
    let fleet = scene(&world).await;
    let lost = ["child", "source"].map(|name| async { get(&world, name).await.id });
    let lost = join_all(lost).await;
    server.stop();
    for id in lost {
        let dir = server.data_dir().join("shard-0000").join("databases").join(&id[..2]);
        fs::remove_file(dir.join(format!("{id}.db"))).expect("a used database has a file");
    }
    server.restart();
    let world = World::again(&server, &world.group);
    let fleet = Fleet::again(&world, fleet.parent().name());
    fleet.migrate_all("CREATE TABLE more (x)").await;
    let quarantined = get(&world, "child").await;
    assert_eq!(quarantined.state(), DatabaseState::Quarantined);
    let before = names(&world).await;
    let refused = try_branch(&world, "child", "new").await;
    let status = expect_error(refused, Code::FailedPrecondition, "CHILD_QUARANTINED");
    let told = crate::support::client::metadata(&status, "database");
    assert_eq!(told, world.reference("child"));
    let refused = try_branch(&world, "source", "new").await;
    expect_error(refused, Code::DataLoss, "DATABASE_CORRUPT");
    assert_eq!(names(&world).await, before);
    branch(&world, "taken", "new").await;
    nothing_left(&server, &world).await;
}
