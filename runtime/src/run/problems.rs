//! The problems of a run. Each is reported once, and their number is bounded, since a training may
//! cause a new one at every step.

use std::collections::HashSet;

/// Maximum number of problems that are reported; further ones are counted.
const MAX_REPORTED: usize = 100;
/// Maximum length of a message in characters.
const MAX_MESSAGE: usize = 2000;

/// The problems so far.
#[derive(Debug, Default)]
pub(super) struct Problems {
    known: HashSet<String>,
    reported: Vec<String>,
    further: u64,
}

impl Problems {
    /// Adds a problem. Returns the message to print, if there is one.
    pub(super) fn add(&mut self, message: &str) -> Option<String> {
        let message: String = message.chars().take(MAX_MESSAGE).collect();
        if self.known.contains(&message) {
            return None;
        }
        if self.reported.len() == MAX_REPORTED {
            self.further += 1;
            let first = self.further == 1;
            return first.then(|| "there are further problems, which are not listed".to_owned());
        }
        self.known.insert(message.clone());
        self.reported.push(message.clone());
        Some(message)
    }

    /// The reported problems.
    pub(super) fn reported(&self) -> &[String] {
        &self.reported
    }

    /// Number of further problems.
    pub(super) fn further(&self) -> u64 {
        self.further
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_at_every_step_is_bounded() {
        let mut problems = Problems::default();
        let reported: Vec<_> = (0..100_000)
            .filter_map(|step| problems.add(&format!("`loss@{step}` is not a name")))
            .collect();
        assert_eq!(reported.len(), MAX_REPORTED + 1);
        assert_eq!(problems.further(), 100_000 - MAX_REPORTED as u64);
        assert_eq!(problems.add("`loss@0` is not a name"), None);
    }
}
