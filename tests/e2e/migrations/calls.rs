//! The other calls of the service: reading, watching, cancelling and retrying
//! migrations, and who may.

use super::*;

#[tokio::test]
async fn a_cancelled_migration_has_not_happened() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a", "b"], &[]).await;
    let before = state(&fleet, &["b"]).await;
    let mut tx = fleet.child("a").apart().begin(TransactionMode::Immediate).await;
    tx.exec("UPDATE item SET price = 77").await;
    let request = ApplyMigrationRequest { request_id: new_request_id(), ..fleet.request(UNIQUE) };
    let waiting = apply(&fleet, request.clone());
    let running = until("it is recorded", async || {
        fleet.migrations().await.into_iter().find(|migration| !is_final(migration))
    })
    .await;
    let cancelled = fleet.cancel(&running.id).await.expect("it is cancelled");
    assert_eq!(cancelled.state(), MigrationState::Cancelled);
    assert!(cancelled.finish_time.is_some() && cancelled.commit_time.is_none());
    let told = bounded("the one who waits", waiting).await.expect("it was asked");
    expect_error(told, Code::Cancelled, "CANCELLED");
    // A repeat is told the same, and nothing is in the way.
    expect_error(fleet.try_apply(request).await, Code::Cancelled, "CANCELLED");
    tx.exec("UPDATE item SET price = 78").await;
    tx.commit().await.expect("its owner does not mind");
    assert_eq!(state(&fleet, &["b"]).await, before);
    let done = fleet.migrate(UNIQUE).await;

    for id in [&done.id, &running.id] {
        let late = fleet.cancel(id).await;
        let state = fleet.migration(id).await.expect("found").state();
        match late {
            // What is cancelled already is what was asked for.
            Ok(migration) => assert_eq!(migration.state(), MigrationState::Cancelled),
            Err(status) => {
                assert_eq!(reason(&status), "MIGRATION_DECIDED", "{status:?}");
                assert_eq!(status.code(), Code::FailedPrecondition);
            }
        }
        assert!(matches!(state, MigrationState::Cancelled) || *id == done.id);
    }
    let late = fleet.cancel(&done.id).await;
    expect_error(late, Code::FailedPrecondition, "MIGRATION_DECIDED");
    assert_eq!(fleet.agree().await.generation, 2);
}

#[tokio::test]
async fn a_migration_is_watched_to_its_end() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a", "b"], &[]).await;
    let (running, tx) = held(&fleet, "a", UNIQUE).await;
    let mut watches = Vec::new();
    for _ in 0..3 {
        let mut watch = fleet.watch(&running.id).await.expect("it is watched");
        let first = bounded("the first message", watch.message()).await.expect("it goes on");
        let first = first.and_then(|message| message.migration).expect("it tells at once");
        assert_eq!(
            (first.id.as_str(), first.state()),
            (running.id.as_str(), MigrationState::Preparing)
        );
        watches.push(watch);
    }
    tx.commit().await.expect("it commits");
    for mut watch in watches {
        let mut states = Vec::new();
        let mut last: Option<Migration> = None;
        while let Some(message) = bounded("a change", watch.message()).await.expect("it is whole") {
            let migration = message.migration.expect("a migration");
            if let Some(last) = &last {
                assert!(
                    migration.children_applied >= last.children_applied
                        || last.state() == MigrationState::Preparing
                );
            }
            states.push(i32::from(migration.state()));
            last = Some(migration);
        }
        assert!(states.is_sorted(), "a state is never taken back: {states:?}");
        assert_eq!(last.expect("its end is told").state(), MigrationState::Applied);
    }
    // One that has ended is told once.
    let mut watch = fleet.watch(&running.id).await.expect("it is watched");
    let only = watch.message().await.expect("it is told").and_then(|message| message.migration);
    assert_eq!(only.expect("a migration").state(), MigrationState::Applied);
    assert!(watch.message().await.expect("it ends").is_none());
}

