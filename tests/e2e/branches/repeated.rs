//! Branches that are asked for more than once, or by several at a time.

use tenantry_client::v1::CreateDatabaseRequest;

use super::*;

/// How many ask at once.
const CALLERS: usize = 8;
/// How often a name is taken until that comes while it is being copied.
const TRIES_MAX: usize = 30;

#[tokio::test]
async fn a_repeated_request_id_answers_the_first_answer_also_after_a_restart() {
    let mut server = Server::start();
    let world = World::on(&server).await;
    for name in ["source", "other"] {
        world.database(name).await.exec(SHOP).await;
    }
    let once = |name: &str| BranchDatabaseRequest {
        request_id: "one".to_owned(),
        ..request(&world, "source", named(name))
    };
    let first = ask(&world.admin, once("copy")).await.expect("it is made");
    let of_first = files(&server).len();
    let check = async |admin: &Client| {
        let again = ask(admin, once("copy")).await.expect("it is repeated");
        assert_eq!(again, Database { size_bytes: again.size_bytes, ..first.clone() });
        let source = world.reference("other");
        let labels = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
        let database = Some(Database { labels, ..named("copy") });
        for other in [
            once("another"),
            BranchDatabaseRequest { source, ..once("copy") },
            BranchDatabaseRequest { database, ..once("copy") },
        ] {
            let refused = ask(admin, other).await;
            expect_error(refused, Code::InvalidArgument, "REQUEST_ID_REUSED");
        }
        let database = Some(Database { group: world.group.clone(), ..named("copy") });
        let request_id = "one".to_owned();
        let created = CreateDatabaseRequest { database, request_id };
        let refused = admin.databases().create_database(created).await;
        expect_error(refused, Code::InvalidArgument, "REQUEST_ID_REUSED");
    };
    check(&world.admin).await;
    assert_eq!(files(&server).len(), of_first, "nothing was copied a second time");
    let without = try_branch(&world, "source", "copy").await;
    expect_error(without, Code::AlreadyExists, "ALREADY_EXISTS");
    // What could not be made now was made then.
    let source = world.db("source");
    world.configure(&source, "block_reads", |database| database.block_reads = true).await;
    check(&world.admin).await;
    world.db("copy").exec("DELETE FROM item").await;
    server.restart();
    let again = World::again(&server, &world.group);
    check(&again.admin).await;
    assert_eq!(names(&again).await, ["copy", "other", "source"]);
    assert_eq!(again.db("copy").text("SELECT count(*) FROM item").await, "0");
    nothing_left(&server, &again).await;
}

#[tokio::test]
async fn a_request_id_of_a_branch_without_a_file_holds_too() {
    let world = World::shared().await;
    world.database("source").await;
    let once = BranchDatabaseRequest {
        request_id: "one".to_owned(),
        ..request(&world, "source", named("copy"))
    };
    let first = ask(&world.admin, once.clone()).await.expect("it is made");
    // It would be made in another way by now.
    world.db("source").exec(SHOP).await;
    let again = ask(&world.admin, once).await.expect("it is repeated");
    assert_eq!(again.id, first.id);
    assert_eq!(world.db("copy").text("SELECT count(*) FROM sqlite_schema").await, "0");
}

#[tokio::test]
async fn of_many_who_branch_under_the_same_name_one_does() {
    let server = Server::start();
    let world = World::on(&server).await;
    world.database("source").await.exec(SHOP).await;
    for (request_id, expected) in [("", 1), ("the-same", CALLERS)] {
        let name = format!("copy{}", request_id.len());
        let callers = (0..CALLERS).map(|_| {
            let request = BranchDatabaseRequest {
                request_id: request_id.to_owned(),
                ..request(&world, "source", named(&name))
            };
            let admin = world.admin.apart();
            tokio::spawn(async move { ask(&admin, request).await })
        });
        let mut ids = Vec::new();
        for made in bounded("all", join_all(callers)).await {
            match made.expect("it is answered") {
                Ok(database) => ids.push(database.id),
                refused => drop(expect_error(refused, Code::AlreadyExists, "ALREADY_EXISTS")),
            }
        }
        assert_eq!(ids.len(), expected);
        ids.dedup();
        assert_eq!(ids.len(), 1, "with one request id all get the same answer");
        assert_eq!(world.db(&name).text("SELECT name FROM item ORDER BY id").await, "pen\nink");
    }
    nothing_left(&server, &world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_can_be_taken_while_it_is_being_copied() {
    let server = Server::start();
    let world = World::on(&server).await;
    large(&world, "source", 48).await;
    for attempt in 0.. {
        assert!(attempt < TRIES_MAX, "no name was taken in time");
        let name = format!("copy-{attempt}");
        let copying = start(&world, "source", &name);
        being_copied(&server, &copying).await;
        // Nobody sees it yet, and its name is not reserved.
        let database = Some(Database { group: world.group.clone(), ..named(&name) });
        let request = CreateDatabaseRequest { database, ..Default::default() };
        let created = world.admin.databases().create_database(request).await;
        let copied = bounded("the branch", copying).await.expect("it is answered");
        match (created, copied) {
            (Ok(created), refused) => {
                expect_error(refused, Code::AlreadyExists, "ALREADY_EXISTS");
                let created = created.into_inner().database.expect("a database");
                let there = get(&world, &name).await;
                assert_eq!((&there.id, there.size_bytes), (&created.id, 0));
                world.handle(&created).exec("CREATE TABLE t (x)").await;
                break;
            }
            // It was quick.
            (refused, Ok(made)) => {
                expect_error(refused, Code::AlreadyExists, "ALREADY_EXISTS");
                world.delete(&world.handle(&made)).await;
            }
            (Err(created), Err(copied)) => panic!("neither: {created:?}, {copied:?}"),
        }
    }
    nothing_left(&server, &world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_that_comes_as_the_first_ends_gets_its_answer() {
    const ROUNDS: usize = 5;
    const REPEATS: usize = 40;
    let server = Server::start();
    let world = World::on(&server).await;
    world.database("source").await.exec(SHOP).await;
    for round in 0..ROUNDS {
        let name = format!("copy-{round}");
        let repeats = (0..REPEATS).map(|_| {
            let request = BranchDatabaseRequest {
                request_id: name.clone(),
                ..request(&world, "source", named(&name))
            };
            let admin = world.admin.clone();
            tokio::spawn(async move { ask(&admin, request).await })
        });
        let mut ids = Vec::new();
        for made in bounded("all", join_all(repeats)).await {
            ids.push(made.expect("it is answered").expect(&name).id);
        }
        ids.dedup();
        assert_eq!(ids.len(), 1, "{ids:?}");
    }
    nothing_left(&server, &world).await;
}
