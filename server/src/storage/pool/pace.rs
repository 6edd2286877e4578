//! How the server's own work on a fleet leaves room to requests.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long the server works at least before it looks for requests: most children take a
/// tenth of it, which is no time to sleep for.
const WORK_MIN: Duration = Duration::from_millis(1);
/// The longest rest: behind a single large child nobody gains by a longer one.
const REST_MAX: Duration = Duration::from_millis(10);

/// How often a request has asked for a database.
#[derive(Default)]
pub(super) struct Requests(AtomicU64);

impl Requests {
    pub(super) fn note(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Gives the processor to a thread that waits for it: a request would wait for a whole
/// slice of the system's time otherwise.
pub(super) fn let_requests_run() {
    thread::yield_now();
}

/// Work that no request waits for: while requests come, it rests for as long as it has worked.
pub(super) struct Pace<'a> {
    requests: &'a Requests,
    seen: u64,
    since: Instant,
}

impl<'a> Pace<'a> {
    pub(super) fn new(requests: &'a Requests) -> Self {
        Self { requests, seen: requests.count(), since: Instant::now() }
    }

    /// To be called between two children.
    pub(super) fn keep(&mut self) {
        match self.rest(Instant::now()) {
            Some(rest) => {
                thread::sleep(rest);
                self.since = Instant::now();
            }
            None => let_requests_run(),
        }
    }

    /// For how long to rest now.
    fn rest(&mut self, now: Instant) -> Option<Duration> {
        let worked = now.saturating_duration_since(self.since);
        if worked < WORK_MIN {
            return None;
        }
        self.since = now;
        let count = self.requests.count();
        let came = count != self.seen;
        self.seen = count;
        came.then_some(worked.min(REST_MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_micros(999);
    const LONG: Duration = Duration::from_millis(3);

    fn rests(of: &[(Duration, bool)]) -> Vec<Option<Duration>> {
        let requests = Requests::default();
        let mut pace = Pace::new(&requests);
        let mut now = pace.since;
        let step = |&(worked, comes): &(Duration, bool)| {
            if comes {
                requests.note();
            }
            now += worked;
            pace.rest(now)
        };
        of.iter().map(step).collect()
    }

    #[test]
    fn work_rests_as_long_as_it_worked_while_requests_come() {
        assert_eq!(rests(&[(LONG, true), (LONG, true)]), [Some(LONG), Some(LONG)]);
    }

    #[test]
    fn work_does_not_rest_where_no_request_comes() {
        assert_eq!(rests(&[(LONG, false), (LONG, true), (LONG, false)]), [None, Some(LONG), None]);
    }

    #[test]
    fn short_work_is_added_up_with_the_requests_that_came_meanwhile() {
        assert_eq!(rests(&[(SHORT, true), (SHORT, false)]), [None, Some(SHORT * 2)]);
    }

    #[test]
    fn a_large_child_is_not_followed_by_a_long_rest() {
        assert_eq!(rests(&[(Duration::from_secs(60), true)]), [Some(REST_MAX)]);
    }
}