#[tokio::test]
async fn a_watch_ends_with_the_right_to_it_and_with_the_server() {
    let mut server = Server::start();
    let world = World::on(&server).await;
    let fleet = fleet(&world, &["a"], &[]).await;
    let (running, mut tx) = held(&fleet, "a", UNIQUE).await;
    let request = CreateTokenRequest {
        databases: vec![fleet.reference()],
        access: Access::ReadWrite.into(),
        ddl: true,
        ..Default::default()
    };
    let minted = world.mint(request).await;
    let watcher = fleet.with_token(&minted.token);
    let mut watch = watcher.watch(&running.id).await.expect("it is watched");
    watch.message().await.expect("it tells at once");
    let mut other = fleet.apart().watch(&running.id).await.expect("it is watched");
    other.message().await.expect("it tells at once");
    let id = minted.metadata.expect("its description").id;
    world.admin.tokens().revoke_token(RevokeTokenRequest { id }).await.expect("it is revoked");
    tx.exec("UPDATE item SET price = 5").await;
    server.terminate();
    // The one without a right hears of that, or of the server's end, and nothing more.
    let status = loop {
        match bounded("the end of the watch", watch.message()).await {
            Ok(Some(message)) => {
                let state = message.migration.expect("a migration").state();
                assert_eq!(state, MigrationState::Preparing);
            }
            Ok(None) => panic!("the migration has not ended"),
            Err(status) => break status,
        }
    };
    assert!(matches!(status.code(), Code::Unauthenticated | Code::Unavailable), "{status:?}");
    let status = loop {
        match bounded("the end of the watch", other.message()).await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the migration has not ended"),
            Err(status) => break status,
        }
    };
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, "UNAVAILABLE"));
    tx.rollback().await;
    server.wait();
}

#[tokio::test]
async fn migrations_are_listed_newest_first_and_long_scripts_are_cut() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a"], &[]).await;
    fleet.child("a").exec(DOUBLE).await;
    let long = format!("CREATE TABLE long (x) /* {} */", "ö".repeat(3_000));
    fleet.migrate(&long).await;
    fleet.try_apply(fleet.request(UNIQUE)).await.expect_err("it fails");
    for i in 0..5 {
        fleet.migrate_all(format!("CREATE TABLE t{i} (x)")).await;
    }
    let all = fleet.migrations().await;
    assert_eq!(all.len(), 8);
    let generations: Vec<_> = all.iter().map(|migration| migration.generation).collect();
    assert_eq!(generations, [7, 6, 5, 4, 3, 3, 2, 1]);
    let cut = &all[6];
    assert!(cut.sql.len() < 2_010 && cut.sql.ends_with("ö…"), "{}", cut.sql);
    assert_eq!(fleet.migration(&cut.id).await.expect("found").sql, long, "one is told whole");
    let watched = fleet.ended(&cut.id).await;
    assert_eq!(watched.sql, cut.sql);

    let page = async |state: i32, page_size, page_token: &str| {
        let schema = fleet.reference();
        let page_token = page_token.to_owned();
        let request = ListMigrationsRequest { schema, state, page_size, page_token };
        let mut client = fleet.client().schemas();
        let listed = bounded("ListMigrations", client.list_migrations(request)).await;
        listed.map(tonic::Response::into_inner)
    };
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let listed = page(0, 3, &token).await.expect("it is listed");
        assert!(listed.migrations.len() <= 3);
        found.extend(listed.migrations);
        token = listed.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(found, all);
    let of =
        async |state: MigrationState| page(state.into(), 0, "").await.expect("listed").migrations;
    assert_eq!(of(MigrationState::Failed).await.len(), 1);
    assert_eq!(of(MigrationState::Cancelled).await.len(), 0);
    assert_eq!(of(MigrationState::Preparing).await.len(), 0);
    let committed =
        of(MigrationState::Committed).await.len() + of(MigrationState::Applied).await.len();
    assert_eq!(committed, 7);
    let token = page(0, 3, "").await.expect("it is listed").next_page_token;
    let other = page(MigrationState::Applied.into(), 3, &token).await;
    expect_error(other, Code::InvalidArgument, "INVALID_PAGE_TOKEN");
    expect_error(page(0, -1, "").await, Code::InvalidArgument, "INVALID_ARGUMENT");
    expect_error(page(99, 0, "").await, Code::InvalidArgument, "INVALID_ARGUMENT");
}

