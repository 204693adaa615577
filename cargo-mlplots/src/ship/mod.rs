//! Ships journals to MLflow. Retries after failures store each record exactly once.

mod artifacts;
mod claim;
mod closing;
#[cfg(feature = "cloud")]
mod cloud;
mod connect;
mod cursor;
mod flow;
mod making;
pub(crate) mod mlmodel;
mod models;
mod opening;
mod place;
mod python;
mod reason;
pub(crate) mod rest;
mod resuming;
mod retry;
pub(crate) mod sqlite;
pub(crate) mod store;
mod tracking;

use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use mlplots_journal::RunDir;

use crate::failure::{Failure, failure};
use crate::settings::Settings;
pub(crate) use claim::{Beat, Claim, Life, SILENCE, has_writer, life};
pub(crate) use connect::open_existing;
pub(crate) use cursor::Cursor;
pub(crate) use flow::{Flow, Progress};
use making::LateCall;
pub(crate) use place::belongs_to_store;
pub(crate) use resuming::{Resumption, before};
use retry::Backoff;
pub(crate) use sqlite::quote;
use store::{ErrorKind, StoreError, StoredRun, TrackingStore, View};

/// Maximum number of attempts of a call that fails while other calls succeed.
const ATTEMPTS: u32 = 6;
/// Grace period of a call after the deadline: it cannot be cancelled.
pub(crate) const LAST_CALL: Duration = Duration::from_secs(2);

/// The delivery of one run.
pub(crate) struct Delivery {
    dir: RunDir,
    store: Box<dyn TrackingStore>,
    settings: Settings,
    cursor: Mutex<Cursor>,
    /// An earlier delivery has started, and may have been killed during a call.
    taken_over: bool,
    late_call: Mutex<LateCall>,
    /// Locked while the final status is set.
    final_status: Mutex<()>,
    pub(crate) flow: Flow,
    pub(crate) progress: Progress,
}

/// A delivery on its own thread.
pub(crate) struct Shipping(Receiver<Result<(), Halt>>);

impl Shipping {
    /// Waits for the result. Returns `None` after `maximum`.
    pub(crate) fn wait(&self, maximum: Duration) -> Option<Result<(), Halt>> {
        match self.0.recv_timeout(maximum) {
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Err(Halt::GivenUp(None))),
            Ok(shipped) => Some(shipped),
        }
    }
}

/// Why a delivery is incomplete.
#[derive(Clone, Debug)]
pub(crate) enum Halt {
    /// The deadline passed. Contains the last error, if there was one.
    GivenUp(Option<StoreError>),
    /// The store rejects a call, and a retry would not help.
    Refused(StoreError),
}

impl Halt {
    /// The error for the user.
    pub(crate) fn failure(&self) -> Failure {
        let (what, error) = match self {
            Self::GivenUp(Some(error)) => ("not everything could be shipped in time", error),
            Self::Refused(error) => ("not everything could be shipped", error),
            Self::GivenUp(None) => return failure("shipping was interrupted"),
        };
        Failure {
            message: format!("{what}: {error}"),
            ..Failure::from(error.clone())
        }
    }
}

impl Delivery {
    pub(crate) fn new(dir: RunDir, settings: Settings) -> Result<Self, StoreError> {
        let mut cursor = Cursor::load(&dir)?;
        let store = match cursor.run {
            Some(_) => connect::open_existing(&settings)?,
            None => connect::open(&settings)?,
        };
        cursor.tracking_uri = Some(store.uri().to_owned());
        cursor.save(&dir)?;
        Ok(Self {
            dir,
            store,
            settings,
            taken_over: cursor.run.is_some(),
            cursor: Mutex::new(cursor),
            late_call: Mutex::default(),
            final_status: Mutex::default(),
            flow: Flow::default(),
            progress: Progress::default(),
        })
    }

    /// Follows the journal on its own thread until `flow` ends, and calls `ended` then.
    pub(crate) fn start(self: &Arc<Self>, ended: impl FnOnce() + Send + 'static) -> Shipping {
        python::start_search();
        let delivery = Arc::clone(self);
        let (result, shipped) = channel();
        let work = move || {
            let shipped = panic::catch_unwind(AssertUnwindSafe(|| delivery.deliver()));
            // The receiver may be gone.
            let _ = result.send(shipped.unwrap_or(Err(Halt::GivenUp(None))));
            ended();
        };
        // Without a thread nothing is shipped, and the receiver disconnects at once.
        let _ = thread::Builder::new().spawn(work);
        Shipping(shipped)
    }

    /// Ships the whole journal.
    pub(crate) fn deliver(&self) -> Result<(), Halt> {
        self.deliver_after(|| self.earlier())
    }

