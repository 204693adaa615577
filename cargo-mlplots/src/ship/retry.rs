//! Computes the delays between retries. The caller provides the clock and the randomness, so that
//! tests need neither.

use std::time::Duration;

const FIRST_DELAY: Duration = Duration::from_millis(250);
const MAX_DELAY: Duration = Duration::from_secs(15);

/// Exponential backoff.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// The next delay. `retry_after` is the delay that the server requests; at most five minutes
    /// are respected. `random`, in 0..1, is the jitter over half of the delay, so that the clients
    /// of one server do not retry at the same moment.
    pub(crate) fn next(&mut self, retry_after: Option<Duration>, random: f64) -> Duration {
        let own = FIRST_DELAY
            .saturating_mul(1 << self.attempts.min(10))
            .min(MAX_DELAY);
        self.attempts += 1;
        match retry_after {
            Some(retry_after) => {
                retry_after.clamp(own, Duration::from_mins(5)) + own.mul_f64(random / 2.0)
            }
            None => own.mul_f64(0.5 + random / 2.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_maximum() {
        let delays = |random: f64| {
            let mut backoff = Backoff::default();
            (0..9)
                .map(|_| backoff.next(None, random).as_millis())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            delays(1.0),
            [250, 500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]
        );
        assert_eq!(
            delays(0.0),
            [125, 250, 500, 1000, 2000, 4000, 7500, 7500, 7500]
        );
    }

    #[test]
    fn the_delay_that_the_server_requests_is_respected_up_to_a_maximum() {
        let mut backoff = Backoff::default();
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(backoff.next(seconds(7), 0.0), Duration::from_secs(7));
        assert_eq!(backoff.next(seconds(0), 0.0), Duration::from_millis(500));
        assert_eq!(backoff.next(seconds(86_400), 0.0), Duration::from_mins(5));
        // The jitter only extends the requested delay.
        assert_eq!(backoff.next(seconds(7), 0.5), Duration::from_millis(7500));
    }
}
