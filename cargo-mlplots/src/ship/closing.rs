//! How a delivery ends: the run's status, and what is said of it.

use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use mlplots_journal::Files;
use mlplots_journal::record::{Open, Status, Tag, Tally};

use super::store::check::MAX_TAGS;
use super::store::{Batch, StoreError, StoredRun};
use super::{Delivery, Halt, before};
use crate::ledger::Ledger;
use crate::outcome::Outcome;

/// The tag that tells why a run is not FINISHED.
pub(super) const REASON: &str = "mlplots.reason";

impl Delivery {
    /// A run that died says so at once; what it left is shipped after.
    pub(super) fn announce(&self, run: &StoredRun, open: &Open) -> Result<(), Halt> {
        match self.flow.wait_for_end() {
            Some((outcome, ledger))
                if outcome.status != Status::Finished && !self.is_continued() =>
            {
                self.end(run, open, &outcome)?;
                self.tag(run, &last_tags(&outcome, &ledger, &self.tally(&ledger)))
            }
            _ => Ok(()),
        }
    }

    /// A run that is over is not RUNNING, and one that is not whole is not FINISHED: until the rest
    /// is there, it is FAILED. One try; where it does not help, nothing else would.
    pub(super) fn admit(&self, run: &StoredRun, open: Option<&Open>, halt: &Halt) {
        let Some((outcome, _)) = self.flow.wait_for_end() else {
            return;
        };
        let _verdict = self.verdict();
        if self.cursor().complete || self.is_continued() {
            return;
        }
        let missing = match halt {
            Halt::Refused(error) | Halt::GivenUp(Some(error)) => error.to_string(),
            Halt::GivenUp(None) => "there was no time for it".to_owned(),
        };
        let (status, reason) = match outcome.status {
            Status::Finished => (
                Status::Failed,
                format!("not everything is shipped: {missing}"),
            ),
            status => (status, outcome.reason.clone().unwrap_or_default()),
        };
        // Noted first: of a call whose answer is lost nobody knows whether it was obeyed.
        let _ = self.advance(|cursor| cursor.admitted = true);
        let _ = self
            .store
            .set_status(&run.id, status, Some(end_time(open, &outcome)))
            .and_then(|()| {
                let reason = tags(vec![tag(REASON, &reason)]);
                self.store.log_batch(&run.id, &reason)
            });
    }

    /// Admits it of a run that this delivery did not get to; returns why it did not.
    pub(super) fn admit_known(&self, open: Option<&Open>, halt: Halt) -> Halt {
        // Of a training that goes on nothing is missing yet.
        if self.flow.wait_for_end().is_none() {
            return halt;
        }
        let id = self.cursor().run.as_ref().map(|run| run.id.clone());
        // A journal that does not say which run it is goes on with none.
        let resumed = || open.and_then(|_| self.resumed_id().ok().flatten());
        let id = id.or_else(resumed);
        if let Some(Ok(known)) = id.map(|id| self.store.run(&id))
            && self.is_ours(&known)
        {
            self.admit(&known.run, open, &halt);
        }
        halt
    }

    fn end(&self, run: &StoredRun, open: &Open, outcome: &Outcome) -> Result<(), Halt> {
        let end_time = end_time(Some(open), outcome);
        self.attempt(|| {
            self.store
                .set_status(&run.id, outcome.status, Some(end_time))
        })
    }

    fn tag(&self, run: &StoredRun, last: &[Tag]) -> Result<(), Halt> {
        last.chunks(MAX_TAGS).try_for_each(|last| {
            let batch = tags(last.to_vec());
            self.attempt(|| self.store.log_batch(&run.id, &batch))
        })
    }

    /// The last words, once everything is there.
    pub(super) fn conclude(&self, run: &StoredRun, open: &Open) -> Result<(), Halt> {
        let Some((outcome, ledger)) = self.flow.wait_for_end() else {
            return Ok(());
        };
        self.link_metrics(run, &ledger)?;
        if self.is_continued() {
            self.advance(|cursor| cursor.complete = true)?;
        } else {
            self.tell(run, &outcome, &ledger)?;
            let _verdict = self.verdict();
            self.end(run, open, &outcome)?;
            self.advance(|cursor| cursor.complete = true)?;
        }
        // The store has them all: the copies have done their work.
        let _ = std::fs::remove_dir_all(self.dir.artifacts());
        Ok(())
    }

    /// How the run went: its figures, its last tags.
    fn tell(&self, run: &StoredRun, outcome: &Outcome, ledger: &Ledger) -> Result<(), Halt> {
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
        let mut words = last_tags(outcome, ledger, &tally);
        if self.cursor().admitted && outcome.reason.is_none() {
            words.push(tag(REASON, "everything was shipped later"));
        }
        self.tag(run, &words)?;
        self.outlast(run, &ledger.renewed().collect::<Vec<_>>())
    }

    /// Whoever says how the run ended holds this until it is noted: a late FINISHED and "not
    /// everything is shipped" must not cross.
    fn verdict(&self) -> MutexGuard<'_, ()> {
        self.verdict.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the figures of the whole run stand, those of the journals before this one too.
    fn tally(&self, ledger: &Ledger) -> Tally {
        let mut whole = Tally::default();
        let cursor = self.cursor().clone();
        // What cannot be read of a journal stops its own delivery.
        let before: Vec<_> = before(&self.dir, &cursor).map_while(Result::ok).collect();
        for (dir, _) in before.iter().rev() {
            whole.resume(&Ledger::read(dir).unwrap_or_default().tally);
        }
        whole.resume(&ledger.tally);
        whole
    }

    /// Tells tags that were set again once more: a call that was given up may have been obeyed late,
    /// after a newer one, or may be yet.
    fn outlast(&self, run: &StoredRun, renewed: &[Tag]) -> Result<(), Halt> {
        let rest = self.doubt().rest();
        let rest = rest.or(self.taken_over.then_some(Duration::ZERO));
        let Some(rest) = rest.filter(|_| !renewed.is_empty()) else {
            return Ok(());
        };
        self.tag(run, renewed)?;
        self.flow.pause(rest);
        let known = self.attempt(|| self.store.run(&run.id))?;
        let stale = |tag: &&Tag| !known.tags.contains(tag);
        let stale: Vec<_> = renewed.iter().filter(stale).cloned().collect();
        self.tag(run, &stale)
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

/// A clock that was set back meanwhile does not end a run before it began.
fn end_time(open: Option<&Open>, outcome: &Outcome) -> i64 {
    let start_time = open.map_or(i64::MIN, |open| open.start_time);
    outcome.end_time.max(start_time)
}

/// How the run went, as tags.
fn last_tags(outcome: &Outcome, ledger: &Ledger, tally: &Tally) -> Vec<Tag> {
    let mut tags = vec![tag("mlplots.figures", &tally.summary())];
    tags.extend(outcome.reason.as_deref().map(|reason| tag(REASON, reason)));
    if !ledger.problems.is_empty() {
        tags.push(tag("mlplots.problems", &ledger.problems.join("\n")));
    }
    tags
}

/// MLflow cuts longer tags and says nothing; PostgreSQL takes no NUL.
fn shortened(text: &str) -> String {
    let text = text.replace('\0', "\u{FFFD}");
    let most = mlplots_journal::names::MAX_TAG_VALUE;
    if text.chars().count() <= most {
        return text;
    }
    text.chars().take(most - 1).chain(['…']).collect()
}
