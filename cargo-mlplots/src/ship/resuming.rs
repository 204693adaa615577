//! A run that goes on: one journal holds what it had before, another what it gets now.

use super::closing::{REASON, tag, tags};
use super::store::{ExperimentChoice, KnownRun, StoreError, StoredRun};
use super::{Claim, Cursor, Delivery, Halt, unreadable};
use crate::outcome::Outcome;
use crate::resume::Resumption;
use std::collections::HashSet;

use mlplots::journal::RunDir;
use mlplots::record::Status;

/// How a reason begins that tells of the end before.
const RESUMED: &str = "resumed after ";

/// The journals that a run has before this one, newest first, as far as they are here. A journal
/// that names itself, or one twice, ends the list.
pub(crate) fn before(dir: &RunDir) -> Vec<RunDir> {
    let mut found: Vec<RunDir> = Vec::new();
    let mut known = HashSet::from([dir.uuid().clone()]);
    let mut next = Cursor::load(dir).continues;
    while let Some(uuid) = next.filter(|uuid| known.insert(uuid.clone())) {
        let before = dir.sibling(&uuid);
        if !before.has_journal().unwrap_or(false) {
            break;
        }
        next = Cursor::load(&before).continues;
        found.push(before);
    }
    found
}

impl Delivery {
    /// Goes on with a run. Whoever ships the journal later finds that in the cursor.
    pub(crate) fn resuming(self, resumption: Option<&Resumption>) -> Result<Self, StoreError> {
        if let Some(resumption) = resumption {
            let mut cursor = self.cursor();
            cursor.resume.clone_from(&resumption.run_id);
            cursor.continues.clone_from(&resumption.continues);
            cursor.before.clone_from(&resumption.before);
            cursor.save(&self.dir)?;
        }
        Ok(self)
    }

    /// Ships what the run had before, if that is not shipped yet.
    pub(super) fn earlier(&self) -> Result<(), Halt> {
        let before = before(&self.dir);
        let unshipped = before
            .into_iter()
            .take_while(|dir| !Cursor::load(dir).complete);
        for dir in unshipped.collect::<Vec<_>>().into_iter().rev() {
            let _claim = Claim::take(&dir).map_err(|why| unreadable(&dir, &why))?;
            let (outcome, ledger) =
                Outcome::and_ledger(&dir).map_err(|why| unreadable(&dir, &why))?;
            let mut delivery = Self::new(dir, self.settings.clone()).map_err(Halt::Refused)?;
            delivery.flow = self.flow.past(outcome, ledger);
            delivery.deliver_after(|| Ok(()))?;
        }
        Ok(())
    }

    /// The run that this journal goes on with, RUNNING again.
    pub(super) fn resumed(&self) -> Result<Option<StoredRun>, Halt> {
        let Some(id) = self.resumed_id() else {
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

    fn resumed_id(&self) -> Option<String> {
        let cursor = self.cursor();
        cursor.resume.clone().or_else(|| {
            let before = self.dir.sibling(cursor.continues.as_ref()?);
            Some(Cursor::load(&before).run?.id)
        })
    }

    /// What is said of a run that has ended before.
    fn ended_before(&self, known: &KnownRun) -> Option<String> {
        if let Some(before) = &self.cursor().before {
            return Some(format!("{RESUMED}{before}"));
        }
        let reason = known.tags.iter().find(|tag| tag.key == REASON);
        match reason.map(|tag| &*tag.value) {
            // Said already, by a delivery that was broken off.
            Some(reason) if reason.starts_with(RESUMED) => None,
            Some(reason) => Some(format!("{RESUMED}{}: {reason}", known.status)),
            None if known.status == Status::Running.as_str() => None,
            None => Some(format!("{RESUMED}{}", known.status)),
        }
    }

    /// Whether a later journal goes on with the run: how it ended is that one's to tell.
    pub(super) fn is_continued(&self) -> bool {
        let uuid = self.dir.uuid();
        let later = self.dir.later().unwrap_or_default();
        later
            .iter()
            .any(|dir| dir.journal().exists() && Cursor::load(dir).continues.as_ref() == Some(uuid))
    }
}
