//! Ships runs that have several journals, because they were resumed.

use std::collections::HashSet;
use std::{io, iter};

use mlplots_journal::RunDir;
use mlplots_journal::record::{RunUuid, Status};

use super::closing::{REASON, tag, tags};
use super::store::{ExperimentChoice, KnownRun, StoreError, StoredRun};
use super::{Claim, Cursor, Delivery, Halt, opening, unreadable};
use crate::outcome::Outcome;

/// The prefix of a reason that reports how the run ended before.
const RESUMED: &str = "resumed after ";

/// Which run a new journal resumes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resumption {
    /// MLflow's run id, if it is known.
    pub(crate) run_id: Option<String>,
    /// The last journal of the run, if it is in this workspace.
    pub(crate) continues: Option<RunUuid>,
    /// The status and reason with which the run ended before.
    pub(crate) before: Option<String>,
}

/// The earlier journals of a run in this workspace, newest first. The list ends at an unreadable
/// journal, and at one that is already in it.
pub(crate) fn before(
    dir: &RunDir,
    cursor: &Cursor,
) -> impl Iterator<Item = Result<(RunDir, Cursor), StoreError>> {
    let mut known = HashSet::from([dir.uuid().clone()]);
    let mut next = cursor.continues.clone();
    let dir = dir.clone();
    iter::from_fn(move || {
        let uuid = next.take().filter(|uuid| known.insert(uuid.clone()))?;
        let before = dir.sibling(&uuid);
        match before.has_journal() {
            Ok(false) => return None,
            Ok(true) => {}
            Err(why) => return Some(Err(unreadable(&before, &why))),
        }
        let cursor = Cursor::load(&before);
        if let Ok(cursor) = &cursor {
            next.clone_from(&cursor.continues);
        }
        Some(cursor.map(|cursor| (before, cursor)))
    })
}

impl Delivery {
    /// Saves in the cursor which run this journal resumes.
    pub(crate) fn resuming(self, resumption: Option<Resumption>) -> Result<Self, StoreError> {
        if let Some(resumption) = resumption {
            let mut cursor = self.cursor();
            cursor.resume = resumption.run_id;
            cursor.continues = resumption.continues;
            cursor.before = resumption.before;
            cursor.save(&self.dir)?;
        }
        Ok(self)
    }

    /// Ships the unshipped earlier journals of the run.
    pub(super) fn earlier(&self) -> Result<(), Halt> {
        let mut unshipped = Vec::new();
        let cursor = self.cursor().clone();
        for before in before(&self.dir, &cursor) {
            let (dir, cursor) = before.map_err(Halt::Refused)?;
            if cursor.complete {
                break;
            }
            unshipped.push(dir);
        }
        for dir in unshipped.into_iter().rev() {
            let unreadable = |why: io::Error| Halt::Refused(unreadable(&dir, &why));
            let _claim = Claim::take(&dir).map_err(unreadable)?;
            let (outcome, ledger) = Outcome::and_ledger(&dir).map_err(unreadable)?;
            let mut delivery = Self::new(dir, self.settings.clone()).map_err(Halt::Refused)?;
            delivery.flow = self.flow.past(outcome, ledger);
            delivery.deliver_after(|| Ok(()))?;
        }
        Ok(())
    }

    /// Finds the run that this journal resumes, and sets its status to RUNNING.
    pub(super) fn resumed(&self) -> Result<Option<StoredRun>, Halt> {
        let Some(id) = self.resumed_id().map_err(Halt::Refused)? else {
            return Ok(None);
        };
        let known = self.attempt(|| self.store.run(&id))?;
        let id = ExperimentChoice::Id(known.run.experiment_id.clone());
        let experiment = self.attempt(|| self.store.experiment(&id))?;
        let run = &known.run;
        if let Some(text) = self.ended_before(&known) {
            let reason = tags(vec![tag(REASON, &text)]);
            self.attempt(|| self.store.log_batch(&run.id, &reason))?;
        }
        self.attempt(|| self.store.set_status(&run.id, Status::Running, None))?;
        self.advance(|cursor| {
            cursor.run = Some(run.saved());
            cursor.experiment = Some(experiment.name);
        })?;
        Ok(Some(known.run))
    }

    pub(super) fn resumed_id(&self) -> Result<Option<String>, StoreError> {
        let cursor = self.cursor();
        match (&cursor.resume, &cursor.continues) {
            (None, Some(before)) => {
                let before = Cursor::load(&self.dir.sibling(before))?;
                Ok(before.run.map(|run| run.id))
            }
            (resume, _) => Ok(resume.clone()),
        }
    }

    /// The reason that reports how the run ended before.
    fn ended_before(&self, known: &KnownRun) -> Option<String> {
        if let Some(before) = &self.cursor().before {
            return Some(format!("{RESUMED}{before}"));
        }
        let reason = known.tags.iter().find(|tag| tag.key == REASON);
        match reason.map(|tag| &*tag.value) {
            // An interrupted delivery has set it already.
            Some(reason) if reason.starts_with(RESUMED) => None,
            Some(reason) => Some(format!("{RESUMED}{}: {reason}", known.status)),
            None if known.status == Status::Running.as_str() => None,
            None => Some(format!("{RESUMED}{}", known.status)),
        }
    }

    /// Whether a later journal that can be shipped resumes the run: that journal then sets the
    /// final status.
    pub(super) fn is_continued(&self) -> bool {
        let uuid = self.dir.uuid();
        let later = self.dir.later().unwrap_or_default();
        let names_us = |dir: &&RunDir| {
            Cursor::load(dir).is_ok_and(|cursor| cursor.continues.as_ref() == Some(uuid))
        };
        let mut later = later.iter().filter(names_us).peekable();
        if later.peek().is_none() {
            return false;
        }
        // Damaged cursors may name each other.
        let cursor = self.cursor().clone();
        let before: HashSet<_> = before(&self.dir, &cursor)
            .map_while(Result::ok)
            .map(|(dir, _)| dir.uuid().clone())
            .collect();
        later
            .filter(|dir| !before.contains(dir.uuid()))
            .any(|dir| opening::first(dir, false).is_ok_and(|open| open.is_some()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_of_thousands_of_journals_ends() {
        const JOURNALS: u32 = 3_000;
        let folder = tempfile::tempdir().expect("a directory");
        let dir = |number: u32| {
            let uuid = format!("0198{:028x}", number % JOURNALS);
            RunDir::new(folder.path(), &uuid.parse().expect("a uuid"))
        };
        for number in 0..JOURNALS {
            let (here, before) = (dir(number), dir(number + JOURNALS - 1));
            here.create().expect("the run's directory");
            std::fs::write(here.journal(), "").expect("a journal");
            let cursor = format!("{{\"continues\":\"{}\"}}", before.uuid());
            std::fs::write(here.path().join("cursor.json"), cursor).expect("a cursor");
        }
        let last = dir(JOURNALS - 1);
        let cursor = Cursor::load(&last).expect("a cursor");
        let found: Result<Vec<_>, _> = before(&last, &cursor).collect();
        let found = found.expect("readable journals");
        assert_eq!(found.len() as u32, JOURNALS - 1, "each journal occurs once");
        assert_eq!(found[0].0.uuid(), dir(JOURNALS - 2).uuid());
    }
}
