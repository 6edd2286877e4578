//! Requests of tenants while a migration is prepared, decided and applied.

use super::*;

#[tokio::test]
async fn a_caller_who_does_not_read_keeps_nobody_waiting() {
    use futures_util::StreamExt as _;
    use v1::transact_request::Request as Ask;

    let world = World::shared().await;
    let fleet = fleet(&world, &["a", "b"], &[]).await;
    let child = fleet.child("a");
    let begin = Ask::Begin(v1::TransactBegin {
        database: child.reference().to_owned(),
        mode: v1::TransactionMode::Immediate.into(),
        ..Default::default()
    });
    let statement =
        v1::Statement { sql: "UPDATE item SET price = price + 1".to_owned(), ..Default::default() };
    let execute = Ask::Execute(v1::TransactExecute { statement: Some(statement) });
    // More answers than the way to the caller holds.
    let asks: Vec<_> = std::iter::once(begin).chain(std::iter::repeat_n(execute, 8)).collect();
    let asks = asks.into_iter().map(|ask| v1::TransactRequest { request: Some(ask) });
    let asks = futures_util::stream::iter(asks).chain(futures_util::stream::pending());
    let deaf = child.client().deaf();
    let answers = bounded("Transact", deaf.query().transact(asks)).await.expect("it begins");
    // While it is open, another writer of the same database waits.
    let began = std::time::Instant::now();
    fleet.migrate("ALTER TABLE item ADD COLUMN later").await;
    assert!(began.elapsed() < std::time::Duration::from_secs(9), "{:?}", began.elapsed());
    child.exec("UPDATE item SET price = 1").await;
    assert_eq!(fleet.agree().await.generation, 2);
    drop(answers);
}

#[tokio::test]
async fn the_fleet_works_on_while_a_migration_prepares() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a", "b"], &["unused"]).await;
    let (running, tx) = held(&fleet, "a", UNIQUE).await;
    // Reads of the very child wait for nothing; others are also written.
    for name in ["a", "b", "unused", "parent"] {
        let look = fleet.try_look(name).await.expect("it is read");
        assert_eq!(look.generation, 1, "{name}");
    }
    for name in ["b", "unused"] {
        fleet.child(name).exec("UPDATE item SET price = 0").await;
    }
    // Databases come and go.
    fleet.create_children(["new"]).await;
    fleet.child("new").exec("UPDATE item SET price = 0").await;
    fleet.create_children(["bad"]).await;
    fleet.child("bad").exec(DOUBLE).await;
    fleet.try_delete("bad").await.expect("it is deleted");
    let status = fleet.try_undelete("bad").await;
    expect_error(status, Code::FailedPrecondition, "MIGRATION_IN_PROGRESS");
    let parent = v1::DeleteDatabaseRequest { name: fleet.reference(), ..Default::default() };
    let refused = world.admin.databases().delete_database(parent).await;
    assert!(refused.is_err_and(|status| {
        ["SCHEMA_NOT_EMPTY", "MIGRATION_IN_PROGRESS"].contains(&reason(&status).as_str())
    }));
    tx.commit().await.expect("it goes on until it ends");
    let ended = fleet.ended(&running.id).await;
    assert_eq!(ended.state(), MigrationState::Applied, "{ended:?}");
    assert_eq!(fleet.agree().await.generation, 2);
    assert_eq!(fleet.child("a").text("SELECT price FROM item").await, "104\n106");
    // The deleted one comes back and cannot follow: it never answers as before.
    fleet.try_undelete("bad").await.expect("it comes back");
    let status = fleet.child("bad").try_exec("SELECT 1").await;
    expect_error(status, Code::FailedPrecondition, "CHILD_QUARANTINED");
}

#[tokio::test]
async fn what_is_written_meanwhile_is_validated_too() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a", "b", "c"], &[]).await;
    let (running, tx) = held(&fleet, "a", UNIQUE).await;
    // Whether it was validated before or not: it is again.
    fleet.child("b").exec(DOUBLE).await;
    tx.rollback().await;
    let ended = fleet.ended(&running.id).await;
    assert_eq!(ended.state(), MigrationState::Failed);
    assert_eq!(ended.failure.expect("it tells why").database, world.reference("b"));
    // The transaction itself may be what is in the way.
    fleet.child("b").exec("DELETE FROM item WHERE id > 2").await;
    let (running, mut tx) = held(&fleet, "a", UNIQUE).await;
    tx.exec(DOUBLE).await;
    tx.commit().await.expect("it commits before it is validated");
    let ended = fleet.ended(&running.id).await;
    assert_eq!(ended.failure.expect("it tells why").database, world.reference("a"));
    assert_eq!(fleet.agree().await.generation, 1);
}

