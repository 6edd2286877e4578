//! One query over several databases: read-only, permitted on both sides, and
//! at ease with everything around it.

use futures_util::future::join_all;
use tenantry_client::v1::{
    Access, BatchStep, CreateTokenRequest, Database, Encoding, TransactionMode,
};

use crate::support::{Code, Db, Server, World, bounded, cells, expect_error, sql};

/// A main database, and another one beside it that may be attached.
async fn pair(world: &World) -> (Db, Db) {
    let (main, beside) = (world.database("main-db").await, world.attachable("catalogue").await);
    main.exec(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, x); INSERT INTO t VALUES (1, 'one'), (2, 'two')",
    )
    .await;
    beside.exec("CREATE TABLE b (id INTEGER PRIMARY KEY, y); INSERT INTO b VALUES (1, 'uno'), (2, 'dos')").await;
    let token = world.token(&main, Access::ReadWrite, &[&beside]).await;
    (main.with_token(&token), beside)
}

#[tokio::test]
async fn databases_are_attached_by_the_request_by_sql_and_by_both() {
    let world = World::shared().await;
    let (main, beside) = pair(&world).await;
    let third = world.attachable("third").await;
    third.exec("CREATE TABLE z (w); INSERT INTO z VALUES ('w')").await;
    let token = world.token(&main, Access::ReadOnly, &[&beside, &third]).await;
    let main = main.with_token(&token);
    let join = "SELECT x, y FROM t JOIN c.b USING (id) ORDER BY id";
    for reference in ["catalogue", beside.id(), beside.reference()] {
        assert_eq!(main.attach(reference, "c").text(join).await, "one|uno\ntwo|dos", "{reference}");
    }
    for attach in [
        "ATTACH 'catalogue' AS c".to_owned(),
        "ATTACH DATABASE \"catalogue\" AS \"c\"".to_owned(),
        format!("attach '{}' as c", beside.id()),
        "/* here */ ATTACH catalogue AS c -- now".to_owned(),
    ] {
        assert_eq!(main.text(format!("{attach}\n; {join}")).await, "one|uno\ntwo|dos", "{attach}");
    }
    // In the middle of a text, and taken off again.
    let middle = "SELECT 1; ATTACH 'catalogue' AS c; SELECT count(*) FROM c.b; DETACH c; SELECT 3";
    assert_eq!(main.text(middle).await, "3");
    let both = main.attach("catalogue", "c");
    assert_eq!(
        both.text("ATTACH 'third' AS d; SELECT y, w FROM c.b, d.z WHERE id = 1").await,
        "uno|w"
    );
    // The alias is the name where none is given, and case makes no difference.
    assert_eq!(main.attach("third", "").text("SELECT w FROM third.z").await, "w");
    assert_eq!(main.attach("third", "Up").text("SELECT w FROM uP.z").await, "w");
    assert_eq!(main.attach("third", "a-b").text("SELECT w FROM \"a-b\".z").await, "w");
    // One result per statement, ATTACH included.
    assert_eq!(main.exec(format!("ATTACH 'catalogue' AS c; {join}")).await.len(), 2);
    // It ends with its request.
    let gone = main.try_exec("SELECT * FROM c.b").await;
    expect_error(gone, Code::InvalidArgument, "SQL_ERROR");
}

#[tokio::test]
async fn a_plain_name_means_the_default_group_and_in_sql_that_of_the_main_database() {
    let world = World::shared().await;
    let (main, beside) = pair(&world).await;
    for name in ["catalogue", beside.id()] {
        let by_sql = format!("ATTACH '{name}' AS c; SELECT count(*) FROM c.b");
        assert_eq!(main.text(by_sql).await, "2", "{name}");
        let in_request = main.attach_as_written(name, "c").try_text("SELECT 1").await;
        expect_error(in_request, Code::PermissionDenied, "ATTACH_NOT_ALLOWED");
        let whole = main.attach_as_written(&format!("{}/{name}", world.group), "c");
        assert_eq!(whole.text("SELECT count(*) FROM c.b").await, "2", "{name}");
    }
}

