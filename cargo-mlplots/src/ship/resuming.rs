//! Ships runs that have several journals, because they were resumed.

use std::collections::HashSet;
use std::{io, iter};

use mlplots_journal::RunDir;
use mlplots_journal::record::{RunUuid, Status};

use super::closing::{REASON, tag, tags};
use super::store::{ExperimentChoice, KnownRun, StoreError, StoredRun};
use super::{Claim, Cursor, Delivery, Halt, opening, unreadable};
use crate::outcome::Outcome;

/// The beginning of a reason that describes the previous end of the run.
const RESUMED: &str = "resumed after ";

/// Which run a new journal resumes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resumption {
    /// The run's id in MLflow, if it is known.
    pub(crate) run_id: Option<String>,
    /// The last journal of the run, if it is in this workspace.
    pub(crate) continues: Option<RunUuid>,
    /// The status and reason with which the run ended before.
    pub(crate) before: Option<String>,
}

/// The earlier journals of a run, newest first, as far as they are in this workspace. A journal that
/// is named twice ends the list, as does an unreadable one.
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
    /// Makes this the delivery of a run that is resumed, and saves that in the cursor.
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

    /// Ships the earlier journals of the run that are not shipped yet.
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

    /// The run that this journal resumes, RUNNING again.
    pub(super) fn resumed(&self) -> Result<Option<StoredRun>, Halt> {
        let Some(id) = self.resumed_id().map_err(Halt::Refused)? else {
            return Ok(None);
        };
        let known = self.attempt(|| self.store.run(&id))?;
        let id = ExperimentChoice::Id(known.run.experiment_id.clone());
        let experiment = self.attempt(|| self.store.experiment(&id))?;
        let run = &known.run;
        if let Some(words) = self.ended_before(&known) {
            let reason = tags(vec![tag(REASON, &words)]);
            self.attempt(|| self.store.log_batch(&run.id, &reason))?;
        }
        self.attempt(|| self.store.set_status(&run.id, Status::Running, None))?;
        self.advance(|cursor| {
            cursor.run = Some(run.kept());
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

    /// The reason that describes the previous end of the run.
    fn ended_before(&self, known: &KnownRun) -> Option<String> {
        if let Some(before) = &self.cursor().before {
            return Some(format!("{RESUMED}{before}"));
        }
        let reason = known.tags.iter().find(|tag| tag.key == REASON);
        match reason.map(|tag| &*tag.value) {
            // Set already, by a delivery that was interrupted.
            Some(reason) if reason.starts_with(RESUMED) => None,
            Some(reason) => Some(format!("{RESUMED}{}: {reason}", known.status)),
            None if known.status == Status::Running.as_str() => None,
            None => Some(format!("{RESUMED}{}", known.status)),
        }
    }

    /// Whether a later journal resumes the run: that one then sets the final status, unless it cannot
    /// be shipped.
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
        // Journals may name each other.
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
    fn a_run_may_go_on_thousands_of_times_and_after_itself() {
        const JOURNALS: u32 = 3_000;
        let folder = tempfile::tempdir().expect("a folder");
        let dir = |number: u32| {
            let uuid = format!("0198{:028x}", number % JOURNALS);
            RunDir::new(folder.path(), &uuid.parse().expect("a uuid"))
        };
        for number in 0..JOURNALS {
            let (here, before) = (dir(number), dir(number + JOURNALS - 1));
            here.create().expect("the run's folder");
            std::fs::write(here.journal(), "").expect("a journal");
            let cursor = format!("{{\"continues\":\"{}\"}}", before.uuid());
            std::fs::write(here.path().join("cursor.json"), cursor).expect("a cursor");
        }
        let last = dir(JOURNALS - 1);
        let cursor = Cursor::load(&last).expect("a cursor");
        let found: Result<Vec<_>, _> = before(&last, &cursor).collect();
        let found = found.expect("all can be read");
        assert_eq!(found.len() as u32, JOURNALS - 1, "each once");
        assert_eq!(found[0].0.uuid(), dir(JOURNALS - 2).uuid());
    }
}