#[tokio::test]
async fn a_migration_is_found_under_its_own_schema_only() {
    let world = World::shared().await;
    let own = fleet(&world, &[], &[]).await;
    let other = Fleet::create(&world, "other").await;
    let id = own.migrations().await.remove(0).id;
    for id in [id.as_str(), "", "garbage", "6fa459ea-ee8a-3ca4-894e-db77e160355e"] {
        let found = other.migration(id).await;
        expect_error(found, Code::NotFound, "MIGRATION_NOT_FOUND");
        let cancelled = other.cancel(id).await;
        expect_error(cancelled, Code::NotFound, "MIGRATION_NOT_FOUND");
        let watched = match other.watch(id).await {
            Ok(mut watch) => watch.message().await,
            Err(status) => Err(status),
        };
        expect_error(watched, Code::NotFound, "MIGRATION_NOT_FOUND");
    }
    assert!(own.migration(&id.to_uppercase()).await.is_ok_and(|found| found.id == id));
}

#[tokio::test]
async fn a_retry_tells_how_many_came_back() {
    let world = World::shared().await;
    let of = fleet(&world, &["a", "b"], &["unused"]).await;
    Fleet::create(&world, "other").await.create_children(["stranger"]).await;
    let retry = async |children: Vec<&str>| {
        let children = children.into_iter().map(str::to_owned).collect();
        let request = v1::RetryChildrenRequest { schema: of.reference(), children };
        let mut client = of.client().schemas();
        let answer = bounded("RetryChildren", client.retry_children(request)).await?.into_inner();
        Ok::<_, Status>((answer.recovered_count, answer.quarantined_count))
    };
    assert_eq!(retry(vec![]).await.expect("nobody is quarantined"), (0, 0));
    let (_, quarantined) = retry(vec!["a", "unused"]).await.expect("they are well");
    assert_eq!(quarantined, 0);
    for (name, code, reason) in [
        ("nobody", Code::NotFound, "DATABASE_NOT_FOUND"),
        ("stranger", Code::NotFound, "DATABASE_NOT_FOUND"),
        ("parent", Code::NotFound, "DATABASE_NOT_FOUND"),
        ("../x", Code::InvalidArgument, "INVALID_NAME"),
    ] {
        println!("{name}");
        expect_error(retry(vec!["a", name]).await, code, reason);
    }
    let many = vec!["a"; 1_001];
    expect_error(retry(many).await, Code::InvalidArgument, "INVALID_ARGUMENT");
}

#[tokio::test]
async fn a_name_that_is_taken_again_has_a_history_of_its_own() {
    let world = World::shared().await;
    let first = fleet(&world, &["a"], &[]).await;
    let request =
        ApplyMigrationRequest { request_id: "one".into(), ..first.request("CREATE TABLE t (x)") };
    let old = first.try_apply(request.clone()).await.expect("it is applied");
    // Another schema may use the same id.
    let other = Fleet::create(&world, "other").await;
    let same = ApplyMigrationRequest { schema: other.reference(), ..request.clone() };
    assert_eq!(other.try_apply(same).await.expect("it is its own").generation, 1);
    for name in ["a", "parent"] {
        first.try_delete(name).await.expect("it is deleted");
    }
    let second = Fleet::create(&world, "parent").await;
    assert_eq!(second.migrations().await, []);
    expect_error(second.migration(&old.id).await, Code::NotFound, "MIGRATION_NOT_FOUND");
    let new = second.try_apply(request).await.expect("it is applied anew");
    assert_eq!(new.generation, 1);
    assert_ne!(new.id, old.id);
    // The child of the first comes back to nobody's schema but its own.
    expect_error(second.try_undelete("a").await, Code::NotFound, "DATABASE_NOT_FOUND");
    second.create_children(["b"]).await;
    assert_eq!(second.agree().await.generation, 1);
    for name in ["b", "parent"] {
        second.try_delete(name).await.expect("it is deleted");
    }
    // The newest of the name comes back first, with what it had.
    second.try_undelete("parent").await.expect("it comes back");
    assert_eq!(second.migrations().await.len(), 1);
    assert_eq!(second.migration(&new.id).await.expect("found").sql, "CREATE TABLE t (x)");
    second.migrate("CREATE TABLE u (x)").await;
    second.try_undelete("b").await.expect("it comes back");
    assert_eq!(second.agree().await.generation, 2);
}

