//! What the product takes from its surroundings: the time, fresh ids,
//! randomness, and points where tests make it fail. All of it is injected, so
//! that a test can hold it still.

mod clock;
mod failpoints;

#[cfg(test)]
pub use clock::ManualClock;
pub use clock::{Clock, SystemClock, Timestamp};
pub use failpoints::Failpoint;

use self::failpoints::Failpoints;
use crate::error::Result;

use std::sync::Arc;

use uuid::Uuid;

/// The surroundings, handed to every part that needs one of them.
#[derive(Clone)]
pub struct Env {
    clock: Arc<dyn Clock>,
    failpoints: Failpoints,
}

impl Env {
    /// The real surroundings.
    #[must_use]
    pub fn system() -> Self {
        Self::with_clock(Arc::new(SystemClock::default()))
    }

    /// The real surroundings but for the clock.
    #[must_use]
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self { clock, failpoints: Failpoints::default() }
    }

    /// The same surroundings with a point to fail at, as in `first-use=kill`.
    /// Errors: the points that there are.
    pub fn with_failpoint(mut self, text: &str) -> Result<Self, String> {
        self.failpoints = Failpoints::parse(text)?;
        Ok(self)
    }

    /// Fails here, where a test wants it.
    pub fn failpoint(&self, point: Failpoint) -> Result<()> {
        self.failpoints.pass(point)
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The time now, but never the same value twice: later by at least one
    /// millisecond than every earlier answer of this function.
    #[must_use]
    pub fn tick(&self) -> Timestamp {
        self.clock.tick()
    }

    /// A fresh random (version 4) UUID.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(random()).into_uuid()
    }

    /// 32 fresh random bytes, fit for a key.
    #[must_use]
    pub fn secret(&self) -> [u8; 32] {
        random()
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that asks for randomness")]
fn random<const N: usize>() -> [u8; N] {
    rand::random()
}