#[tokio::test]
async fn without_a_group_everything_is_in_the_default_one() {
    let world = World::shared().await;
    let named = |name: &str| Database {
        name: format!("{name}-{}", world.group),
        group: "default".to_owned(),
        allow_attach: true,
        ..Default::default()
    };
    let (main, beside) = (world.create(named("main")).await, world.create(named("beside")).await);
    beside.exec("CREATE TABLE b (y); INSERT INTO b VALUES ('y')").await;
    let main = Db::new(world.admin.clone(), main.name().to_owned(), String::new());
    for name in [beside.name(), beside.id(), beside.reference()] {
        assert_eq!(
            main.attach_as_written(name, "c").text("SELECT y FROM c.b").await,
            "y",
            "{name}"
        );
    }
    let by_sql = format!("ATTACH '{}' AS c; SELECT y FROM c.b", beside.name());
    assert_eq!(main.text(by_sql).await, "y");
}

#[tokio::test]
async fn a_database_that_was_never_used_is_attached_empty() {
    let world = World::shared().await;
    let main = world.database("main-db").await;
    for i in 0..3 {
        world.attachable(&format!("fresh-{i}")).await;
    }
    let count = "SELECT count(*) FROM c.sqlite_schema";
    assert_eq!(main.attach("fresh-0", "c").text(count).await, "0");
    assert_eq!(main.text(format!("ATTACH 'fresh-1' AS c; {count}")).await, "0");
    let mut tx = main.attach("fresh-2", "c").begin(TransactionMode::Immediate).await;
    assert_eq!(tx.text(count).await, "0");
    tx.rollback().await;
}

#[tokio::test]
async fn every_way_of_asking_attaches() {
    let world = World::shared().await;
    let (main, _) = pair(&world).await;
    let attached = main.attach("catalogue", "c");
    let count = "SELECT count(*) FROM t JOIN c.b USING (id)";
    let by_sql = format!("ATTACH 'catalogue' AS c; {count}");
    for encoding in [Encoding::Rows, Encoding::Columns] {
        assert_eq!(attached.streamed(count, encoding).await.expect("rows"), [cells![2]]);
        assert_eq!(main.streamed(by_sql.as_str(), encoding).await.expect("rows"), [cells![2]]);
    }
    let steps = vec![BatchStep { statement: Some(sql(count, vec![]).0), condition: None }];
    attached.batch(TransactionMode::Deferred, steps).await.expect("it runs");
    let described = attached.describe("SELECT y FROM c.b").await.expect("it is described");
    assert_eq!(described.columns[0].name, "y");
    for mode in [TransactionMode::Deferred, TransactionMode::Immediate, TransactionMode::ReadOnly] {
        let mut tx = attached.begin(mode).await;
        assert_eq!(tx.text(count).await, "2", "{mode:?}");
        tx.rollback().await;
        // Inside the transaction, and for the rest of it.
        let mut tx = main.begin(mode).await;
        tx.exec("ATTACH 'catalogue' AS c").await;
        assert_eq!(tx.text(count).await, "2", "{mode:?}");
        tx.rollback().await;
    }
}

