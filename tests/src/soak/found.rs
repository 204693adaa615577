//! What a soak found.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::Fault;

/// What a soak found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Soaked {
    /// Which random numbers it took.
    pub seed: u64,
    /// SIGKILLs of a training program alone.
    pub trainers: usize,
    /// SIGKILLs of a supervisor alone, whose training goes on without it.
    pub supervisors: usize,
    /// SIGKILLs of a supervisor and its training program at once.
    pub both: usize,
    /// SIGKILLs of a `cargo mlplots sync`.
    pub syncs: usize,
    /// How often the server was killed and started again.
    pub restarts: usize,
    /// What happened to requests on their way, besides.
    pub faults: BTreeMap<Fault, usize>,
    /// Runs that MLflow has in the end.
    pub runs: usize,
    /// Metric points and files that a training program knew to be logged.
    pub acknowledged: usize,
    /// Those of them that MLflow does not have as they were logged.
    pub lost: usize,
    /// Points that MLflow has more than once, and runs beyond the first of one training.
    pub duplicated: usize,
    /// Points that no training logged.
    pub invented: usize,
    /// Runs that MLflow takes for living ones.
    pub running: usize,
    /// How long it all took.
    pub took: Duration,
}

impl Soaked {
    /// SIGKILLs in all.
    pub fn kills(&self) -> usize {
        self.trainers + self.supervisors + self.both + self.syncs
    }

    /// Faults in all.
    pub fn faults(&self) -> usize {
        self.faults.values().sum()
    }

    /// Whether MLflow has everything, once, and knows of each run that it is over.
    pub fn is_whole(&self) -> bool {
        self.lost + self.duplicated + self.invented + self.running == 0
    }
}

impl std::fmt::Display for Soaked {
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
        write!(f, "wall time             {:.0} s", self.took.as_secs_f64())
    }
}