#[tokio::test]
async fn an_open_transaction_gives_way_to_the_decision() {
    let server = Server::start();
    let world = World::on(&server).await;
    let fleet = fleet(&world, &["a", "b"], &[]).await;
    let mut writer = fleet.child("a").apart().begin(TransactionMode::Immediate).await;
    writer.exec("UPDATE item SET price = 1000").await;
    let mut reader = fleet.child("b").apart().begin(TransactionMode::ReadOnly).await;
    assert_eq!(reader.text("PRAGMA user_version").await, "1");
    // Nothing is validated on a child; the fence alone meets the writer.
    fleet.migrate("ALTER TABLE item ADD COLUMN code").await;
    let status = writer.ended().await;
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Aborted, "BUSY"), "{status:?}");
    // A reader keeps its snapshot for as long as it is open.
    assert_eq!(reader.text("PRAGMA user_version").await, "1");
    reader.rollback().await;
    assert_eq!(fleet.agree().await.generation, 2);
    assert_eq!(fleet.child("a").text("SELECT price FROM item").await, "4\n6");
}

#[tokio::test]
async fn a_transaction_that_began_before_cannot_write_after() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a"], &[]).await;
    let mut tx = fleet.child("a").apart().begin(TransactionMode::Deferred).await;
    assert_eq!(tx.text("SELECT count(*) FROM item").await, "2");
    fleet.migrate("ALTER TABLE item ADD COLUMN code").await;
    let told = match tx.ask("UPDATE item SET price = 0").await {
        Ok(Ok(_)) => tx.commit().await.expect_err("its generation is over"),
        Ok(Err(status)) | Err(status) => status,
    };
    assert_eq!((told.code(), reason(&told).as_str()), (Code::Aborted, "BUSY"), "{told:?}");
    assert_eq!(fleet.child("a").text("SELECT price FROM item").await, "4\n6");
    let mut again = fleet.child("a").begin(TransactionMode::Deferred).await;
    again.exec("UPDATE item SET price = 0, code = 'x'").await;
    again.commit().await.expect("it is on the new one");
    assert_eq!(fleet.agree().await.generation, 2);
}

