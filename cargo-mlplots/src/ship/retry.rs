//! The delays between retries, as a pure function: the caller has the clock and the randomness.

use std::time::Duration;

/// The first delay.
const FIRST: Duration = Duration::from_millis(250);
/// The maximum delay.
const LONGEST: Duration = Duration::from_secs(15);

/// Exponential backoff.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// The next delay. The server's `Retry-After` is respected up to five minutes. `random`, in
    /// 0..1, is the jitter over half of the delay, so that the clients of one server do not retry
    /// at the same moment.
    pub(crate) fn next(&mut self, asked: Option<Duration>, random: f64) -> Duration {
        let own = FIRST
            .saturating_mul(1 << self.attempts.min(10))
            .min(LONGEST);
        self.attempts += 1;
        match asked {
            Some(asked) => asked.clamp(own, Duration::from_mins(5)) + own.mul_f64(random / 2.0),
            None => own.mul_f64(0.5 + random / 2.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let waits = |random: f64| {
            let mut backoff = Backoff::default();
            (0..9)
                .map(|_| backoff.next(None, random).as_millis())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            waits(1.0),
            [250, 500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]
        );
        assert_eq!(
            waits(0.0),
            [125, 250, 500, 1000, 2000, 4000, 7500, 7500, 7500]
        );
    }

    #[test]
    fn a_server_that_says_how_long_is_believed() {
        let mut backoff = Backoff::default();
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(backoff.next(seconds(7), 0.0), Duration::from_secs(7));
        assert_eq!(backoff.next(seconds(0), 0.0), Duration::from_millis(500));
        assert_eq!(backoff.next(seconds(86_400), 0.0), Duration::from_mins(5));
        // Not before the stated delay, and with jitter.
        assert_eq!(backoff.next(seconds(7), 0.5), Duration::from_millis(7500));
    }
}
