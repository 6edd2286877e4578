//! What a hostile caller tries against names, tokens and the command line: to
//! learn what there is, and to be believed where nobody looks.

use std::fs::File;
use std::process::{Command, Stdio};

use crate::support::server::tenantry;
use crate::support::{Cell, Code, Server, World, bounded, expect_error, sql, v1};

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
async fn a_message_is_not_decoded_into_a_multiple_of_its_size() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    let token = world.token(&db, v1::Access::ReadOnly, &[]).await;
    let databases = vec![v1::Database::default(); 100_000];
    let request = v1::BatchCreateDatabasesRequest { databases, ..Default::default() };
    let client = world.admin.with_token(&token);
    let refused = client.databases().batch_create_databases(request).await;
    let status = expect_error(refused, Code::InvalidArgument, "INVALID_ARGUMENT");
    assert!(status.message().contains("more than 16384 fields"), "{status:?}");
}

#[tokio::test]
async fn a_long_field_mask_takes_no_longer_than_it_is() {
    let world = World::shared().await;
    let db = world.database("alice").await;
    let token = world.token(&db, v1::Access::ReadOnly, &[]).await;
    let labels = (0..20_000).map(|number| (format!("k{number}"), String::new())).collect();
    let name = db.reference().to_owned();
    let request = v1::UpdateDatabaseRequest {
        database: Some(v1::Database { name, labels, ..Default::default() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["labels".to_owned(); 10_000] }),
    };
    // A call that does not yield cannot be cut at its deadline.
    let client = world.admin.with_token(&token);
    let refused = bounded("UpdateDatabase", client.databases().update_database(request)).await;
    expect_error(refused, Code::PermissionDenied, "PERMISSION_DENIED");
}
