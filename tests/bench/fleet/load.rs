//! Calls that go on while something else is measured.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::support::{Db, Sql, Status, sql};

/// Calls that are sent again and again.
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    lanes: Vec<JoinHandle<Vec<Call>>>,
}

/// What came of a call.
pub(super) struct Call {
    pub(super) begun: Instant,
    pub(super) took: Duration,
    pub(super) refused: Option<Status>,
}

impl Load {
    /// In each lane one write after another, each on the lane's next database.
    pub(super) fn writers(lanes: Vec<Vec<Db>>) -> Self {
        Self::start(lanes, None, |lane, call| {
            let reference = format!("by writer {lane}, {call} at {:?}", Instant::now());
            let insert = "INSERT INTO orders (reference, amount) VALUES (?1, 1.5)";
            sql(insert, vec![reference.into()])
        })
    }

    /// In each lane one read at each beat, each on the lane's next database. The
    /// lanes' beats lie side by side and stay there: readers that pause behind
    /// each answer would, after the first moment that keeps all of them waiting,
    /// ask all at once for ever.
    pub(super) fn readers(lanes: Vec<Vec<Db>>, beat: Duration) -> Self {
        Self::start(lanes, Some(beat), |_, call| {
            let id = i64::try_from(call % 10 + 1).expect("is small");
            sql("SELECT reference, amount FROM orders WHERE id = ?1", vec![id.into()])
        })
    }

    /// Starts a lane for each list of databases: its calls begin at a beat of its
    /// own, or each when the one before it has ended.
    fn start(
        lanes: Vec<Vec<Db>>,
        beat: Option<Duration>,
        statement: fn(usize, usize) -> Sql,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (started, count) = (Instant::now(), lanes.len());
        let lane = |(lane, databases): (usize, Vec<Db>)| {
            let stop = stop.clone();
            tokio::spawn(async move {
                let mut calls = Vec::new();
                let mut beats = beat.map(|beat| {
                    let offset = beat.mul_f64(lane as f64 / count as f64);
                    let mut beats = tokio::time::interval_at((started + offset).into(), beat);
                    beats.set_missed_tick_behavior(MissedTickBehavior::Skip);
                    beats
                });
                while !stop.load(Ordering::Relaxed) {
                    if let Some(beats) = &mut beats {
                        beats.tick().await;
                    }
                    let db = &databases[calls.len() % databases.len()];
                    let request = db.request(statement(lane, calls.len()));
                    let begun = Instant::now();
                    let answer = db.client().query().execute(request).await;
                    calls.push(Call { begun, took: begun.elapsed(), refused: answer.err() });
                }
                calls
            })
        };
        let lanes = lanes.into_iter().enumerate().map(lane).collect();
        Self { stop, lanes }
    }

    /// Ends it; answers all calls.
    pub(super) async fn end(self) -> Vec<Call> {
        self.stop.store(true, Ordering::Relaxed);
        let mut calls = Vec::new();
        for lane in self.lanes {
            calls.extend(lane.await.expect("ends"));
        }
        calls
    }
}

/// A stretch of time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) from: Instant,
    pub(super) to: Instant,
}

impl Window {
    /// The time that some work takes.
    pub(super) async fn of_work(work: impl Future<Output = ()>) -> Self {
        let from = Instant::now();
        work.await;
        Self { from, to: Instant::now() }
    }

    pub(super) fn len(&self) -> Duration {
        self.to - self.from
    }

    /// The calls that were under way in it.
    pub(super) fn of<'a>(&self, calls: &'a [Call]) -> Vec<&'a Call> {
        let under_way = |call: &&Call| call.begun < self.to && call.begun + call.took > self.from;
        calls.iter().filter(under_way).collect()
    }
}

/// The longest of these calls; none of them was refused.
pub(super) fn longest(calls: &[&Call]) -> Duration {
    check(calls);
    calls.iter().map(|call| call.took).max().expect("there were calls")
}

/// What 99 of 100 of these calls take at most; none of them was refused.
pub(super) fn p99(calls: &[&Call]) -> Duration {
    check(calls);
    let mut took: Vec<_> = calls.iter().map(|call| call.took).collect();
    took.sort_unstable();
    *took.get(took.len() * 99 / 100).expect("there were calls")
}

fn check(calls: &[&Call]) {
    let refused = calls.iter().find_map(|call| call.refused.as_ref());
    assert!(refused.is_none(), "a call was refused: {refused:?}");
}
