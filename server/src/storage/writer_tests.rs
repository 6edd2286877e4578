//! What stands between a commit and the answers of those who share it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::access::Access;
use super::conn::{Blocks, Conn, Dress, Sharing, Synchronous};
use super::durability::Durability;
use super::guard::Control;
use super::script::{Place, Ran};
use super::writer::{Work, Writer, WriterConfig};
use crate::error::{Error, Result};
use crate::names::DatabaseId;

/// Counts what is handed over, and refuses it where it is told to.
#[derive(Default)]
struct Counting {
    handed_over: AtomicUsize,
    refuses: bool,
}

impl Durability for Counting {
    fn hand_over(&self, _: DatabaseId) -> Result<()> {
        self.handed_over.fetch_add(1, Ordering::SeqCst);
        if self.refuses { Err(Error::internal("refused")) } else { Ok(()) }
    }
}

/// A write, answered with how often was handed over by then.
struct Insert {
    dress: Dress,
    durability: Arc<Counting>,
    reply: oneshot::Sender<(bool, usize)>,
}

impl Work for Insert {
    fn bytes(&self) -> usize {
        0
    }

    fn dress(&self) -> &Dress {
        &self.dress
    }

    fn run(&mut self, conn: &mut Conn, _: Place, _: Control) -> Result<Ran> {
        conn.server("INSERT INTO t VALUES (1)")?;
        Ok(Ran::Done)
    }

    fn answer(self: Box<Self>, result: Result<()>) {
        let handed_over = self.durability.handed_over.load(Ordering::SeqCst);
        self.reply.send((result.is_ok(), handed_over)).expect("is awaited");
    }
}

/// The answers to writes that waited together.
async fn answers(writes: usize, refuses: bool) -> Vec<(bool, usize)> {
    let dir = TempDir::new().expect("a directory");
    let path = dir.path().join("t.db");
    std::fs::write(&path, []).expect("a file");
    let conn = Conn::open(&path, Sharing::Shared(Synchronous::Normal)).expect("opens");
    conn.server("CREATE TABLE t (x)").expect("a table");
    let durability = Arc::new(Counting { refuses, ..Counting::default() });
    let writer = Writer::new(WriterConfig {
        id: DatabaseId::new(uuid::Uuid::nil()),
        path,
        synchronous: Synchronous::Normal,
        queue_max: writes,
        durability: durability.clone(),
        env: crate::env::Env::system(),
        fleet: None,
    });
    // While it is held, all of them come to wait.
    let lease = writer.lease(CancellationToken::new()).await.expect("is free");
    let waiting: Vec<_> = (0..writes)
        .map(|_| {
            let (reply, answer) = oneshot::channel();
            let dress = Dress {
                access: Arc::new(Access::full()),
                blocks: Blocks::default(),
                attached: Vec::new(),
                cancel: CancellationToken::new(),
                size_limit_bytes: 0,
            };
            let work = Insert { dress, durability: durability.clone(), reply };
            writer.submit(Box::new(work)).expect("is let in");
            answer
        })
        .collect();
    drop(lease);
    let mut answers = Vec::new();
    for answer in waiting {
        answers.push(answer.await.expect("is answered"));
    }
    answers
}

#[tokio::test]
async fn a_shared_commit_is_handed_over_once_and_before_anyone_is_answered() {
    let answers = answers(2, false).await;
    assert_eq!(answers, [(true, 1), (true, 1)]);
}

#[tokio::test]
async fn nobody_who_shared_a_commit_is_told_that_it_stands_where_it_was_not_handed_over() {
    let answers = answers(2, true).await;
    assert_eq!(answers, [(false, 1), (false, 1)]);
}