#[tokio::test]
async fn what_is_attached_can_be_read_into_the_main_database() {
    let world = World::shared().await;
    let (main, beside) = pair(&world).await;
    let attached = main.attach("catalogue", "c");
    attached.exec("INSERT INTO t SELECT id + 10, y FROM c.b").await;
    assert_eq!(main.text("SELECT x FROM t WHERE id > 10").await, "uno\ndos");
    attached.exec("UPDATE t SET x = y FROM c.b WHERE b.id = t.id").await;
    assert_eq!(main.text("SELECT x FROM t WHERE id < 10").await, "uno\ndos");
    attached
        .exec("UPDATE t SET x = (SELECT upper(y) FROM c.b WHERE b.id = t.id) WHERE id < 10")
        .await;
    assert_eq!(main.text("SELECT x FROM t WHERE id < 10").await, "UNO\nDOS");
    attached
        .exec("CREATE TABLE copied AS SELECT * FROM c.b; CREATE INDEX copied_y ON copied (y)")
        .await;
    assert_eq!(main.text("SELECT count(*) FROM copied").await, "2");
    attached.exec("DELETE FROM t WHERE id IN (SELECT id FROM c.b)").await;
    assert_eq!(main.text("SELECT count(*) FROM t").await, "2");
    let upsert = "INSERT INTO t SELECT id + 10, 'again' FROM c.b WHERE true ON CONFLICT (id) DO UPDATE SET x = excluded.x";
    attached.exec(upsert).await;
    assert_eq!(main.text("SELECT x FROM t").await, "again\nagain");
    let by_sql = "ATTACH 'catalogue' AS c; BEGIN IMMEDIATE; INSERT INTO t SELECT id + 20, y FROM c.b; COMMIT";
    main.exec(by_sql).await;
    assert_eq!(main.text("SELECT count(*) FROM t").await, "4");
    assert_eq!(beside.text("SELECT count(*) FROM b").await, "2");
}

#[tokio::test]
async fn a_transaction_writes_main_and_reads_the_attached_in_any_order() {
    let world = World::shared().await;
    let (main, beside) = pair(&world).await;
    let attached = main.attach("catalogue", "c");
    for mode in [TransactionMode::Immediate, TransactionMode::Deferred] {
        let mut tx = attached.begin(mode).await;
        tx.exec("INSERT INTO t VALUES (NULL, 'written first')").await;
        assert_eq!(tx.text("SELECT count(*) FROM c.b").await, "2", "{mode:?}");
        tx.exec("UPDATE t SET x = 'and again'").await;
        tx.commit().await.expect("it commits");
        let mut tx = attached.begin(mode).await;
        assert_eq!(tx.text("SELECT count(*) FROM c.b").await, "2", "{mode:?}");
        tx.exec("INSERT INTO t SELECT NULL, y FROM c.b").await;
        tx.commit().await.expect("it commits");
        // While the attached database is written by others.
        let mut tx = attached.begin(mode).await;
        tx.exec("INSERT INTO t VALUES (NULL, 'x')").await;
        beside.exec("INSERT INTO b VALUES (NULL, 'tres'); DELETE FROM b WHERE y = 'tres'").await;
        assert_eq!(tx.text("SELECT count(*) FROM c.b").await, "2", "{mode:?}");
        tx.commit().await.expect("it commits");
    }
    assert_eq!(main.text("SELECT count(*) FROM t").await, "10");
}

#[tokio::test]
async fn what_is_attached_is_read_only() {
    let world = World::shared().await;
    let (main, beside) = pair(&world).await;
    let attached = main.attach("catalogue", "c");
    let before = (main.digest().await, beside.digest().await);
    for write in [
        "INSERT INTO c.b VALUES (3, 'tres')",
        "UPDATE c.b SET y = 'x'",
        "DELETE FROM c.b",
        "CREATE TABLE c.u (x)",
        "DROP TABLE c.b",
        "CREATE INDEX c.i ON b (y)",
        "ALTER TABLE c.b ADD COLUMN z",
        "INSERT INTO t VALUES (9, 'nine'); DELETE FROM c.b",
    ] {
        expect_error(attached.try_exec(write).await, Code::PermissionDenied, "READ_ONLY");
    }
    // Even for who may write it by itself.
    let admin = main.with_token(world.admin.token().expect("the admin's"));
    let refused = admin.attach("catalogue", "c").try_exec("DELETE FROM c.b").await;
    expect_error(refused, Code::PermissionDenied, "READ_ONLY");
    assert_eq!((main.digest().await, beside.digest().await), before);
}

