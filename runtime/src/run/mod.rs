//! The run: a training logs to it, provides values for its plots, and ends it.

mod artifacts;
mod directory;
mod figures;
mod git;
mod logging;
mod panics;
mod paths;
mod plot;
mod pool;
mod problems;
mod provenance;
mod shared;
mod tables;
mod values;

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub use plot::{Input, Inputs, Plot};

pub(crate) use panics::caught;
pub(crate) use plot::summary;
pub(crate) use provenance::program;

use mlplots_journal::listing::TrainEntry;
use mlplots_journal::record::{
    Close, FORMAT, Figure, FigureStatus, Open, Record, RunUuid, Status, now_millis,
};
use mlplots_journal::request::Resumed;
use mlplots_journal::{Host, RunDir, Writer};

use crate::error::Error;
use crate::stderr::print;
use pool::Pool;
use shared::Shared;
use values::Values;

/// One run of a training: everything logged through it, and every figure drawn from what it
/// provides, belongs to this run and no other.
///
/// A `Run` is shared by reference, also between scoped threads. A `#[train]` function receives one;
/// programs without macros begin one with [`Run::start`].
///
/// Calls that log metrics, params and tags return at once and do not fail: a name that MLflow does
/// not allow, or a full disk, becomes a *problem* of the run. It is printed once and listed at the
/// end, and the run ends FAILED.
///
/// ```no_run
/// use mlplots::prelude::*;
///
/// #[train]
/// fn fit(run: &Run) {
///     for epoch in 0..100 {
///         run.log_metric_at("loss", 1.0 / f64::from(epoch + 1), epoch);
///     }
/// }
/// ```
pub struct Run {
    shared: Arc<Shared>,
    values: Mutex<Values>,
    pool: Pool,
    plots: Vec<&'static Plot>,
    /// Ends the thread that syncs the journal to disk every second.
    ticker: Option<Sender<()>>,
    /// Runs git while the training begins.
    provenance: Option<JoinHandle<()>>,
    open: bool,
}

/// The description of a new run.
pub(crate) struct Beginning {
    /// Its directory, which does not exist or has no journal yet.
    pub(crate) dir: RunDir,
    pub(crate) experiment: Option<String>,
    pub(crate) run_name: Option<String>,
    pub(crate) train: Option<TrainEntry>,
    pub(crate) tags: Vec<(String, String)>,
    /// Params and last steps of the run that it resumes.
    pub(crate) resumed: Resumed,
    /// Plots to draw.
    pub(crate) plots: Vec<&'static Plot>,
    /// Plots to leave out, and why.
    pub(crate) skipped: Vec<(&'static Plot, String)>,
}

impl Run {
    /// Creates the directory and the journal.
    pub(crate) fn begin(beginning: Beginning) -> Result<Self, Error> {
        let mut dir = beginning.dir;
        let mut resumed = beginning.resumed;
        let journal = loop {
            match dir.create().and_then(|()| Writer::create(&dir)) {
                // Another process or thread received the same directory and created it first.
                Err(why) if why.kind() == std::io::ErrorKind::AlreadyExists => {
                    dir = dir.sibling(&RunUuid::new());
                    resumed = Resumed::default();
                }
                Err(why) => {
                    let journal = dir.journal();
                    let message = format!("could not create the journal `{}`", journal.display());
                    return Err(Error::with_source(message, why));
                }
                Ok(journal) => break journal,
            }
        };
        let shared = Arc::new(Shared::new(dir, journal, resumed));
        shared.dir.beat();
        panics::watch(&shared.journal);
        let user = provenance::user();
        let source = beginning.train.as_ref().map(|train| train.source.clone());
        let figures = beginning
            .plots
            .iter()
            .chain(beginning.skipped.iter().map(|(plot, _)| plot));
        let open = Record::Open(Box::new(Open {
            format: FORMAT,
            run_uuid: shared.dir.uuid().clone(),
            mlplots: env!("CARGO_PKG_VERSION").to_owned(),
            experiment: beginning.experiment,
            run_name: beginning.run_name,
            figures: figures.map(|plot| plot.entry()).collect(),
            pid: std::process::id(),
            host: Host::current(),
            start_time: now_millis(),
            user: user.clone(),
            program: provenance::program(),
            train: beginning.train.clone(),
        }));
        // Without its first record a journal cannot be shipped.
        shared.try_append(&open).map_err(|why| {
            let journal = shared.dir.journal();
            let message = format!("could not begin the journal `{}`", journal.display());
            Error::with_source(message, why)
        })?;
        let run = Self {
            values: Mutex::new(Values::new(&beginning.plots)),
            pool: Pool::new({
                let shared = Arc::clone(&shared);
                move |drawn| shared.take(drawn)
            }),
            plots: beginning.plots,
            ticker: None,
            provenance: None,
            open: true,
            shared,
        };
        let description = beginning
            .train
            .map(|train| train.doc)
            .filter(|doc| !doc.is_empty());
        run.set_tags([
            ("mlflow.user", user),
            (
                "mlflow.source.name",
                source.unwrap_or_else(provenance::program),
            ),
            ("mlflow.source.type", "LOCAL".to_owned()),
            ("mlplots.version", env!("CARGO_PKG_VERSION").to_owned()),
        ]);
        run.set_tags(description.map(|doc| ("mlflow.note.content", doc)));
        run.set_tags(beginning.tags);
        for (plot, why) in beginning.skipped {
            run.shared.figure(undrawn(plot, FigureStatus::Skipped, why));
        }
        Ok(run.start_threads())
    }

