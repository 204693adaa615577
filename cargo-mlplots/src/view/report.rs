//! A run that has ended, as the tree and the JSON object show it.

use mlplots_journal::record::{RunUuid, Status};
use mlplots_journal::{Exit, RunDir};

use crate::ledger::Ledger;
use crate::outcome::Outcome;
use crate::ship::store::{StoredRun, View};
use crate::ship::{Delivery, Halt};

/// The data of a run that has ended.
pub(crate) struct Report {
    pub(crate) ledger: Ledger,
    pub(crate) outcome: Outcome,
    pub(crate) run_uuid: RunUuid,
    pub(crate) experiment: Option<String>,
    pub(crate) tracking_uri: String,
    pub(crate) run: Option<(StoredRun, View)>,
    /// Why the run is not shipped completely.
    pub(crate) halt: Option<Halt>,
}

impl Report {
    /// The report of a delivery.
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

    /// How the command exits.
    pub(crate) fn exit(&self) -> Exit {
        match (self.outcome.status, &self.halt) {
            (Status::Finished, None) => Exit::Success,
            (Status::Finished, Some(_)) => Exit::Unshipped,
            _ => Exit::Failed,
        }
    }
}