#[tokio::test]
async fn both_sides_must_permit_it() {
    let world = World::shared().await;
    let (main, beside) = pair(&world).await;
    let closed = world.database("closed").await;
    let token = world.token(&main, Access::ReadWrite, &[&beside, &closed]).await;
    let both = main.with_token(&token);
    let without = main.with_token(&world.token(&main, Access::ReadWrite, &[]).await);
    let answer = async |db: &Db, name: &str| {
        let refused = db.attach(name, "c").try_exec("SELECT 1").await;
        let status = expect_error(refused, Code::PermissionDenied, "ATTACH_NOT_ALLOWED");
        let by_sql = db.try_exec(format!("ATTACH '{name}' AS c; SELECT 1")).await;
        expect_error(by_sql, Code::PermissionDenied, "ATTACH_NOT_ALLOWED");
        status.message().replace(name, "NAME")
    };
    // What the token does not list answers as what is not there.
    let nothing = answer(&without, "no-such-database").await;
    assert_eq!(answer(&without, "catalogue").await, nothing);
    assert_eq!(answer(&without, "closed").await, nothing);
    answer(&both, "closed").await;
    assert_eq!(both.attach("catalogue", "c").text("SELECT count(*) FROM c.b").await, "2");
    // A right to read it by itself is none to attach it.
    let readable = world
        .mint(CreateTokenRequest {
            databases: vec![main.reference().into(), beside.reference().into()],
            ..Default::default()
        })
        .await;
    answer(&main.with_token(&readable.token), "catalogue").await;
    // And a right to attach it is none to read it by itself.
    let refused = beside.with_token(&token).try_exec("SELECT * FROM b").await;
    let status = refused.expect_err("it may only be attached");
    assert!(matches!(status.code(), Code::PermissionDenied | Code::NotFound), "{status:?}");
}

#[tokio::test]
async fn withdrawn_rights_take_effect_on_the_next_request() {
    let world = World::shared().await;
    let (main, beside) = pair(&world).await;
    let attached = main.attach("catalogue", "c");
    for _ in 0..3 {
        assert_eq!(attached.text("SELECT count(*) FROM c.b").await, "2");
        world.configure(&beside, "allow_attach", |database| database.allow_attach = false).await;
        let refused = attached.try_exec("SELECT count(*) FROM c.b").await;
        expect_error(refused, Code::PermissionDenied, "ATTACH_NOT_ALLOWED");
        world.configure(&beside, "allow_attach", |database| database.allow_attach = true).await;
    }
    world.delete(&beside).await;
    let refused = attached.try_exec("SELECT count(*) FROM c.b").await;
    expect_error(refused, Code::PermissionDenied, "ATTACH_NOT_ALLOWED");
    // A database that takes the name over is another one.
    let successor = world.attachable("catalogue").await;
    successor.exec("CREATE TABLE b (id, y)").await;
    let refused = attached.try_exec("SELECT count(*) FROM c.b").await;
    expect_error(refused, Code::PermissionDenied, "ATTACH_NOT_ALLOWED");
}

#[tokio::test]
async fn rights_withdrawn_in_a_transaction_take_effect_on_its_next_statement() {
    let world = World::shared().await;
    let (main, beside) = pair(&world).await;
    let mut tx = main.attach("catalogue", "c").begin(TransactionMode::Deferred).await;
    assert_eq!(tx.text("SELECT count(*) FROM c.b").await, "2");
    world.configure(&beside, "allow_attach", |database| database.allow_attach = false).await;
    // Be it in-band or at the end of the stream.
    let status = match tx.ask("SELECT count(*) FROM c.b").await {
        Ok(answer) => answer.map(|_| ()).expect_err("the right was withdrawn"),
        Err(status) => status,
    };
    expect_error::<()>(Err(status), Code::PermissionDenied, "ATTACH_NOT_ALLOWED");
}

