//! What a child starts with: a copy of its parent, once it is used.

use super::*;

#[tokio::test]
async fn a_child_starts_with_the_schema_and_the_rows_of_its_parent() {
    let world = World::shared().await;
    let (fleet, child) = pair(&world).await;
    assert_eq!(
        child.text("SELECT id, name, price FROM item ORDER BY id").await,
        "1|pen|1\n2|ink|1"
    );
    assert_eq!(child.text("SELECT word FROM words WHERE words MATCH 'found'").await, "found it");
    child.exec("INSERT INTO sale VALUES (1, 2); UPDATE item SET price = 5 WHERE id = 1").await;
    assert_eq!(child.text("SELECT name FROM sold").await, "ink");
    assert_eq!(child.text("SELECT line FROM log").await, "2");
    let status = child.try_exec("INSERT INTO sale VALUES (2, 9)").await;
    expect_error(status, Code::FailedPrecondition, "CONSTRAINT");
    // Its rows are its own, and its siblings start afresh.
    fleet.create_children(["sibling"]).await;
    for name in ["parent", "sibling"] {
        let db = fleet.child(name);
        assert_eq!(db.text("SELECT price FROM item").await, "1\n1", "{name}");
        assert_eq!(db.text("SELECT count(*) FROM sale").await, "0", "{name}");
    }
    // A later migration reaches the rows that each has.
    fleet
        .migrate("UPDATE item SET price = price + 10; INSERT INTO item VALUES (3, 'cup', 3)")
        .await;
    fleet.create_children(["late"]).await;
    for (name, prices) in [("parent", "11\n11\n3"), ("child", "15\n11\n3"), ("late", "11\n11\n3")] {
        let found = fleet.child(name).text("SELECT price FROM item ORDER BY id").await;
        assert_eq!(found, prices, "{name}");
    }
    fleet.agree().await;
}

#[tokio::test]
async fn a_child_is_a_row_until_it_is_used() {
    const CHILDREN: usize = 2_000;
    let server = Server::start();
    let world = World::on(&server).await;
    let fleet = Fleet::create(&world, "parent").await;
    fleet.migrate(SHOP).await;
    fleet.create_children((0..CHILDREN).map(|i| format!("c{i:04}"))).await;
    let of_parent = files(&server).len();
    // They cost a migration nothing, whatever it does to rows.
    let migration = fleet.migrate_all("CREATE UNIQUE INDEX item_unique ON item (name)").await;
    assert_eq!(migration.children_total, CHILDREN as u64);
    assert_eq!(migration.children_validated, CHILDREN as u64);
    assert_eq!(migration.children_applied, CHILDREN as u64);
    let rounds = migration.metrics.expect("it was measured").validated_per_round;
    assert_eq!(rounds.iter().sum::<u64>(), 0, "no child has a file to be validated");
    assert_eq!(files(&server).len(), of_parent);
    let used = get(&world.admin, &world.reference("c0007")).await;
    assert_eq!((used.size_bytes, used.generation), (0, 2));

    let child = fleet.child("c0007");
    assert_eq!(child.text("SELECT name FROM item ORDER BY id").await, "pen\nink");
    let look = fleet.try_look("c0007").await.expect("it answers");
    assert_eq!((look.generation, look.user_version), (2, 2));
    assert!(look.schema.contains("item_unique"));
    assert_eq!(files(&server).len(), of_parent + 1);
    assert!(files(&server).contains(&used.id));
    assert!(get(&world.admin, &world.reference("c0007")).await.size_bytes > 0);
}

#[tokio::test]
async fn of_many_who_use_a_child_first_all_find_it_whole() {
    let world = World::shared().await;
    let (fleet, _) = pair(&world).await;
    let names: Vec<_> = (0..40).map(|i| format!("n{}", i % 10)).collect();
    fleet.create_children(names.iter().take(10)).await;
    let found =
        futures_util::future::join_all(
            names.iter().map(|name| {
                let child = fleet.child(name).apart();
                async move {
                    child.text("INSERT INTO log VALUES ('x'); SELECT count(*) FROM item").await
                }
            }),
        );
    assert_eq!(found.await, vec!["2"; names.len()]);
    for name in &names[..10] {
        assert_eq!(fleet.child(name).text("SELECT count(*) FROM log").await, "4", "{name}");
    }
    fleet.agree().await;
}

#[tokio::test]
async fn templates_are_made_again_when_they_are_gone() {
    let mut server = Server::with(&QUICK_STOP);
    let world = World::on(&server).await;
    let (fleet, _) = pair(&world).await;
    fleet.create_children(["a", "b", "c"]).await;
    let templates = server.data_dir().join("shard-0000").join("templates");
    assert_eq!(fleet.child("a").text("SELECT count(*) FROM item").await, "2");
    fs::remove_dir_all(&templates).expect("there was one");
    assert_eq!(fleet.child("b").text("SELECT count(*) FROM item").await, "2");
    fleet.migrate("INSERT INTO item (name) VALUES ('cup')").await;
    server.stop();
    let _ = fs::remove_dir_all(&templates);
    server.restart();
    let world = World::again(&server, &world.group);
    let fleet = Fleet::again(&world, "parent");
    assert_eq!(fleet.child("c").text("SELECT count(*) FROM item").await, "3");
    assert_eq!(fleet.agree().await.generation, 2);
}
