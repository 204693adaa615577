//! When to try again. Pure: the clock is the caller's.

use std::time::Duration;

/// The first wait.
const FIRST: Duration = Duration::from_millis(250);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(15);

/// Waits that double.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// How long to wait now. A server that says how long is believed, up to five minutes.
    pub(crate) fn next(&mut self, asked: Option<Duration>) -> Duration {
        let own = FIRST
            .saturating_mul(1 << self.attempts.min(10))
            .min(LONGEST);
        self.attempts += 1;
        asked.map_or(own, |asked| asked.clamp(own, Duration::from_mins(5)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..9).map(|_| backoff.next(None).as_millis()).collect();
        assert_eq!(
            waits,
            [250, 500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]
        );
    }

    #[test]
    fn a_server_that_says_how_long_is_believed() {
        let mut backoff = Backoff::default();
        assert_eq!(
            backoff.next(Some(Duration::from_secs(7))),
            Duration::from_secs(7)
        );
        assert_eq!(
            backoff.next(Some(Duration::ZERO)),
            Duration::from_millis(500)
        );
        assert_eq!(
            backoff.next(Some(Duration::from_hours(24))),
            Duration::from_mins(5)
        );
    }
}