    /// Ships the whole journal after `earlier`, which ships the earlier journals of the run.
    fn deliver_after(&self, earlier: impl FnOnce() -> Result<(), Halt>) -> Result<(), Halt> {
        let open = match self.opening() {
            Ok(Some(open)) => open,
            Ok(None) if self.cursor().run.is_none() => return Ok(()),
            Ok(None) => {
                // The record existed when the run was created. A power failure may have lost it.
                let why = std::io::Error::other("it has no complete record");
                return Err(self.mark_incomplete_if_known(None, self.unreadable(&why)));
            }
            Err(halt) => return Err(self.mark_incomplete_if_known(None, halt)),
        };
        let earlier = earlier();
        let run = match (self.run(&open), &earlier) {
            (Ok(run), _) => run,
            (Err(_), Err(halt)) => {
                return Err(self.mark_incomplete_if_known(Some(&open), halt.clone()));
            }
            (Err(halt), Ok(())) => return Err(self.mark_incomplete_if_known(Some(&open), halt)),
        };
        self.progress.found(&run, self.store.view(&run));
        // Each lane continues as far as it can, even if another one stops.
        let [tracking, artifacts, status] = thread::scope(|scope| {
            let tracking = scope.spawn(|| self.track(&run));
            let artifacts = scope.spawn(|| self.upload(&run));
            let status = scope.spawn(|| self.set_unfinished_status(&run, &open));
            [tracking, artifacts, status]
                .map(|lane| lane.join().unwrap_or(Err(Halt::GivenUp(None))))
        });
        let result = earlier.and(tracking).and(artifacts).and(status);
        let result = result.and_then(|()| self.complete(&run, &open));
        if let Err(halt) = &result {
            self.mark_incomplete(&run, Some(&open), halt);
        }
        result
    }

    /// Gives up after the deadline while a call still runs, since it cannot be cancelled. Marks the
    /// run as incomplete.
    pub(crate) fn give_up(self: &Arc<Self>) -> Halt {
        let halt = Halt::GivenUp(self.progress.failing());
        let delivery = Arc::clone(self);
        let (done, marked) = channel();
        let because = halt.clone();
        let mark = move || {
            let open = opening::first(&delivery.dir, true).ok().flatten();
            match delivery.stored() {
                Some((run, _)) => delivery.mark_incomplete(&run, open.as_deref(), &because),
                None => drop(delivery.mark_incomplete_if_known(open.as_deref(), because)),
            }
            let _ = done.send(());
        };
        if thread::Builder::new().spawn(mark).is_ok() {
            let _ = marked.recv_timeout(LAST_CALL);
        }
        halt
    }

    /// The run in the store, once it is known.
    pub(crate) fn stored(&self) -> Option<(StoredRun, View)> {
        self.progress.run()
    }

    pub(crate) fn uri(&self) -> &str {
        self.store.uri()
    }

    /// Retries a call until it succeeds, the store rejects it, or the deadline passes. A call that
    /// fails repeatedly while another one succeeds counts as rejected: its content is the cause.
    fn attempt<T>(&self, call: impl Fn() -> Result<T, StoreError>) -> Result<T, Halt> {
        self.attempt_up_to(ATTEMPTS, call)
    }

    fn attempt_up_to<T>(
        &self,
        attempts: u32,
        call: impl Fn() -> Result<T, StoreError>,
    ) -> Result<T, Halt> {
        let mut backoff = Backoff::default();
        let mut failures = 0;
        if !self.flow.pause(Duration::ZERO) {
            return Err(Halt::GivenUp(self.progress.failing()));
        }
        loop {
            let error = match call() {
                Ok(value) => {
                    self.progress.succeeded();
                    self.late_call().responded();
                    return Ok(value);
                }
                Err(error) => error,
            };
            self.progress.failed(&error);
            let ErrorKind::Retry(after) = error.kind else {
                return Err(Halt::Refused(error));
            };
            if error.is_failure_of_item() {
                failures += 1;
                if failures >= attempts && self.accepts_other_calls() {
                    return Err(Halt::Refused(error));
                }
            }
            self.late_call().abandoned();
            if !self.flow.pause(backoff.next(after, fastrand::f64())) {
                return Err(Halt::GivenUp(Some(error)));
            }
        }
    }

    /// Whether a call without content succeeds.
    fn accepts_other_calls(&self) -> bool {
        let run = self.cursor().run.clone();
        run.is_some_and(|run| self.store.run(&run.id).is_ok())
    }

    fn late_call(&self) -> MutexGuard<'_, LateCall> {
        self.late_call
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn cursor(&self) -> MutexGuard<'_, Cursor> {
        self.cursor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the cursor and saves it.
    fn advance(&self, change: impl FnOnce(&mut Cursor)) -> Result<(), Halt> {
        let mut cursor = self.cursor();
        change(&mut cursor);
        cursor.save(&self.dir).map_err(Halt::Refused)
    }

    fn unreadable(&self, why: &std::io::Error) -> Halt {
        Halt::Refused(unreadable(&self.dir, why))
    }
}

fn unreadable(dir: &RunDir, why: &std::io::Error) -> StoreError {
    let journal = dir.path().display();
    StoreError::refused(format!("the journal in `{journal}` cannot be used: {why}"))
}
