//! The server fails on the way to a branch: by an error, by a panic, by
//! `kill -9`, and by a full disk. Then there is none, and nothing of it.

use futures_util::{StreamExt as _, stream};

use super::*;
use crate::failpoints::{ACTIONS, AT_ONCE, points};
use crate::support::Fleet;
use crate::support::client::reason;

/// How the points of a branch begin.
const POINTS: &str = "branch-";

/// The sources, and what their branches have.
const SOURCES: [(&str, &str); 3] =
    [("plain", "pen\nink"), ("parent", "pen\nink"), ("child", "ink")];

async fn fail_at(point: &str, action: &str, source: &str) {
    let case = format!("{point}={action}");
    let mut server = Server::start();
    let world = World::on(&server).await;
    world.database("plain").await.exec(SHOP).await;
    let fleet = Fleet::create(&world, "parent").await;
    fleet.migrate_all(SHOP).await;
    fleet.create_children(["child"]).await;
    fleet.child("child").exec("DELETE FROM item WHERE name = 'pen'").await;
    let before = names(&world).await;

    assert!(server.restart_with(&["--failpoint".to_owned(), case.clone()]), "{case}");
    let case = format!("{case} of {source}");
    let mut world = World::again(&server, &world.group);
    let refused = try_branch(&world, source, "copy").await.expect_err(&case);
    let log = server.log();
    assert!(log.contains("failpoint reached"), "{case} was not reached; the log:\n{log}");
    if action == "kill" {
        assert!(server.restart_with(&[]), "{case}: it starts again");
        world = World::again(&server, &world.group);
    } else {
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Internal, "INTERNAL"));
    }
    assert_eq!(names(&world).await, before, "{case}: nobody sees it");
    let gone = try_get(&world, "copy").await;
    expect_error(gone, Code::NotFound, "DATABASE_NOT_FOUND");
    nothing_left(&server, &world).await;

    // The name is free, and it works again.
    let copy = branch(&world, source, "copy").await;
    let (_, items) = SOURCES.into_iter().find(|(name, _)| *name == source).expect("it is known");
    assert_eq!(copy.text("SELECT name FROM item ORDER BY id").await, items, "{case}");
    let fleet = Fleet::again(&world, "parent");
    fleet.migrate_all("CREATE UNIQUE INDEX item_unique ON item (name)").await;
    fleet.agree().await;
    assert!(server.restart_with(&[]), "{case}: it starts again");
    let world = World::again(&server, &world.group);
    assert_eq!(world.db("copy").text("SELECT name FROM item ORDER BY id").await, items, "{case}");
    nothing_left(&server, &world).await;
}

#[tokio::test]
async fn whatever_fails_before_a_branch_is_there_leaves_nothing_of_it() {
    let mut points = points();
    points.retain(|point| point.starts_with(POINTS));
    assert!(points.len() >= 3, "{points:?}");
    let cases = points.iter().enumerate().flat_map(|(index, point)| {
        // Each action has its turn with each kind, over the points.
        let source = move |action: usize| SOURCES[(index + action) % SOURCES.len()].0;
        ACTIONS.into_iter().enumerate().map(move |(at, action)| (point, action, source(at)))
    });
    stream::iter(cases)
        .for_each_concurrent(AT_ONCE, |(point, action, source)| fail_at(point, action, source))
        .await;
}

/// How a server ends while it copies.
#[derive(Clone, Copy, Debug)]
enum End {
    Killed,
    Stopped,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_ends_while_it_copies_leaves_nothing_of_it() {
    for end in [End::Killed, End::Stopped] {
        let mut server = Server::with(&QUICK_STOP);
        let world = World::on(&server).await;
        large(&world, "source", 96).await;
        let copying = start(&world, "source", "copy");
        being_copied(&server, &copying).await;
        match end {
            End::Killed => server.kill(),
            End::Stopped => assert!(server.stop().success(), "{}", server.log()),
        }
        let answered = bounded("the branch", copying).await.expect("it has an end");
        server.restart();
        let world = World::again(&server, &world.group);
        let there = names(&world).await.contains(&"copy".to_owned());
        assert!(there || answered.is_err(), "{end:?}: what was answered is there");
        nothing_left(&server, &world).await;
        if !there {
            branch(&world, "source", "copy").await;
        }
        let copy = world.db("copy");
        assert_eq!(copy.text("PRAGMA integrity_check").await, "ok", "{end:?}");
        assert_eq!(copy.text("SELECT count(*) FROM ballast").await, "96", "{end:?}");
    }
}

#[tokio::test]
async fn a_disk_that_fills_up_fails_the_branch_and_gets_its_room_back() {
    const FREE_BYTES: u64 = 4 << 20;
    let Some(server) = Server::on_disk_of(128 << 20, &[]) else { return };
    let world = World::on(&server).await;
    let source = large(&world, "source", 16).await;
    let other = world.database("other").await;
    other.exec("CREATE TABLE t (x)").await;
    let free = || {
        let stat = rustix::fs::statvfs(server.data_dir()).expect("the disk tells");
        stat.f_bavail * stat.f_frsize
    };
    let ballast = server.data_dir().join("ballast");
    let fill = usize::try_from(free() - FREE_BYTES).expect("it is small");
    fs::write(&ballast, vec![1; fill]).expect("there is room");
    for _ in 0..2 {
        let refused = try_branch(&world, "source", "copy").await;
        expect_error(refused, Code::ResourceExhausted, "STORAGE_FULL");
        assert_eq!(names(&world).await, ["other", "source"]);
        // Others have that room again, and at once.
        assert!(free() > FREE_BYTES / 2, "{} bytes are free", free());
        source.exec("INSERT INTO t VALUES ('written')").await;
        other.exec("INSERT INTO t VALUES (zeroblob(400000))").await;
        nothing_left(&server, &world).await;
    }
    // Without any room at all it may not even be noted.
    let rest = server.data_dir().join("rest");
    let fill = usize::try_from(free()).expect("it is small");
    fs::write(&rest, vec![1; fill]).expect("there is room");
    let refused = try_branch(&world, "source", "copy").await;
    expect_error(refused, Code::ResourceExhausted, "STORAGE_FULL");
    assert_eq!(names(&world).await, ["other", "source"]);
    for file in [rest, ballast] {
        fs::remove_file(file).expect("it is removed");
    }
    nothing_left(&server, &world).await;
    let copy = branch(&world, "source", "copy").await;
    assert_eq!(copy.text("SELECT count(*) FROM t").await, "3");
    assert_eq!(copy.text("SELECT count(*) FROM ballast").await, "16");
    assert_eq!(copy.text("PRAGMA integrity_check").await, "ok");
}
