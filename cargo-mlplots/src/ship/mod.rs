//! Ships a journal to MLflow: whatever happens, each record arrives, once.

mod artifacts;
mod claim;
mod cursor;
mod flow;
pub(crate) mod mlmodel;
pub(crate) mod rest;
mod retry;
pub(crate) mod sqlite;
pub(crate) mod store;
mod tracking;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use mlplots::journal::{Entry, Files, Reader, RunDir};
use mlplots::record::{Open, Record, Status, Tag};

use crate::ledger::Ledger;
use crate::outcome::Outcome;
use crate::settings::Settings;
pub(crate) use claim::{Claim, is_alive};
pub(crate) use cursor::Cursor;
pub(crate) use flow::{Flow, Progress};
use retry::Backoff;
use store::{
    Batch, Experiment, ExperimentChoice, NewRun, StoreError, StoredRun, TrackingStore, View,
};

/// Ships one run.
pub(crate) struct Delivery {
    dir: RunDir,
    store: Box<dyn TrackingStore>,
    settings: Settings,
    /// Go on with this run of the store instead of making one.
    resume: Option<String>,
    cursor: Mutex<Cursor>,
    pub(crate) flow: Flow,
    pub(crate) progress: Progress,
}

/// Why a delivery is not whole.
#[derive(Clone, Debug)]
pub(crate) enum Halt {
    /// The time was over; this was the last error, if there was one.
    GivenUp(Option<StoreError>),
    /// The store refuses, and would again.
    Refused(StoreError),
}

impl Delivery {
    pub(crate) fn new(dir: RunDir, settings: Settings) -> Result<Self, StoreError> {
        let store = settings.open()?;
        let mut cursor = Cursor::load(&dir);
        cursor.tracking_uri = Some(store.uri().to_owned());
        cursor.save(&dir)?;
        Ok(Self {
            dir,
            store,
            settings,
            resume: None,
            cursor: Mutex::new(cursor),
            flow: Flow::default(),
            progress: Progress::default(),
        })
    }

    /// Goes on with a run that the store has: `MLFLOW_RUN_ID`.
    pub(crate) fn resuming(mut self, run_id: Option<String>) -> Self {
        self.resume = run_id;
        self
    }

    /// Follows the journal on a thread of its own until `flow` ends.
    pub(crate) fn start(self: &Arc<Self>) -> thread::JoinHandle<Result<(), Halt>> {
        let delivery = Arc::clone(self);
        thread::spawn(move || delivery.deliver())
    }

    /// Ships everything up to the journal's end.
    pub(crate) fn deliver(&self) -> Result<(), Halt> {
        let Some(open) = self.opening()? else {
            return Ok(());
        };
        let run = self.run(&open)?;
        self.progress.found(&run, self.store.view(&run));
        thread::scope(|scope| {
            let tracking = scope.spawn(|| self.track(&run));
            let artifacts = scope.spawn(|| self.upload(&run));
            let verdict = scope.spawn(|| self.announce(&run));
            // All three go as far as they can, whatever stops another.
            [tracking, artifacts, verdict]
                .map(|lane| lane.join().unwrap_or(Err(Halt::GivenUp(None))))
                .into_iter()
                .collect::<Result<Vec<()>, Halt>>()
        })?;
        self.conclude(&run)
    }

    /// The run in the store, once known.
    pub(crate) fn stored(&self) -> Option<(StoredRun, View)> {
        self.progress.run()
    }

    pub(crate) fn uri(&self) -> &str {
        self.store.uri()
    }

    /// Waits for the journal's first record. None: the program ended without a run.
    fn opening(&self) -> Result<Option<Box<Open>>, Halt> {
        loop {
            let ended = self.flow.ended();
            if let Ok(mut reader) = Reader::open(&self.dir.journal(), 0) {
                match reader.next_entry().map_err(|why| self.unreadable(&why))? {
                    Some(Entry::Record(Record::Open(open))) => return Ok(Some(open)),
                    None => {}
                    Some(_) => {
                        let journal = self.dir.journal();
                        return Err(Halt::Refused(StoreError::refused(format!(
                            "the journal `{}` does not say which run it is",
                            journal.display()
                        ))));
                    }
                }
            }
            if ended {
                return Ok(None);
            }
            self.flow.rest(Duration::from_millis(20));
        }
    }

