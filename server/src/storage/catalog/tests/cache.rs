//! The cache: never a row from before an acknowledged change.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::*;

const UPDATES: u64 = 300;
const READERS: usize = 4;

#[tokio::test]
async fn a_change_is_seen_at_once_under_name_and_id() {
    let fixture = fixture();
    let database = fixture.create("eu/shop").await.expect("creates");
    let references = ["eu/shop".to_owned(), format!("eu/{}", database.id)];
    for n in 1..4 {
        let patch = SettingsPatch { size_limit_bytes: Some(n), ..Default::default() };
        let updated = fixture.catalog.update_database(database.id, patch, None, START).await;
        let updated = updated.expect("updates");
        for reference in &references {
            // The second time from memory.
            assert_eq!(fixture.find(reference).await, Some(Arc::clone(&updated)));
            assert_eq!(fixture.find(reference).await, Some(Arc::clone(&updated)));
        }
    }
    fixture
        .catalog
        .delete_database(database.id, None, START, Duration::ZERO)
        .await
        .expect("deletes");
    for reference in &references {
        assert_eq!(fixture.find(reference).await, None);
    }
}

#[tokio::test]
async fn striking_the_tokens_of_a_group_reaches_its_databases() {
    let fixture = fixture();
    let group = fixture.group("eu").await;
    let database = fixture.create("eu/shop").await.expect("creates");
    let other = fixture.create("shop").await.expect("creates");
    let (early, late) = (Timestamp(5), Timestamp(9));
    for (scope, time, expected) in [
        (TokenScope::Group(group.id), early, early),
        (TokenScope::Database(database.id), late, late),
        (TokenScope::Group(group.id), Timestamp(7), late),
        // A clock that steps back brings no token back.
        (TokenScope::Database(database.id), early, late),
    ] {
        fixture.find("eu/shop").await.expect("is there");
        fixture.group("eu").await;
        fixture.catalog.invalidate_tokens(scope, time).await.expect("strikes");
        assert_eq!(fixture.find("eu/shop").await.expect("is there").tokens_not_before, expected);
    }
    assert_eq!(fixture.group("eu").await.tokens_not_before, Timestamp(7));
    assert_eq!(fixture.find("shop").await, Some(other));
    let unknown = TokenScope::Group(GroupId::new(fixture.env.uuid()));
    let refused = fixture.catalog.invalidate_tokens(unknown, early).await;
    assert_eq!(reason(refused), Reason::GroupNotFound);
    let unknown = TokenScope::Database(DatabaseId::new(fixture.env.uuid()));
    let refused = fixture.catalog.invalidate_tokens(unknown, early).await;
    assert_eq!(reason(refused), Reason::DatabaseNotFound);
}

/// Readers race a writer; none may see less than what was acknowledged before
/// it asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_reader_is_behind_an_acknowledged_change() {
    let fixture = Arc::new(fixture());
    let group = fixture.group("eu").await;
    let schema = fixture.schema("eu/parent").await;
    let kind = Kind::Child { schema };
    let database = fixture.create_kind("eu/shop", kind).await.expect("creates");
    // The last update, strike and migration that were acknowledged.
    let acknowledged: Arc<[AtomicU64; 3]> = Arc::default();
    let done = Arc::new(AtomicBool::new(false));
    let mut readers = Vec::new();
    for n in 0..READERS {
        let (fixture, acknowledged, done) =
            (Arc::clone(&fixture), Arc::clone(&acknowledged), Arc::clone(&done));
        let reference = [format!("eu/{}", database.id), "eu/shop".to_owned()][n % 2].clone();
        readers.push(tokio::spawn(async move {
            let mut reads = 0_u64;
            while !done.load(Ordering::SeqCst) {
                let [update, strike, migration] =
                    [0, 1, 2].map(|of| acknowledged[of].load(Ordering::SeqCst));
                let found = fixture.find(&reference).await.expect("is there");
                let seen = found.settings.size_limit_bytes;
                assert!(seen >= update, "saw {seen} after update {update} was acknowledged");
                let seen = u64::try_from(found.tokens_not_before.0).expect("not negative");
                assert!(seen >= strike, "saw {seen} after strike {strike} was acknowledged");
                let seen = found.generation.0;
                assert!(seen >= migration, "saw {seen} after {migration} was acknowledged");
                reads += 1;
                if reads.is_multiple_of(64) {
                    tokio::task::yield_now().await;
                }
            }
            reads
        }));
    }
    for n in 1..=UPDATES {
        let patch = SettingsPatch { size_limit_bytes: Some(n), ..Default::default() };
        fixture.catalog.update_database(database.id, patch, None, START).await.expect("updates");
        acknowledged[0].store(n, Ordering::SeqCst);
        let time = Timestamp(i64::try_from(n).expect("small"));
        let scope = TokenScope::Group(group.id);
        fixture.catalog.invalidate_tokens(scope, time).await.expect("strikes");
        acknowledged[1].store(n, Ordering::SeqCst);
        if n.is_multiple_of(4) {
            let migration = fixture.migrate(schema).await;
            acknowledged[2].store(migration.generation.0, Ordering::SeqCst);
        }
    }
    done.store(true, Ordering::SeqCst);
    for reader in readers {
        assert!(reader.await.expect("saw nothing old") > 0);
    }
}
