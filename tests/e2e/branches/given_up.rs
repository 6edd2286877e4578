//! Branches that nobody waits for any more.

use std::time::Duration;

use super::*;
use crate::support::raw::{Call, Raw, rpc};

/// What is too short for a large source.
const TOO_SHORT: Duration = Duration::from_millis(40);
/// How often a caller hangs up until that comes while it is being copied.
const TRIES_MAX: usize = 30;

/// Asks by a connection that knows no deadline of its own.
async fn ask_within(
    world: &World,
    source: &str,
    name: &str,
    deadline: Duration,
) -> Result<(), Status> {
    let source = world.reference(source);
    let request = serde_json::json!({ "source": source, "database": { "name": name },
        "request_id": name });
    let call = Call {
        token: world.admin.token().map(str::to_owned),
        deadline: Some(deadline),
        messages: vec![request],
    };
    Raw::new(world.admin.address()).call(&rpc("BranchDatabase"), call).await.map(drop)
}

#[tokio::test]
async fn what_is_not_made_by_its_deadline_is_not_made() {
    let server = Server::start();
    let world = World::on(&server).await;
    let source = large(&world, "source", 96).await;
    for name in ["copy", "in-time", "in-time"] {
        let late = ask_within(&world, "source", name, TOO_SHORT).await;
        expect_error(late, Code::DeadlineExceeded, "DEADLINE");
    }
    assert_eq!(names(&world).await, ["source"]);
    // The name is free, and the work goes on.
    let other = Database { group: world.group.clone(), ..named("copy") };
    world.create(other).await.exec("CREATE TABLE t (x)").await;
    source.exec("INSERT INTO t VALUES ('later')").await;
    nothing_left(&server, &world).await;
    assert_eq!(names(&world).await, ["copy", "source"]);
    // The request id is still good for what it was meant for.
    let again = request(&world, "source", named("in-time"));
    let again = BranchDatabaseRequest { request_id: "in-time".to_owned(), ..again };
    let copy = world.handle(&ask(&world.admin, again).await.expect("it is made"));
    assert_eq!(copy.text("SELECT x FROM t").await, "kept\nlater");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_its_turn_is_not_made_after_its_deadline() {
    const LARGE: usize = 3;
    let server = Server::start();
    let world = World::on(&server).await;
    large(&world, "large", 64).await;
    let small = world.database("small").await;
    small.exec(SHOP).await;
    let busy: Vec<_> =
        (0..LARGE).map(|i| start(&world, "large", &format!("of-large-{i}"))).collect();
    being_copied(&server, &busy[0]).await;
    let mut late = Vec::new();
    for i in 0..5 {
        let name = format!("of-small-{i}");
        match ask_within(&world, "small", &name, Duration::from_millis(20)).await {
            Ok(()) => assert_eq!(world.db(&name).text("SELECT count(*) FROM item").await, "2"),
            refused => {
                expect_error(refused, Code::DeadlineExceeded, "DEADLINE");
                late.push(name);
            }
        }
    }
    for made in bounded("the large ones", join_all(busy)).await {
        made.expect("it is answered").expect("it is made");
    }
    nothing_left(&server, &world).await;
    let there = names(&world).await;
    let made: Vec<_> = late.iter().filter(|name| there.contains(name)).collect();
    assert!(made.is_empty(), "these were made after all: {made:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_branch_whose_caller_hangs_up_is_not_made() {
    let server = Server::start();
    let world = World::on(&server).await;
    large(&world, "source", 96).await;
    for attempt in 0.. {
        assert!(attempt < TRIES_MAX, "nobody hung up in time");
        let copying = start(&world, "source", "copy");
        being_copied(&server, &copying).await;
        copying.abort();
        let _ = copying.await;
        nothing_left(&server, &world).await;
        if !names(&world).await.contains(&"copy".to_owned()) {
            break;
        }
        world.delete(&world.db("copy")).await;
    }
    branch(&world, "source", "copy").await;
}
