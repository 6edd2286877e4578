//! What a hostile caller tries against names, tokens and the command line: to
//! learn what there is, and to be believed where nobody looks.

use std::fs::File;
use std::process::{Command, Stdio};

use crate::support::server::tenantry;
use crate::support::{Cell, Server, World, sql, v1};

/// A command of the server's admin.
fn command(world: &World, args: &[&str]) -> Command {
    let mut command = tenantry();
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null());
    command.env("TENANTRY_ENDPOINT", format!("http://{}", world.admin.address()));
    command.env("TENANTRY_TOKEN", world.admin.token().expect("has one"));
    command
}

#[tokio::test]
async fn an_exit_code_does_not_depend_on_who_reads_the_error() {
    let world = World::shared().await;
    let full = || File::options().write(true).open("/dev/full").expect("is there");
    for (args, code) in [
        (&["db", "show", "no-such"][..], 1),
        (&["db", "destroy", "no-such"], 2),
        (&["serve", "--log", "nonsense"], 2),
        (&["serve", "--listen", "127.0.0.1:0", "--data-dir", "/dev/null/x"], 1),
    ] {
        let status = command(&world, args).stderr(full()).status().expect("it runs");
        assert_eq!(status.code(), Some(code), "{args:?}");
    }
}

#[tokio::test]
async fn no_level_of_the_log_shows_a_token_sql_or_a_value() {
    const INSERT: &str = "INSERT INTO secretive VALUES ('literal-' || ?)";
    let server = Server::with(&["--log", "trace"]);
    let world = World::on(&server).await;
    let db = world.database("alice").await;
    let token = world.token(&db, v1::Access::ReadWrite, &[]).await;
    let db = db.with_token(&token);
    db.exec("CREATE TABLE secretive (x)").await;
    db.exec(sql(INSERT, vec![Cell::Text("argument-value".to_owned())])).await;
    db.try_exec("SELECT secretive_column FROM secretive").await.expect_err("no such column");
    let log = server.log();
    assert!(log.contains("TRACE"), "it is that talkative");
    let admin = server.admin_token();
    for secret in [&admin, &token, "secretive", "literal-", "argument-value"] {
        assert!(!log.contains(secret), "the log has '{secret}'");
    }
}

#[tokio::test]
async fn timing_probe() {
    let world = World::shared().await;
    let (own, other) = (world.database("own").await, world.database("other").await);
    other.exec("CREATE TABLE t (x)").await;
    let token = world.token(&own, v1::Access::ReadOnly, &[]).await;
    let (there, absent) = (other.with_token(&token), world.db("absent").with_token(&token));
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..2000 {
        for (db, times) in [&there, &absent].into_iter().zip(&mut times) {
            let start = std::time::Instant::now();
            db.try_exec("SELECT 1").await.expect_err("is refused");
            times.push(start.elapsed());
        }
    }
    for times in &mut times {
        times.sort();
        eprintln!("p10 {:?} p50 {:?} p90 {:?}", times[200], times[1000], times[1800]);
    }
}