#[tokio::test]
async fn a_change_of_the_attached_schema_is_seen() {
    let world = World::shared().await;
    let (main, beside) = pair(&world).await;
    let attached = main.attach("catalogue", "c");
    for i in 0..5 {
        assert_eq!(attached.text("SELECT * FROM c.b LIMIT 1").await.split('|').count(), 2 + i);
        beside
            .exec(format!("ALTER TABLE b ADD COLUMN z{i}; INSERT INTO b (y) VALUES ('{i}')"))
            .await;
        assert_eq!(attached.text("SELECT count(*) FROM c.b").await, (3 + i).to_string());
    }
}

#[tokio::test]
async fn ten_are_the_most_and_an_alias_is_taken_once() {
    let world = World::shared().await;
    let main = world.database("main-db").await;
    let mut attached = main.clone();
    for i in 0..10 {
        let db = world.attachable(&format!("db{i}")).await;
        db.exec(format!("CREATE TABLE t (x); INSERT INTO t VALUES ({i})")).await;
        attached = attached.attach(db.name(), "");
    }
    let all: Vec<String> = (0..10).map(|i| format!("SELECT x FROM db{i}.t")).collect();
    let all = all.join(" UNION ALL ");
    assert_eq!(attached.text(format!("SELECT sum(x) FROM ({all})")).await, "45");
    // One more in the other way of attaching is one too many.
    let eleventh = world.attachable("eleventh").await;
    let refused = attached.try_exec("ATTACH 'eleventh' AS e; SELECT 1").await;
    expect_error(refused, Code::InvalidArgument, "ATTACH_LIMIT");
    let refused = attached.attach(eleventh.name(), "").try_exec("SELECT 1").await;
    expect_error(refused, Code::InvalidArgument, "ATTACH_LIMIT");
    let twice = main.attach("db1", "c").try_exec("ATTACH 'db2' AS C; SELECT 1").await;
    expect_error(twice, Code::InvalidArgument, "INVALID_ATTACHMENT");
    // One database under two names is nothing strange.
    let double = main.attach("db1", "a").attach("db1", "b");
    assert_eq!(double.text("SELECT a.t.x + b.t.x FROM a.t, b.t").await, "2");
}

