//! When to try again. Pure: the clock and the randomness are the caller's.

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
    /// How long to wait now. A server that says how long is believed, up to five minutes. `random`,
    /// in 0..1, spreads the waits over half of their length: clients that lost one server must not
    /// come back at one moment.
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
        // Never before it says, and not all at one moment.
        assert_eq!(backoff.next(seconds(7), 0.5), Duration::from_millis(7500));
    }
}
