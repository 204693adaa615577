//! Sets the status of a run that ended, and its last tags.

use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use mlplots_journal::Files;
use mlplots_journal::record::{Open, Status, Tag, Tally};

use super::store::check::MAX_TAGS;
use super::store::{Batch, StoreError, StoredRun};
use super::{Delivery, Halt, before};
use crate::ledger::Ledger;
use crate::outcome::Outcome;

/// The tag with the reason why a run is not FINISHED.
pub(super) const REASON: &str = "mlplots.reason";

impl Delivery {
    /// Sets the status of a run that did not finish successfully immediately, before the backlog is
    /// shipped.
    pub(super) fn set_unfinished_status(&self, run: &StoredRun, open: &Open) -> Result<(), Halt> {
        match self.flow.wait_for_end() {
            Some((outcome, ledger))
                if outcome.status != Status::Finished && !self.is_continued() =>
            {
                self.set_final_status(run, open, &outcome)?;
                self.set_tags(run, &last_tags(&outcome, &ledger, &self.tally(&ledger)))
            }
            _ => Ok(()),
        }
    }

    /// Sets the status of a run that ended and is not shipped completely: FAILED instead of
    /// FINISHED until the rest is shipped. Does not retry, since the deadline has passed.
    pub(super) fn mark_incomplete(&self, run: &StoredRun, open: Option<&Open>, halt: &Halt) {
        let Some((outcome, _)) = self.flow.wait_for_end() else {
            return;
        };
        let _lock = self.lock_final_status();
        if self.cursor().complete || self.is_continued() {
            return;
        }
        let missing = match halt {
            Halt::Refused(error) | Halt::GivenUp(Some(error)) => error.to_string(),
            Halt::GivenUp(None) => "the deadline passed".to_owned(),
        };
        let (status, reason) = match outcome.status {
            Status::Finished => (
                Status::Failed,
                format!("not everything is shipped: {missing}"),
            ),
            status => (status, outcome.reason.clone().unwrap_or_default()),
        };
        // Saved before the call, since the call may succeed and its response may be lost.
        let _ = self.advance(|cursor| cursor.marked_incomplete = true);
        let _ = self
            .store
            .set_status(&run.id, status, Some(end_time(open, &outcome)))
            .and_then(|()| {
                let reason = tags(vec![tag(REASON, &reason)]);
                self.store.log_batch(&run.id, &reason)
            });
    }

    /// Marks a run that this delivery did not reach as incomplete, if the store has it. Returns
    /// `halt`.
    pub(super) fn mark_incomplete_if_known(&self, open: Option<&Open>, halt: Halt) -> Halt {
        // Without an outcome there is no status to set.
        if self.flow.wait_for_end().is_none() {
            return halt;
        }
        let id = self.cursor().run.as_ref().map(|run| run.id.clone());
        // A journal without its first record resumes no run.
        let resumed = || open.and_then(|_| self.resumed_id().ok().flatten());
        let id = id.or_else(resumed);
        if let Some(Ok(known)) = id.map(|id| self.store.run(&id))
            && self.is_ours(&known)
        {
            self.mark_incomplete(&known.run, open, &halt);
        }
        halt
    }

    fn set_final_status(
        &self,
        run: &StoredRun,
        open: &Open,
        outcome: &Outcome,
    ) -> Result<(), Halt> {
        let end_time = end_time(Some(open), outcome);
        self.attempt(|| {
            self.store
                .set_status(&run.id, outcome.status, Some(end_time))
        })
    }

    fn set_tags(&self, run: &StoredRun, last: &[Tag]) -> Result<(), Halt> {
        last.chunks(MAX_TAGS).try_for_each(|last| {
            let batch = tags(last.to_vec());
            self.attempt(|| self.store.log_batch(&run.id, &batch))
        })
    }

    /// Logs the results and sets the final status, once everything is shipped.
    pub(super) fn complete(&self, run: &StoredRun, open: &Open) -> Result<(), Halt> {
        let Some((outcome, ledger)) = self.flow.wait_for_end() else {
            return Ok(());
        };
        self.link_metrics(run, &ledger)?;
        if self.is_continued() {
            self.advance(|cursor| cursor.complete = true)?;
        } else {
            self.log_results(run, &outcome, &ledger)?;
            let _lock = self.lock_final_status();
            self.set_final_status(run, open, &outcome)?;
            self.advance(|cursor| cursor.complete = true)?;
        }
        // The store has all artifacts, so the local copies are no longer needed.
        let _ = std::fs::remove_dir_all(self.dir.artifacts());
        Ok(())
    }

