//! Waiting, always with a bound. The only place of the tests that sleeps.

use std::future::Future;
use std::time::{Duration, Instant};

/// How long a state may take to come on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// How often a state is looked at.
const POLL_EVERY: Duration = Duration::from_millis(15);

/// Awaits the state in which `probe` answers something.
#[track_caller]
pub(crate) fn until<T>(
    what: &str,
    mut probe: impl AsyncFnMut() -> Option<T>,
) -> impl Future<Output = T> {
    let caller = std::panic::Location::caller();
    async move {
        let start = Instant::now();
        loop {
            if let Some(found) = probe().await {
                return found;
            }
            assert!(start.elapsed() < PATIENCE, "{caller}: waited in vain until {what}");
            tokio::time::sleep(POLL_EVERY).await;
        }
    }
}

/// Awaits `future`, but not for ever.
#[track_caller]
pub(crate) fn bounded<F: Future>(what: &str, future: F) -> impl Future<Output = F::Output> {
    let caller = std::panic::Location::caller();
    async move {
        match tokio::time::timeout(PATIENCE, future).await {
            Ok(output) => output,
            Err(_) => panic!("{caller}: {what} took longer than {PATIENCE:?}"),
        }
    }
}

/// As [`until`], for code that is not async.
#[track_caller]
pub(crate) fn until_blocking<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(POLL_EVERY);
    }
}
