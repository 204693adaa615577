//! Ships a journal to MLflow: whatever happens, each record arrives, once.

mod artifacts;
mod claim;
mod closing;
#[cfg(feature = "cloud")]
mod cloud;
mod cursor;
mod flow;
mod making;
pub(crate) mod mlmodel;
mod models;
mod opening;
mod place;
mod reason;
pub(crate) mod rest;
mod resuming;
mod retry;
pub(crate) mod sqlite;
pub(crate) mod store;
mod tracking;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use mlplots::journal::RunDir;

use crate::settings::Settings;
pub(crate) use claim::{Claim, Life, life};
pub(crate) use cursor::Cursor;
pub(crate) use flow::{Flow, Progress};
use making::Doubt;
pub(crate) use place::goes_there;
use retry::Backoff;
pub(crate) use sqlite::quote;
use store::{Concern, StoreError, StoredRun, TrackingStore, View};

/// Ships one run.
pub(crate) struct Delivery {
    dir: RunDir,
    store: Box<dyn TrackingStore>,
    settings: Settings,
    cursor: Mutex<Cursor>,
    /// An earlier delivery has begun with the run, and may have been killed in the middle of a call.
    taken_over: bool,
    doubt: Mutex<Doubt>,
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
        let mut cursor = Cursor::load(&dir);
        let store = match cursor.run {
            Some(_) => settings.open_existing()?,
            None => settings.open()?,
        };
        cursor.tracking_uri = Some(store.uri().to_owned());
        cursor.save(&dir)?;
        Ok(Self {
            dir,
            store,
            settings,
            taken_over: cursor.run.is_some(),
            cursor: Mutex::new(cursor),
            doubt: Mutex::default(),
            flow: Flow::default(),
            progress: Progress::default(),
        })
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
        let earlier = self.earlier();
        let run = match (self.run(&open), &earlier) {
            (Err(_), Err(halt)) => return Err(halt.clone()),
            (run, _) => run?,
        };
        self.progress.found(&run, self.store.view(&run));
        // All three go as far as they can, whatever stops another.
        let [tracking, artifacts, verdict] = thread::scope(|scope| {
            let tracking = scope.spawn(|| self.track(&run));
            let artifacts = scope.spawn(|| self.upload(&run));
            let verdict = scope.spawn(|| self.announce(&run, &open));
            [tracking, artifacts, verdict]
                .map(|lane| lane.join().unwrap_or(Err(Halt::GivenUp(None))))
        });
        let is_reachable = match &tracking {
            // The store answers, and fails at one thing of this run.
            Err(Halt::GivenUp(Some(error))) => error.concerns < Concern::Store,
            Err(Halt::GivenUp(None)) => false,
            Ok(()) | Err(Halt::Refused(_)) => true,
        };
        let whole = earlier.and(tracking).and(artifacts).and(verdict);
        let whole = whole.and_then(|()| self.conclude(&run, &open));
        if let Err(halt) = &whole
            && is_reachable
        {
            self.admit(&run, &open, halt);
        }
        whole
    }

    /// The run in the store, once known.
    pub(crate) fn stored(&self) -> Option<(StoredRun, View)> {
        self.progress.run()
    }

    pub(crate) fn uri(&self) -> &str {
        self.store.uri()
    }

    /// Tries until it works, the store refuses, or the time is over.
    fn attempt<T>(&self, call: impl Fn() -> Result<T, StoreError>) -> Result<T, Halt> {
        let mut backoff = Backoff::default();
        loop {
            let error = match call() {
                Ok(value) => {
                    self.progress.answered();
                    self.doubt().answered();
                    return Ok(value);
                }
                Err(error) => error,
            };
            let store::ErrorKind::Retry(after) = error.kind else {
                self.progress.failed(&error);
                return Err(Halt::Refused(error));
            };
            self.progress.failed(&error);
            self.doubt().given_up();
            if !self.flow.pause(backoff.next(after, fastrand::f64())) {
                return Err(Halt::GivenUp(Some(error)));
            }
        }
    }

    fn doubt(&self) -> MutexGuard<'_, Doubt> {
        self.doubt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cursor(&self) -> MutexGuard<'_, Cursor> {
        self.cursor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the cursor on, durably.
    fn advance(&self, change: impl FnOnce(&mut Cursor)) -> Result<(), Halt> {
        let mut cursor = self.cursor();
        change(&mut cursor);
        cursor.save(&self.dir).map_err(Halt::Refused)
    }

    fn unreadable(&self, why: &std::io::Error) -> Halt {
        unreadable(&self.dir, why)
    }
}

fn unreadable(dir: &RunDir, why: &std::io::Error) -> Halt {
    let journal = dir.path().display();
    Halt::Refused(StoreError::refused(format!(
        "the journal in `{journal}` cannot be used: {why}"
    )))
}