    /// Starts the threads that query git, write the heartbeat and sync the journal.
    fn start_threads(mut self) -> Self {
        let shared = Arc::clone(&self.shared);
        let ask_git = move || {
            let tags = git::tags();
            if !tags.is_empty() {
                shared.append(&Record::Tags(tags));
            }
        };
        // If no thread can be started, the run is complete without these tags.
        self.provenance = thread::Builder::new().spawn(ask_git).ok();
        let (ticker, ended) = channel();
        let shared = Arc::clone(&self.shared);
        let give_up_late_plots = self.pool.watchdog();
        let look_after = move || {
            while ended.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
                // The heartbeat is first, since a slow sync must not make the program look dead.
                shared.dir.beat();
                shared.look();
                shared.sync();
                give_up_late_plots();
            }
        };
        // Without this thread the journal is synced at figures and at the end.
        let started = thread::Builder::new().spawn(look_after);
        self.ticker = started.is_ok().then_some(ticker);
        self
    }

    /// Freezes a value: nothing can change it any more, and each plot whose inputs are now complete
    /// is drawn from it on another thread.
    ///
    /// Use [`provide_at`](Self::provide_at) for a value that changes during the training.
    ///
    /// ```no_run
    /// # fn example(run: &mlplots::Run) {
    /// struct Residuals(Vec<f64>);
    ///
    /// let residuals = run.provide(Residuals(vec![0.1, -0.2, 0.05]));
    /// assert_eq!(residuals.0.len(), 3);
    /// # }
    /// ```
    pub fn provide<T: Send + Sync + 'static>(&self, value: T) -> Arc<T> {
        self.freeze(value, None)
    }

    /// Freezes the value of a step, such as an epoch. Plots of this type are drawn for each step;
    /// MLflow's page shows them with a slider over the steps. `#[plot(every = n)]` draws every n-th
    /// step and the last one. The backlog of a plot is at most 16 drawings with their values: if
    /// values are provided faster than they are drawn, the newest replaces the oldest, and the end
    /// of the run reports the number of skipped steps.
    ///
    /// ```no_run
    /// # fn example(run: &mlplots::Run) {
    /// struct Weights(Vec<f32>);
    ///
    /// for epoch in 0..100 {
    ///     run.provide_at(Weights(vec![0.0; 64]), epoch);
    /// }
    /// # }
    /// ```
    pub fn provide_at<T: Send + Sync + 'static>(
        &self,
        value: T,
        step: impl TryInto<i64>,
    ) -> Arc<T> {
        match self.step(step) {
            Some(step) => self.freeze(value, Some(step)),
            None => Arc::new(value),
        }
    }

    fn freeze<T: Send + Sync + 'static>(&self, value: T, step: Option<i64>) -> Arc<T> {
        let value = Arc::new(value);
        if self.shared.is_forked() {
            return value;
        }
        let jobs = self.values().provide(Arc::clone(&value), step);
        match jobs {
            Ok(jobs) => jobs.into_iter().for_each(|job| self.pool.draw(job)),
            Err(problem) => self.shared.problem(problem),
        }
        value
    }

    /// The last step of a metric in the run that this run resumes (`cargo mlplots run --resume`);
    /// `None` if this run resumes none.
    ///
    /// ```no_run
    /// # fn example(run: &mlplots::Run) {
    /// let first = run.last_step("loss").map_or(0, |step| step + 1);
    /// for epoch in first..100 {
    ///     run.log_metric_at("loss", 1.0 / (epoch + 1) as f64, epoch);
    /// }
    /// # }
    /// ```
    pub fn last_step(&self, metric: &str) -> Option<i64> {
        self.shared.steps.get(metric).copied()
    }

    /// The directory of the run's journal, `.mlplots/runs/UUID` below the workspace root.
    ///
    /// ```no_run
    /// # fn example(run: &mlplots::Run) {
    /// println!("journaled in {}", run.dir().display());
    /// # }
    /// ```
    pub fn dir(&self) -> &std::path::Path {
        self.shared.dir.path()
    }

    /// The id of the run in the journal and in the tag `mlplots.run_uuid`: 32 hexadecimal digits.
    /// MLflow assigns its own run id later.
    ///
    /// ```no_run
    /// # fn example(run: &mlplots::Run) {
    /// assert_eq!(run.uuid().len(), 32);
    /// # }
    /// ```
    pub fn uuid(&self) -> String {
        self.shared.dir.uuid().to_string()
    }

    /// Ends the run: waits for the figures, then sets the status. It is FINISHED if each required
    /// figure is logged and the run has no problem, else FAILED.
    ///
    /// # Errors
    /// The run is FAILED; the error says why.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), mlplots::Error> {
    /// let run = mlplots::Run::start("Orchard")?;
    /// run.log_metric("rmse", 51.2);
    /// run.finish()
    /// # }
    /// ```
    pub fn finish(mut self) -> Result<(), Error> {
        self.end(Ok(()))
    }

    /// Ends the run with what the training returned.
    pub(crate) fn end(&mut self, result: Result<(), String>) -> Result<(), Error> {
        self.open = false;
        if self.shared.journal.is_forked() {
            // The threads that draw, and the journal, belong to the other process.
            self.ticker = None;
            return Err(Error::new(
                "this process was forked from the one that began the run",
            ));
        }
        let late = self.values().catch_up();
        for job in late {
            self.pool.draw(job);
        }
        self.pool.wait();
        for (plot, count) in self.pool.passed_over() {
            print(format_args!(
                "note: the figure `{plot}` was not drawn for {count} steps: they were provided \
                 faster than it is drawn; `#[plot(every = n)]` draws every n-th"
            ));
        }
        for plot in &self.plots {
            if self.shared.state().tally.get(plot.name).is_some() {
                continue;
            }
            let missing = self.values().missing(plot).join("`, `");
            let why = match &result {
                Ok(()) => format!("the training ended and had not provided `{missing}`"),
                Err(_) => format!("the training failed before it provided `{missing}`"),
            };
            self.shared.figure(undrawn(plot, FigureStatus::Failed, why));
        }
        let end_time = now_millis();
        // git has its own time limit.
        if let Some(provenance) = self.provenance.take() {
            let _ = provenance.join();
        }
        self.shared.look();
        let mut result = result.and_then(|()| self.shared.check_complete());
        self.close(end_time, &result);
        self.ticker = None;
        self.shared.sync();
        if result.is_ok() {
            // The disk may be full for the last records too.
            result = self.shared.check_complete();
            if result.is_err() {
                self.close(end_time, &result);
            }
        }
        result.map_err(Error::new)
    }

    /// Journals the end of the run; the last such record counts.
    fn close(&self, end_time: i64, result: &Result<(), String>) {
        let status = if result.is_ok() {
            Status::Finished
        } else {
            Status::Failed
        };
        self.shared.append(&Record::Close(Close {
            status,
            end_time,
            reason: result.as_ref().err().cloned(),
        }));
    }

    fn values(&self) -> std::sync::MutexGuard<'_, Values> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A run that is dropped without [`finish`](Run::finish) is FAILED. Its figures may show what went