/// Every call of the service that a token may or may not make.
async fn verdicts(fleet: &Fleet, id: &str) -> Vec<(&'static str, String)> {
    let told = |result: Result<(), Status>| match result {
        Ok(()) => "OK".to_owned(),
        Err(status) => reason(&status),
    };
    let mut client = fleet.client().schemas();
    let schema = fleet.reference();
    let retry = v1::RetryChildrenRequest { schema: schema.clone(), children: vec![] };
    let list = ListMigrationsRequest { schema: schema.clone(), ..Default::default() };
    let children = v1::ListChildrenRequest { schema: schema.clone(), ..Default::default() };
    let watched = match fleet.watch(id).await {
        Ok(mut watch) => watch.message().await.map(|_| ()),
        Err(status) => Err(status),
    };
    vec![
        (
            "apply",
            told(
                fleet
                    .try_apply(fleet.request("CREATE TABLE IF NOT EXISTS own (x)"))
                    .await
                    .map(|_| ()),
            ),
        ),
        ("validate", told(fleet.validate("CREATE TABLE u (x)").await.map(|_| ()))),
        ("get", told(fleet.migration(id).await.map(|_| ()))),
        ("list", told(client.list_migrations(list).await.map(|_| ()))),
        ("watch", told(watched)),
        ("cancel", told(fleet.cancel(id).await.map(|_| ()))),
        ("children", told(client.list_children(children).await.map(|_| ()))),
        ("retry", told(client.retry_children(retry).await.map(|_| ()))),
        ("schema", told(client.get_schema(v1::GetSchemaRequest { schema }).await.map(|_| ()))),
    ]
}

#[tokio::test]
async fn migrating_needs_its_own_right() {
    let world = World::shared().await;
    let of = fleet(&world, &["a"], &[]).await;
    let id = of.migrations().await.remove(0).id;
    let on = |databases: Vec<String>, access: Access, ddl: bool| CreateTokenRequest {
        databases,
        access: access.into(),
        ddl,
        ..Default::default()
    };
    let parent = || vec![of.reference()];
    let child = vec![world.reference("a")];
    let of_group = |access: Access, ddl: bool| CreateTokenRequest {
        groups: vec![world.group.clone()],
        access: access.into(),
        ddl,
        ..Default::default()
    };
    let foreign = CreateTokenRequest {
        groups: vec![world.another_group().await],
        access: Access::Admin.into(),
        ..Default::default()
    };
    for (who, request, may_migrate, rest) in [
        ("reader", on(parent(), Access::ReadOnly, false), false, "PERMISSION_DENIED"),
        ("writer", on(parent(), Access::ReadWrite, false), false, "PERMISSION_DENIED"),
        ("group's writer", of_group(Access::ReadWrite, false), false, "PERMISSION_DENIED"),
        ("migrator", on(parent(), Access::ReadWrite, true), true, ""),
        ("group's migrator", of_group(Access::ReadWrite, true), true, ""),
        ("group's admin", of_group(Access::Admin, false), true, ""),
        ("child's owner", on(child, Access::ReadWrite, true), false, "DATABASE_NOT_FOUND"),
        ("foreign admin", foreign, false, "DATABASE_NOT_FOUND"),
    ] {
        let token = world.mint(request).await.token;
        for (call, verdict) in verdicts(&of.with_token(&token), &id).await {
            let expected = match call {
                "cancel" if may_migrate => "MIGRATION_DECIDED",
                "schema" if rest != "DATABASE_NOT_FOUND" => "OK",
                _ if may_migrate => "OK",
                _ => rest,
            };
            assert_eq!(verdict, expected, "{who}: {call}");
        }
    }
    // A right that is withdrawn is gone with the next call.
    let minted = world.mint(on(parent(), Access::ReadWrite, true)).await;
    let migrator = of.with_token(&minted.token);
    let done = migrator.try_apply(migrator.request("CREATE TABLE mine (x)")).await;
    done.expect("it may");
    let revoke = RevokeTokenRequest { id: minted.metadata.expect("its description").id };
    world.admin.tokens().revoke_token(revoke).await.expect("it is revoked");
    let refused = migrator.try_apply(migrator.request("CREATE TABLE yours (x)")).await;
    expect_error(refused, Code::Unauthenticated, "TOKEN_REVOKED");
}
