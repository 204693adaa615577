//! The results of a soak test.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::Fault;

/// The results of a soak test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SoakReport {
    /// The seed of the random numbers.
    pub seed: u64,
    /// Kills of a training program alone.
    pub trainers: usize,
    /// Kills of a supervisor alone. Its training continues.
    pub supervisors: usize,
    /// Kills of a supervisor and its training program at once.
    pub both: usize,
    /// Kills of a `cargo mlplots sync`.
    pub syncs: usize,
    /// Restarts of the server.
    pub restarts: usize,
    /// Injected faults of requests, by fault.
    pub faults: BTreeMap<Fault, usize>,
    /// Runs in MLflow at the end.
    pub runs: usize,
    /// Metric points and files that a training program logged and acknowledged.
    pub acknowledged: usize,
    /// Acknowledged records that MLflow does not have, or has with another value.
    pub lost: usize,
    /// Points that MLflow has more than once, and second runs of the same training.
    pub duplicated: usize,
    /// Points in MLflow that no training logged.
    pub invented: usize,
    /// Runs that are still RUNNING in MLflow.
    pub running: usize,
    /// The duration of the soak test.
    pub duration: Duration,
}

impl SoakReport {
    /// The total number of kills.
    pub fn kills(&self) -> usize {
        self.trainers + self.supervisors + self.both + self.syncs
    }

    /// The total number of injected faults.
    pub fn faults(&self) -> usize {
        self.faults.values().sum()
    }

    /// Whether MLflow has every record exactly once and no run is RUNNING.
    pub fn is_complete(&self) -> bool {
        self.lost + self.duplicated + self.invented + self.running == 0
    }
}

impl std::fmt::Display for SoakReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "seed                  {}", self.seed)?;
        writeln!(
            f,
            "kills                 {} (trainer {}, supervisor {}, both {}, sync {})",
            self.kills(),
            self.trainers,
            self.supervisors,
            self.both,
            self.syncs
        )?;
        writeln!(f, "server restarts       {}", self.restarts)?;
        writeln!(f, "faults injected       {}", self.faults())?;
        for (fault, count) in &self.faults {
            writeln!(f, "  {fault:<21} {count}")?;
        }
        writeln!(f, "runs                  {}", self.runs)?;
        writeln!(f, "records acknowledged  {}", self.acknowledged)?;
        writeln!(f, "lost                  {}", self.lost)?;
        writeln!(f, "duplicated            {}", self.duplicated)?;
        writeln!(f, "invented              {}", self.invented)?;
        writeln!(f, "still RUNNING         {}", self.running)?;
        write!(
            f,
            "wall time             {:.0} s",
            self.duration.as_secs_f64()
        )
    }
}