/// wrong, so dropping waits for them as `finish` does: each is drawn from the values that were
/// provided, or fails at its timeout (`#[plot(timeout = seconds)]`, by default 600 s).
impl Drop for Run {
    fn drop(&mut self) {
        if self.open {
            let dropped = || "the run was dropped before `finish()`".to_owned();
            let _ = self.end(Err(panics::unwinding().unwrap_or_else(dropped)));
        }
    }
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run")
            .field("dir", &self.shared.dir.path())
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// An error if a figure is missing or the run has a problem.
    fn check_complete(&self) -> Result<(), String> {
        let state = self.state();
        let mut reasons: Vec<String> = state
            .tally
            .missing()
            .map(|figure| {
                let why = figure.reason.as_deref().unwrap_or_default();
                format!(
                    "the figure `{}` failed ({}): {why}",
                    figure.name, figure.source
                )
            })
            .collect();
        reasons.extend(state.problems.reported().iter().cloned());
        let further = state.problems.further();
        match reasons.as_slice() {
            [] => Ok(()),
            [only] if further == 0 => Err(only.clone()),
            [first, rest @ ..] => Err(format!("{first}, and {} more", rest.len() as u64 + further)),
        }
    }
}

/// The record of a plot that was not drawn.
fn undrawn(plot: &Plot, status: FigureStatus, reason: String) -> Figure {
    Figure {
        name: plot.name.to_owned(),
        status,
        reason: Some(reason),
        step: None,
        files: Vec::new(),
        millis: 0,
        source: plot.source(),
        optional: plot.optional,
    }
}
