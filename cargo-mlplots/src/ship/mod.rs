//! Ships a journal to MLflow: whatever happens, each record arrives, once.

mod artifacts;
mod claim;
#[cfg(feature = "s3")]
mod cloud;
mod cursor;
mod flow;
pub(crate) mod mlmodel;
mod opening;
pub(crate) mod rest;
mod retry;
pub(crate) mod sqlite;
pub(crate) mod store;
mod tracking;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use mlplots::journal::{Files, RunDir};
use mlplots::record::{Open, Status, Tag};

use crate::ledger::Ledger;
use crate::outcome::Outcome;
use crate::settings::Settings;
pub(crate) use claim::{Claim, is_alive};
pub(crate) use cursor::Cursor;
pub(crate) use flow::{Flow, Progress};
use retry::Backoff;
use store::{Batch, StoreError, StoredRun, TrackingStore, View};

/// Ships one run.
pub(crate) struct Delivery {
    dir: RunDir,
    store: Box<dyn TrackingStore>,
    settings: Settings,
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
            cursor: Mutex::new(cursor),
            flow: Flow::default(),
            progress: Progress::default(),
        })
    }

    /// Goes on with a run that the store has: `MLFLOW_RUN_ID`.
    pub(crate) fn resuming(self, run_id: Option<String>) -> Result<Self, StoreError> {
        if run_id.is_some() {
            let mut cursor = self.cursor();
            cursor.resume = run_id;
            // Whoever ships it later does not have our environment.
            cursor.save(&self.dir)?;
        }
        Ok(self)
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
            let verdict = scope.spawn(|| self.announce(&run, &open));
            // All three go as far as they can, whatever stops another.
            [tracking, artifacts, verdict]
                .map(|lane| lane.join().unwrap_or(Err(Halt::GivenUp(None))))
                .into_iter()
                .collect::<Result<Vec<()>, Halt>>()
        })?;
        self.conclude(&run, &open)
    }

    /// The run in the store, once known.
    pub(crate) fn stored(&self) -> Option<(StoredRun, View)> {
        self.progress.run()
    }

    pub(crate) fn uri(&self) -> &str {
        self.store.uri()
    }

    /// A run that died says so at once; what it left is shipped after.
    fn announce(&self, run: &StoredRun, open: &Open) -> Result<(), Halt> {
        let Some((outcome, _)) = self.flow.wait_for_end() else {
            return Ok(());
        };
        if outcome.status == Status::Finished {
            return Ok(());
        }
        self.end(run, open, &outcome)
    }

    /// Sets the status. A clock that was set back meanwhile does not end a run before it began.
    fn end(&self, run: &StoredRun, open: &Open, outcome: &Outcome) -> Result<(), Halt> {
        let end_time = outcome.end_time.max(open.start_time);
        self.attempt(|| self.store.end_run(&run.id, outcome.status, end_time))
    }

    /// The last words, once everything is there.
    fn conclude(&self, run: &StoredRun, open: &Open) -> Result<(), Halt> {
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
        self.end(run, open, &outcome)?;
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
