//! The state that a delivery shares with its supervisor: the end of the journal, the deadline, and
//! the progress.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::store::{StoreError, StoredRun, View};
use crate::ledger::Ledger;
use crate::outcome::Outcome;

/// Signals the end of the journal, and the deadline of the delivery.
#[derive(Default)]
pub(crate) struct Flow {
    shared: Arc<Shared>,
    /// The end of an earlier journal, which is already complete.
    past: Option<End>,
}

type End = (Outcome, Ledger);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    ended: bool,
    end: Option<End>,
    deadline: Option<Instant>,
}

impl Flow {
    /// Signals that the journal is complete. The delivery continues until `deadline`.
    pub(crate) fn end(&self, outcome: Outcome, ledger: Ledger, deadline: Instant) {
        let mut state = self.lock();
        state.ended = true;
        state.end = Some((outcome, ledger));
        state.deadline = Some(deadline);
        drop(state);
        self.shared.changed.notify_all();
    }

    /// The flow of an earlier journal, which is already complete, with the same deadline.
    pub(super) fn past(&self, outcome: Outcome, ledger: Ledger) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            past: Some((outcome, ledger)),
        }
    }

    /// Stops the delivery immediately, because there is no run or no time left.
    pub(crate) fn abandon(&self) {
        let mut state = self.lock();
        state.ended = true;
        state.deadline = Some(Instant::now());
        drop(state);
        self.shared.changed.notify_all();
    }

    /// Whether the journal is complete.
    pub(super) fn ended(&self) -> bool {
        self.past.is_some() || self.lock().ended
    }

    /// Waits for the outcome. Returns `None` if the delivery was abandoned.
    pub(super) fn wait_for_end(&self) -> Option<End> {
        if self.past.is_some() {
            return self.past.clone();
        }
        let state = self.lock();
        let state = self.shared.changed.wait_while(state, |state| !state.ended);
        state.unwrap_or_else(PoisonError::into_inner).end.clone()
    }

    /// Waits before more records are read. Returns early when the journal ends.
    pub(super) fn wait_for_records(&self, maximum: Duration) {
        let state = self.lock();
        drop(
            self.shared
                .changed
                .wait_timeout_while(state, maximum, |state| !state.ended),
        );
    }

    /// Waits before a retry. Returns false after the deadline. Returns early when the training
    /// ends.
    pub(super) fn pause(&self, duration: Duration) -> bool {
        let mut state = self.lock();
        let until = Instant::now() + duration;
        let was_ended = state.ended;
        loop {
            let now = Instant::now();
            if state.deadline.is_some_and(|deadline| deadline <= now) {
                return false;
            }
            if now >= until || state.ended != was_ended {
                return true;
            }
            let next = state.deadline.map_or(until, |deadline| deadline.min(until));
            let waited = self.shared.changed.wait_timeout(state, next - now);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.shared.state)
    }
}

/// The progress of a delivery, which the supervisor displays.
#[derive(Default)]
pub(crate) struct Progress {
    /// Acknowledged metric points.
    pub(crate) points: AtomicU64,
    /// Acknowledged files.
    pub(crate) files: AtomicU64,
    run: Mutex<Option<(StoredRun, View)>>,
    failing: Mutex<Option<StoreError>>,
}

impl Progress {
    pub(super) fn found(&self, run: &StoredRun, view: View) {
        *lock(&self.run) = Some((run.clone(), view));
    }

    pub(super) fn run(&self) -> Option<(StoredRun, View)> {
        lock(&self.run).clone()
    }

    pub(super) fn shipped(&self, points: usize, files: usize) {
        self.points.fetch_add(points as u64, Ordering::Relaxed);
        self.files.fetch_add(files as u64, Ordering::Relaxed);
    }

    pub(super) fn succeeded(&self) {
        lock(&self.failing).take();
    }

    pub(super) fn failed(&self, error: &StoreError) {
        *lock(&self.failing) = Some(error.clone());
    }

    /// The last error, unless a call has succeeded since.
    pub(crate) fn failing(&self) -> Option<StoreError> {
        lock(&self.failing).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
