//! What a person sees: progress while it works, then the run as a tree or as JSON.

mod json;
mod progress;
mod term;
mod tree;

pub(crate) use json::object as run_as_json;
pub(crate) use progress::{Meter, Progress};
pub(crate) use term::{bad_status, error, help, print, print_json, status, warning};
pub(crate) use tree::{print as print_tree, print_link};

use crate::ledger::Ledger;
use crate::outcome::Outcome;
use mlplots::journal::RunDir;
use mlplots::record::RunUuid;

use crate::ship::store::{StoredRun, View};
use crate::ship::{Delivery, Halt};

/// A run that has ended, ready to be shown.
pub(crate) struct Report {
    pub(crate) ledger: Ledger,
    pub(crate) outcome: Outcome,
    pub(crate) run_uuid: RunUuid,
    pub(crate) experiment: Option<String>,
    pub(crate) tracking_uri: String,
    pub(crate) run: Option<(StoredRun, View)>,
    /// Why not everything is shipped.
    pub(crate) halt: Option<Halt>,
}

impl Report {
    /// What a delivery came to.
    pub(crate) fn new(
        dir: &RunDir,
        delivery: &Delivery,
        ledger: Ledger,
        outcome: Outcome,
        halt: Option<Halt>,
    ) -> Self {
        let open = ledger.open.as_ref();
        let experiment = delivery.cursor().experiment.clone();
        let experiment = experiment.or_else(|| open?.experiment.clone());
        Self {
            run_uuid: dir.uuid().clone(),
            experiment,
            tracking_uri: delivery.uri().to_owned(),
            run: delivery.stored(),
            ledger,
            outcome,
            halt,
        }
    }

    /// Exit code of the command.
    pub(crate) fn code(&self) -> u8 {
        use mlplots::record::Status;
        match (self.outcome.status, &self.halt) {
            (Status::Finished, None) => 0,
            (Status::Finished, Some(_)) => 4,
            _ => 1,
        }
    }
}

/// `1.2 MB`, as MLflow's page counts.
pub(crate) fn size(bytes: u64) -> String {
    let bytes = bytes as f64;
    match bytes {
        b if b < 1e3 => format!("{b} B"),
        b if b < 1e6 => format!("{:.0} kB", b / 1e3),
        b if b < 1e9 => format!("{:.1} MB", b / 1e6),
        b => format!("{:.1} GB", b / 1e9),
    }
}

/// `850 ms`, `3.2 s`, `4 min 05 s`, `2 h 10 min`.
pub(crate) fn duration(millis: u64) -> String {
    match millis {
        0..1_000 => format!("{millis} ms"),
        1_000..60_000 => format!("{:.1} s", millis as f64 / 1e3),
        60_000..3_600_000 => format!("{} min {:02} s", millis / 60_000, millis / 1_000 % 60),
        _ => format!("{} h {:02} min", millis / 3_600_000, millis / 60_000 % 60),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_and_durations() {
        assert_eq!(
            [0, 999, 61_200, 1_250_000].map(super::size),
            ["0 B", "999 B", "61 kB", "1.2 MB"]
        );
        let shown = [850, 3_240, 245_000, 7_800_000].map(super::duration);
        assert_eq!(shown, ["850 ms", "3.2 s", "4 min 05 s", "2 h 10 min"]);
    }
}