    /// Finds the run of an earlier delivery, or makes it.
    fn run(&self, open: &Open) -> Result<StoredRun, Halt> {
        if let Some(run) = self.cursor().run.clone() {
            return Ok(run);
        }
        let experiment = self.attempt(|| self.experiment(open))?;
        let uuid = Tag {
            key: "mlplots.run_uuid".to_owned(),
            value: open.run_uuid.clone(),
        };
        let mut tags = self.settings.run_context.clone();
        tags.push(uuid);
        let run = self.attempt(|| {
            if let Some(id) = &self.resume {
                return self.store.run(id);
            }
            match self.store.find_run(&experiment.id, &open.run_uuid)? {
                Some(run) => Ok(run),
                None => self.store.create_run(&NewRun {
                    experiment_id: &experiment.id,
                    name: open.run_name.as_deref(),
                    user: &open.user,
                    start_time: open.start_time,
                    tags: &tags,
                }),
            }
        })?;
        self.advance(|cursor| {
            cursor.run = Some(run.clone());
            cursor.experiment = Some(experiment.name);
        })?;
        Ok(run)
    }

    /// What the run names; else what the environment names; else MLflow's own default.
    fn experiment(&self, open: &Open) -> Result<Experiment, StoreError> {
        if let Some(name) = &open.experiment {
            return self.store.experiment(&ExperimentChoice::Name(name.clone()));
        }
        match self.settings.experiment(&*self.store)? {
            Some(experiment) => Ok(experiment),
            None => self.store.experiment(&ExperimentChoice::Id("0".to_owned())),
        }
    }

    /// A run that died says so at once; what it left is shipped after.
    fn announce(&self, run: &StoredRun) -> Result<(), Halt> {
        let Some((outcome, _)) = self.flow.wait_for_end() else {
            return Ok(());
        };
        if outcome.status == Status::Finished {
            return Ok(());
        }
        self.attempt(|| {
            self.store
                .end_run(&run.id, outcome.status, outcome.end_time)
        })
    }

    /// The last words, once everything is there.
    fn conclude(&self, run: &StoredRun) -> Result<(), Halt> {
        let Some((outcome, ledger)) = self.flow.wait_for_end() else {
            return Ok(());
        };
        let list = serde_json::json!({
            "run_uuid": self.dir.uuid(),
            "figures": ledger.tally.figures().collect::<Vec<_>>(),
        });
        let stored = Files::of(self.dir.clone())
            .add_bytes("mlplots/figures.json", format!("{list:#}").as_bytes())
            .map_err(|why| self.unreadable(&why))?;
        self.put(run, &stored)?;
        self.link_metrics(run, &ledger)?;
        let batch = Batch {
            tags: last_tags(&outcome, &ledger),
            ..Batch::default()
        };
        self.attempt(|| self.store.log_batch(&run.id, &batch))?;
        self.attempt(|| {
            self.store
                .end_run(&run.id, outcome.status, outcome.end_time)
        })?;
        self.advance(|cursor| cursor.complete = true)?;
        // The store has them all: the copies have done their work.
        let _ = std::fs::remove_dir_all(self.dir.artifacts());
        Ok(())
    }

    /// Tries until it works, the store refuses, or the time is over.
    fn attempt<T>(&self, call: impl Fn() -> Result<T, StoreError>) -> Result<T, Halt> {
        let mut backoff = Backoff::default();
        loop {
            let error = match call() {
                Ok(value) => {
                    self.progress.answered();
                    return Ok(value);
                }
                Err(error) => error,
            };
            let store::ErrorKind::Retry(after) = error.kind else {
                self.progress.failed(&error);
                return Err(Halt::Refused(error));
            };
            self.progress.failed(&error);
            if !self.flow.pause(backoff.next(after)) {
                return Err(Halt::GivenUp(Some(error)));
            }
        }
    }

    fn cursor(&self) -> std::sync::MutexGuard<'_, Cursor> {
        self.cursor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the cursor on, durably.
    fn advance(&self, change: impl FnOnce(&mut Cursor)) -> Result<(), Halt> {
        let mut cursor = self.cursor();
        change(&mut cursor);
        cursor.save(&self.dir).map_err(Halt::Refused)
    }

    fn unreadable(&self, why: &std::io::Error) -> Halt {
        let journal = self.dir.path().display();
        Halt::Refused(StoreError::refused(format!(
            "the journal in `{journal}` cannot be used: {why}"
        )))
    }
}

/// How the run went, as tags.
fn last_tags(outcome: &Outcome, ledger: &Ledger) -> Vec<Tag> {
    let tag = |key: &str, value: String| Tag {
        key: key.to_owned(),
        value: shortened(value),
    };
    let mut tags = vec![tag("mlplots.figures", ledger.tally.summary())];
    tags.extend(
        outcome
            .reason
            .clone()
            .map(|reason| tag("mlplots.reason", reason)),
    );
    if !ledger.problems.is_empty() {
        tags.push(tag("mlplots.problems", ledger.problems.join("\n")));
    }
    tags
}

/// MLflow cuts longer tags and says nothing.
fn shortened(text: String) -> String {
    let most = mlplots::record::MAX_TAG_VALUE;
    if text.chars().count() <= most {
        return text;
    }
    text.chars().take(most - 1).chain(['…']).collect()
}