#[tokio::test]
async fn a_reader_of_returning_rows_who_has_stalled_keeps_nobody() {
    let world = World::shared().await;
    let fleet = fleet(&world, &["a", "b"], &[]).await;
    let rows = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
        INSERT INTO item (name, price) SELECT printf('%0200d', i), i FROM n RETURNING name";
    let db = fleet.child("a").apart();
    let mut stalled = db.stream(rows, v1::Encoding::Rows).await.expect("it opens");
    stalled.chunk().await.expect("it streams").expect("rows");
    fleet.migrate("ALTER TABLE item ADD COLUMN code").await;
    for name in ["a", "b"] {
        fleet.child(name).exec("UPDATE item SET code = 'x'").await;
    }
    let ended = stalled.all().await;
    let whole = fleet.child("a").text("SELECT count(*) FROM item").await;
    match ended {
        // All of it happened before, or nothing of it.
        Ok(_) => assert_eq!(whole, "200002"),
        Err(status) => {
            assert_eq!(reason(&status), "BUSY", "{status:?}");
            assert_eq!(whole, "2");
        }
    }
    assert_eq!(fleet.agree().await.generation, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_measured_is_told() {
    const CHILDREN: u64 = 60;
    let world = World::shared().await;
    let fleet = fleet(&world, &[], &["unused"]).await;
    let names: Vec<_> = (0..CHILDREN).map(|i| format!("c{i:02}")).collect();
    fleet.create_children(&names).await;
    fleet.exec_all(&names, "SELECT 1").await;
    let (stop, stopped) = watch::channel(false);
    let writers: Vec<_> = names
        .iter()
        .step_by(10)
        .map(|name| {
            let (db, stopped) = (fleet.child(name).apart(), stopped.clone());
            tokio::spawn(async move {
                while !*stopped.borrow() {
                    db.exec("UPDATE item SET price = price + 1").await;
                }
            })
        })
        .collect();
    let request =
        ApplyMigrationRequest { wait_for: WaitFor::Apply.into(), ..fleet.request(UNIQUE) };
    let migration = fleet.try_apply(request).await.expect("it is applied");
    stop.send_replace(true);
    for writer in writers {
        writer.await.expect("no write is refused");
    }
    let total = CHILDREN + 1;
    let counts =
        (migration.children_total, migration.children_validated, migration.children_applied);
    assert_eq!(counts, (total, total, total));
    let metrics = migration.metrics.expect("metrics");
    assert_eq!(metrics.validated_per_round[0], CHILDREN, "{metrics:?}");
    let again: u64 = metrics.validated_per_round[1..].iter().sum();
    assert!(metrics.dirty_at_fence <= again, "those are in the last round: {metrics:?}");
    let seconds = |of: Option<prost_types::Duration>| {
        of.map(|of| of.seconds as f64 + f64::from(of.nanos) / 1e9).expect("it is measured")
    };
    assert!(seconds(metrics.fence_duration) > 0.0, "{metrics:?}");
    assert!(seconds(metrics.apply_duration) > 0.0, "{metrics:?}");
    let rate = total as f64 / seconds(metrics.apply_duration);
    assert!((metrics.apply_rate_per_second / rate - 1.0).abs() < 0.01, "{metrics:?}");
    let pause = seconds(migration.max_write_pause);
    assert!(pause > 0.0 && pause < 10.0, "some write had to wait: {pause}");
}

/// Inserts a row twice over, in one of the ways there are.
async fn insert_by(db: Db, way: usize, turns: usize) -> Result<(), Status> {
    // So that it comes at another moment each time.
    for _ in 0..turns {
        db.try_exec("SELECT 1").await?;
    }
    match way {
        0 => db.try_exec(DOUBLE).await.map(|_| ()),
        1 => {
            let own = format!("BEGIN; UPDATE item SET price = 1; COMMIT; BEGIN; {DOUBLE}; COMMIT");
            db.try_exec(own.as_str()).await.map(|_| ())
        }
        2 => {
            let step = |sql: &str| v1::BatchStep {
                statement: Some(crate::support::Sql::from(sql).0),
                condition: None,
            };
            db.batch(TransactionMode::Deferred, vec![step("SELECT 1"), step(DOUBLE)])
                .await
                .map(|_| ())
        }
        3 | 4 => {
            let mode =
                if way == 3 { TransactionMode::Deferred } else { TransactionMode::Immediate };
            let mut tx = db.try_begin(mode).await?;
            tx.ask("SELECT count(*) FROM item").await??;
            tx.ask(DOUBLE).await??;
            tx.commit().await
        }
        5 => {
            let temp = format!("CREATE TEMP TABLE z (x); {DOUBLE}");
            db.try_exec(temp.as_str()).await.map(|_| ())
        }
        _ => {
            let returning = format!("{DOUBLE} RETURNING id");
            db.streamed(returning.as_str(), v1::Encoding::Rows).await.map(|_| ())
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whichever_way_a_row_is_written_it_is_validated_or_refused() {
    const WAYS: usize = 7;
    const ROUNDS: usize = 25;
    let world = World::shared().await;
    let fleet = Fleet::create(&world, "parent").await;
    fleet.migrate_all(ITEMS).await;
    let names: Vec<_> = (0..WAYS).map(|way| format!("way-{way}")).collect();
    fleet.create_children(&names).await;
    fleet.exec_all(&names, "SELECT 1").await;
    let (mut committed, mut refused) = (0, 0);
    for round in 0..ROUNDS {
        let way = round % WAYS;
        let writer =
            tokio::spawn(insert_by(fleet.child(&names[way]).apart(), way, round / WAYS * 3));
        let told = fleet.try_apply(fleet.request(UNIQUE)).await;
        let written = bounded("the writer", writer).await.expect("it ends");
        let count =
            fleet.child(&names[way]).text("SELECT count(*) FROM item WHERE name = 'pen'").await;
        match told {
            Ok(_) => {
                committed += 1;
                let status = written.expect_err("the index is there");
                let told = reason(&status);
                assert!(matches!(told.as_str(), "CONSTRAINT" | "BUSY"), "way {way}: {status:?}");
                assert_eq!(count, "1", "way {way}");
                fleet.migrate("DROP INDEX item_name").await;
            }
            Err(status) => {
                refused += 1;
                failed(Err(status), &world.reference(&names[way]), Some(0));
                written.unwrap_or_else(|status| {
                    panic!("way {way}: nothing is in its way: {status:?}")
                });
                assert_eq!(count, "2", "way {way}");
                fleet.child(&names[way]).exec("DELETE FROM item WHERE id > 2").await;
            }
        }
        let look = fleet.agree().await;
        assert!(!look.schema.contains("item_name"), "round {round}");
    }
    println!("{committed} committed and {refused} failed");
}

/// A reader that holds each answer to promise one: after a generation was seen
/// anywhere, no later request runs on an earlier one, and schema and rows fit it.
async fn read_on(db: Db, seen: Arc<watch::Sender<u64>>, stop: watch::Receiver<bool>) -> u64 {
    let sql = "PRAGMA user_version; SELECT count(*) FROM pragma_table_info('item'); SELECT max(steps) FROM note";
    let mut count = 0;
    while !*stop.borrow() {
        let before = *seen.borrow();
        let answer = db.client().query().execute(db.request(sql)).await;
        let answer =
            answer.unwrap_or_else(|status| panic!("{}: {status:?}", db.name())).into_inner();
        let numbers: Vec<u64> = answer
            .results
            .into_iter()
            .map(|result| crate::support::text(&crate::support::cells::cells_of(result.rows)))
            .map(|text| text.parse().expect("a number"))
            .collect();
        let generation = answer.generation;
        assert!(generation >= before, "{}: {generation} after {before}", db.name());
        assert_eq!(numbers, [generation, generation + 1, generation], "{}", db.name());
        seen.send_if_modified(|seen| {
            let is_newer = generation > *seen;
            *seen = (*seen).max(generation);
            is_newer
        });
        count += 1;
    }
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_sees_a_generation_that_is_over() {
    const CHILDREN: usize = 12;
    const STEPS: u64 = 25;
    let server = Server::with(&["--open-databases-max", "6"]);
    let world = World::on(&server).await;
    let fleet = Fleet::create(&world, "parent").await;
    let begin = "CREATE TABLE item (id, name); CREATE TABLE note (steps, own);
        INSERT INTO note VALUES (1, 0); INSERT INTO item (id) VALUES (1)";
    fleet.migrate(begin).await;
    let names: Vec<_> = (0..CHILDREN).map(|i| format!("c{i}")).collect();
    fleet.create_children(&names).await;
    fleet.exec_all(&names[..CHILDREN / 2], "SELECT 1").await;

    let (stop, stopped) = watch::channel(false);
    let seen = Arc::new(watch::Sender::new(1));
    let readers: Vec<_> = names
        .iter()
        .chain([&"parent".to_owned()])
        .map(|name| tokio::spawn(read_on(fleet.child(name).apart(), seen.clone(), stopped.clone())))
        .collect();
    let writers: Vec<_> = names
        .iter()
        .step_by(3)
        .map(|name| {
            let (db, stopped) = (fleet.child(name).apart(), stopped.clone());
            tokio::spawn(async move {
                let mut written = 0;
                while !*stopped.borrow() {
                    db.exec("UPDATE note SET own = own + 1").await;
                    written += 1;
                }
                written
            })
        })
        .collect();
    for step in 2..=STEPS {
        // Every second one is to be validated on each child.
        let index = if step % 2 == 0 {
            format!("CREATE UNIQUE INDEX i{step} ON item (id, c{step});")
        } else {
            String::new()
        };
        let script =
            format!("ALTER TABLE item ADD COLUMN c{step}; UPDATE note SET steps = {step}; {index}");
        let committed = fleet.migrate(script).await;
        assert_eq!(committed.generation, step);
        seen.send_if_modified(|seen| {
            *seen = (*seen).max(step);
            true
        });
    }
    stop.send_replace(true);
    let mut reads = 0;
    for reader in readers {
        reads += reader.await.expect("every answer is of the newest generation");
    }
    assert!(reads >= STEPS, "{reads} reads");
    for (name, writer) in names.iter().step_by(3).zip(writers) {
        let written: u64 = writer.await.expect("no write is refused");
        let found = fleet.child(name).text("SELECT own FROM note").await;
        assert_eq!(found, written.to_string(), "{name}: no write is lost");
    }
    assert_eq!(fleet.agree().await.generation, STEPS);
}
