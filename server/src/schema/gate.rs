//! Whose turn it is with a fleet. A fleet has one fence and one memory of who was
//! written, and a validation of any script clears that memory: so one migration
//! at a time prepares, and dry runs are made only while none does. A dry run
//! gives way to a migration, which never waits for long.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock, watch};

use crate::names::DatabaseId;

/// The gates to all fleets.
#[derive(Default)]
pub(super) struct Gates(Mutex<HashMap<DatabaseId, Arc<Gate>>>);

impl Gates {
    /// The gate to the fleet of a schema.
    pub(super) fn of(&self, schema: DatabaseId) -> Arc<Gate> {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // What nobody holds has nobody inside.
        gates.retain(|_, gate| Arc::strong_count(gate) > 1);
        Arc::clone(gates.entry(schema).or_default())
    }
}

/// The gate to one fleet.
pub(super) struct Gate {
    lock: Arc<RwLock<()>>,
    /// How many migrations wait for their turn.
    waiting: watch::Sender<usize>,
    turns: AtomicU64,
}

/// The turn of a migration, until it is dropped.
pub(super) struct Turn {
    number: u64,
    _lock: OwnedRwLockWriteGuard<()>,
}

/// The turn of a dry run.
pub(super) struct DryTurn {
    waiting: watch::Receiver<usize>,
    _lock: OwnedRwLockReadGuard<()>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { lock: Arc::default(), waiting: watch::Sender::new(0), turns: AtomicU64::new(0) }
    }
}

impl Gate {
    /// The turn of a migration: waits for the one before it and sends dry runs
    /// away.
    pub(super) async fn enter(&self) -> Turn {
        let _waiting = Waiting::new(&self.waiting);
        let lock = Arc::clone(&self.lock).write_owned().await;
        let number = self.turns.fetch_add(1, Ordering::Relaxed) + 1;
        Turn { number, _lock: lock }
    }

    /// The turn of a dry run; `None` while a migration has it or wants it.
    pub(super) fn try_enter_dry(&self) -> Option<DryTurn> {
        let lock = Arc::clone(&self.lock).try_read_owned().ok()?;
        let waiting = self.waiting.subscribe();
        Some(DryTurn { waiting, _lock: lock })
    }

    /// Whether no migration had its turn since this one.
    pub(super) fn is_last(&self, turn: u64) -> bool {
        self.turns.load(Ordering::Relaxed) == turn
    }
}

impl Turn {
    /// Which turn it is.
    pub(super) fn number(&self) -> u64 {
        self.number
    }
}

impl DryTurn {
    /// Resolves when a migration wants its turn.
    pub(super) async fn is_wanted(&self) {
        // The gate is there for as long as somebody is inside.
        let _ = self.waiting.clone().wait_for(|waiting| *waiting > 0).await;
    }
}

/// Counts one who waits, also where that one gives up.
struct Waiting<'a>(&'a watch::Sender<usize>);

impl<'a> Waiting<'a> {
    fn new(count: &'a watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_dry_run_gives_way_and_keeps_away() {
        let gate = Arc::new(Gate::default());
        let (one, other) = (gate.try_enter_dry(), gate.try_enter_dry());
        let (one, other) = (one.expect("is free"), other.expect("is free"));
        let entering = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.enter().await }
        });
        one.is_wanted().await;
        assert!(gate.try_enter_dry().is_none(), "a migration waits");
        drop((one, other));
        let turn = entering.await.expect("enters");
        assert!(gate.try_enter_dry().is_none() && gate.is_last(turn.number()));
        drop(turn);
        assert!(gate.try_enter_dry().is_some());
    }
}