    /// Logs the list of figures and the last tags.
    fn log_results(&self, run: &StoredRun, outcome: &Outcome, ledger: &Ledger) -> Result<(), Halt> {
        let tally = self.tally(ledger);
        let list = serde_json::json!({
            "run_uuid": self.dir.uuid(),
            "figures": tally.figures().collect::<Vec<_>>(),
        });
        let path = "mlplots/figures.json".parse();
        let path = path.map_err(|why: String| Halt::Refused(StoreError::refused(why)))?;
        let stored = Files::of(self.dir.clone())
            .add_bytes(path, format!("{list:#}").as_bytes())
            .map_err(|why| self.unreadable(&why))?;
        self.put(run, &stored)?;
        let mut tags = last_tags(outcome, ledger, &tally);
        if self.cursor().marked_incomplete && outcome.reason.is_none() {
            tags.push(tag(REASON, "everything was shipped later"));
        }
        self.set_tags(run, &tags)?;
        self.repeat_replaced_tags(run, &ledger.renewed().collect::<Vec<_>>())
    }

    /// Locks the final status until it is set and saved: a thread that sets FINISHED late and one
    /// that marks the run as incomplete must not interleave.
    fn lock_final_status(&self) -> MutexGuard<'_, ()> {
        self.final_status
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The figures of the run, including those of its earlier journals.
    fn tally(&self, ledger: &Ledger) -> Tally {
        let mut tally = Tally::default();
        let cursor = self.cursor().clone();
        // The delivery of an unreadable journal reports the error.
        let before: Vec<_> = before(&self.dir, &cursor).map_while(Result::ok).collect();
        for (dir, _) in before.iter().rev() {
            tally.resume(&Ledger::read(dir).unwrap_or_default().tally);
        }
        tally.resume(&ledger.tally);
        tally
    }

    /// Sets tags with replaced values again: the store may execute a call that timed out after a
    /// newer call, and restore the old value.
    fn repeat_replaced_tags(&self, run: &StoredRun, renewed: &[Tag]) -> Result<(), Halt> {
        let delay = self.late_call().remaining();
        let delay = delay.or(self.taken_over.then_some(Duration::ZERO));
        let Some(delay) = delay.filter(|_| !renewed.is_empty()) else {
            return Ok(());
        };
        self.set_tags(run, renewed)?;
        self.flow.pause(delay);
        let known = self.attempt(|| self.store.run(&run.id))?;
        let stale = |tag: &&Tag| !known.tags.contains(tag);
        let stale: Vec<_> = renewed.iter().filter(stale).cloned().collect();
        self.set_tags(run, &stale)
    }
}

pub(super) fn tags(tags: Vec<Tag>) -> Batch {
    Batch {
        tags,
        ..Batch::default()
    }
}

pub(super) fn tag(key: &str, value: &str) -> Tag {
    Tag {
        key: key.to_owned(),
        value: shortened(value),
    }
}

/// The end time of the run, and at least its start time: the clock may have been set back.
fn end_time(open: Option<&Open>, outcome: &Outcome) -> i64 {
    let start_time = open.map_or(i64::MIN, |open| open.start_time);
    outcome.end_time.max(start_time)
}

/// The last tags of a run.
fn last_tags(outcome: &Outcome, ledger: &Ledger, tally: &Tally) -> Vec<Tag> {
    let mut tags = vec![tag("mlplots.figures", &tally.summary())];
    tags.extend(outcome.reason.as_deref().map(|reason| tag(REASON, reason)));
    if !ledger.problems.is_empty() {
        tags.push(tag("mlplots.problems", &ledger.problems.join("\n")));
    }
    tags
}

/// Shortens a tag value with a mark, since MLflow truncates long values silently, and replaces NUL,
/// which PostgreSQL rejects.
fn shortened(text: &str) -> String {
    let text = text.replace('\0', "\u{FFFD}");
    let maximum = mlplots_journal::names::MAX_TAG_VALUE;
    if text.chars().count() <= maximum {
        return text;
    }
    text.chars().take(maximum - 1).chain(['…']).collect()
}