#[tokio::test]
async fn attachments_are_those_of_the_request_whatever_was_attached_before() {
    let world = World::shared().await;
    let main = world.database("main-db").await;
    main.exec("CREATE TABLE t (x)").await;
    for name in ["p", "q", "r"] {
        let db = world.attachable(name).await;
        db.exec(format!("CREATE TABLE who (name); INSERT INTO who VALUES ('{name}')")).await;
    }
    // One after another, so that they run on the same connection: aliases that
    // change places, one database under two of them, and what is left of that.
    let sets: [&[(&str, &str)]; 9] = [
        &[("p", "a"), ("q", "b")],
        &[("q", "a"), ("p", "b")],
        &[("p", "a"), ("p", "b")],
        &[("p", "b")],
        &[("p", "B"), ("q", "c"), ("r", "a")],
        &[],
        &[("r", "r"), ("r", "a")],
        &[("r", "a"), ("q", "r")],
        &[("q", "a")],
    ];
    for (step, set) in sets.iter().chain(sets.iter().rev()).enumerate() {
        let mut db = main.clone();
        for (name, alias) in *set {
            db = db.attach(name, alias);
        }
        for write in ["", "INSERT INTO t VALUES (1); "] {
            for alias in ["a", "b", "c", "r"] {
                let found = db.try_text(format!("{write}SELECT name FROM {alias}.who")).await;
                let here = |(_, other): &&(&str, &str)| other.eq_ignore_ascii_case(alias);
                match set.iter().find(here) {
                    Some((name, _)) => {
                        assert_eq!(found.expect("it is attached"), *name, "step {step}")
                    }
                    None => {
                        expect_error(found, Code::InvalidArgument, "SQL_ERROR");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn databases_attach_one_another_without_waiting_for_ever() {
    let world = World::shared().await;
    let (a, b) = (world.attachable("a").await, world.attachable("b").await);
    for db in [&a, &b] {
        db.exec("CREATE TABLE t (x); INSERT INTO t VALUES (0)").await;
    }
    let crossing = (0..40).map(|i| {
        let (main, other) = if i % 2 == 0 { (a.apart(), "b") } else { (b.apart(), "a") };
        tokio::spawn(async move {
            let db = main.attach(other, "other");
            db.exec("INSERT INTO t SELECT max(x) + 1 FROM other.t").await;
            let mut tx = db.begin(TransactionMode::Immediate).await;
            tx.exec("INSERT INTO t SELECT max(x) + 1 FROM other.t").await;
            tx.commit().await.expect("it commits");
        })
    });
    for task in bounded("all of them", join_all(crossing)).await {
        task.expect("none fails");
    }
    assert_eq!(
        a.attach("b", "b")
            .text("SELECT (SELECT count(*) FROM t) + (SELECT count(*) FROM b.t)")
            .await,
        "82"
    );
}

#[tokio::test]
async fn two_hundred_clients_attach_at_once() {
    let world = World::shared().await;
    let catalogue = world.attachable("catalogue").await;
    catalogue.exec("CREATE TABLE b (y); INSERT INTO b VALUES (1), (2), (3)").await;
    let mut mains = Vec::new();
    for i in 0..10 {
        let db = world.database(&format!("db-{i}")).await;
        db.exec("CREATE TABLE t (x)").await;
        let token = world.token(&db, Access::ReadWrite, &[&catalogue]).await;
        mains.push(db.with_token(&token));
    }
    let clients = (0..200).map(|i: usize| {
        let db = mains[i % mains.len()].apart();
        tokio::spawn(async move {
            match i % 3 {
                0 => db.attach("catalogue", "c").text("SELECT count(*) FROM c.b").await,
                1 => db.text("ATTACH 'catalogue' AS c; SELECT count(*) FROM c.b").await,
                _ => {
                    db.attach("catalogue", "c")
                        .text("INSERT INTO t SELECT y FROM c.b; SELECT changes()")
                        .await
                }
            }
        })
    });
    for answer in bounded("all clients", join_all(clients)).await {
        assert_eq!(answer.expect("it is answered"), "3");
    }
}

#[tokio::test]
async fn more_databases_are_in_use_than_may_be_open() {
    const DATABASES: usize = 30;
    let server = Server::with(&["--open-databases-max", "6"]);
    let world = World::on(&server).await;
    let mut databases = Vec::new();
    for i in 0..DATABASES {
        let db = world.attachable(&format!("db-{i}")).await;
        db.exec(format!("CREATE TABLE t (x); INSERT INTO t VALUES ({i})")).await;
        databases.push(db);
    }
    // Each with its own and eight others, all at once: none can be kept open.
    let tasks = (0..DATABASES).flat_map(|i| {
        let db = databases[i].apart();
        (0..3).map(move |round| {
            let mut attached = db.clone();
            let others: Vec<usize> = (1..=4).map(|step| (i + step * (round + 1)) % DATABASES).collect();
            for (alias, other) in others.iter().enumerate() {
                attached = attached.attach(&format!("db-{other}"), &format!("a{alias}"));
            }
            tokio::spawn(async move {
                let sum = "SELECT (SELECT x FROM a0.t) + (SELECT x FROM a1.t) + (SELECT x FROM a2.t) + (SELECT x FROM a3.t)";
                let answer = attached.text(format!("INSERT INTO t SELECT x FROM a0.t WHERE 0; {sum}")).await;
                assert_eq!(answer, others.iter().sum::<usize>().to_string());
            })
        })
    });
    let tasks: Vec<_> = tasks.collect();
    for task in bounded("all of them", join_all(tasks)).await {
        task.expect("it is answered");
    }
}
