//! The wall clock, and one that stands still for tests.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A point in time: milliseconds since 1970-01-01 00:00 UTC.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This time and a while after it; the end of time where that overflows.
    #[must_use]
    pub fn saturating_add(self, after: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(after.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The time now. May stand still or step back, as wall clocks do.
    fn now(&self) -> Timestamp;
    /// The time now, later by at least 1 ms than every earlier answer of it.
    fn tick(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Default)]
pub struct SystemClock {
    last_tick: AtomicI64,
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Timestamp::default().saturating_add(since_epoch.unwrap_or_default())
    }

    fn tick(&self) -> Timestamp {
        next_tick(&self.last_tick, self.now())
    }
}

/// A clock that moves only when it is told to.
#[cfg(test)]
#[derive(Debug, Default)]
pub struct ManualClock {
    now: AtomicI64,
    last_tick: AtomicI64,
}

#[cfg(test)]
impl ManualClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self { now: AtomicI64::new(now.0), last_tick: AtomicI64::new(0) }
    }

    /// Moves the clock on.
    pub fn advance(&self, by: Duration) {
        let now = Timestamp(self.now.load(Ordering::SeqCst)).saturating_add(by);
        self.now.store(now.0, Ordering::SeqCst);
    }
}

#[cfg(test)]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::SeqCst))
    }

    fn tick(&self) -> Timestamp {
        next_tick(&self.last_tick, self.now())
    }
}

fn next_tick(last: &AtomicI64, now: Timestamp) -> Timestamp {
    let step = |last: i64| Some(now.0.max(last.saturating_add(1)));
    let before = match last.fetch_update(Ordering::SeqCst, Ordering::SeqCst, step) {
        Ok(before) | Err(before) => before,
    };
    Timestamp(now.0.max(before.saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_never_repeat_on_a_clock_that_stands() {
        let clock = ManualClock::new(Timestamp(5));
        assert_eq!([clock.tick(), clock.tick()], [Timestamp(5), Timestamp(6)]);
        clock.advance(Duration::from_millis(100));
        assert_eq!([clock.now(), clock.tick()], [Timestamp(105), Timestamp(105)]);
    }
}
