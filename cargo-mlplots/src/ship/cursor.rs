//! How far a run's delivery has come: on disk before anything is taken as acknowledged.

use mlplots_journal::record::RunUuid;
use mlplots_journal::{RunDir, disk};
use serde::{Deserialize, Serialize};

use super::store::{KeptRun, StoreError};
use super::unreadable;

/// The acknowledged part of a journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Cursor {
    /// Where the run goes, without credentials.
    pub(crate) tracking_uri: Option<String>,
    /// Name of the experiment that the run is in.
    pub(crate) experiment: Option<String>,
    /// The run of the store to go on with, instead of making one.
    pub(crate) resume: Option<String>,
    /// The journal that holds what the run had before, by its uuid.
    pub(crate) continues: Option<RunUuid>,
    /// How the run had ended before.
    pub(crate) before: Option<String>,
    /// A run may have been asked for whose answer never came.
    pub(crate) asked: bool,
    /// The run in the store.
    pub(crate) run: Option<KeptRun>,
    /// Metrics, params and tags before this byte of the journal are in the store.
    pub(crate) tracking: u64,
    /// Artifacts before this byte of the journal are in the store.
    pub(crate) artifacts: u64,
    /// The store was told that something is missing.
    pub(crate) admitted: bool,
    /// Everything is, and the run has its status.
    pub(crate) complete: bool,
}

impl Cursor {
    /// Reads it; a run that was never shipped has the first one.
    pub(crate) fn load(dir: &RunDir) -> Result<Self, StoreError> {
        let path = path(dir);
        let unreadable = |why: &dyn std::fmt::Display| {
            StoreError::refused(format!("`{}` cannot be read: {why}", path.display()))
        };
        let Some(bytes) = disk::read(&path).map_err(|why| unreadable(&why))? else {
            return Ok(Self::default());
        };
        let mut cursor: Self = serde_json::from_slice(&bytes).map_err(|why| {
            unreadable(&why).help("remove that file: the run is looked for by its own id then")
        })?;
        cursor.continues.take_if(|before| before == dir.uuid());
        cursor.doubt(dir);
        Ok(cursor)
    }

    /// Has the journals that go on with this one go on with what it goes on with, before it is
    /// deleted; returns whether there is one.
    pub(crate) fn relink(dir: &RunDir, cursor: &Self) -> Result<bool, StoreError> {
        let mut found = false;
        for later in dir.later().map_err(|why| unreadable(dir, &why))? {
            let Ok(mut next) = Self::load(&later) else {
                continue;
            };
            if next.continues.as_ref() == Some(dir.uuid()) {
                found = true;
                next.continues.clone_from(&cursor.continues);
                next.save(&later)?;
            }
        }
        Ok(found)
    }

    /// Lets a journal that was shipped be looked at again, as how its run ended is still to be told.
    pub(crate) fn reopen(dir: &RunDir) -> Result<(), StoreError> {
        let mut cursor = Self::load(dir)?;
        if !cursor.complete {
            return Ok(());
        }
        // Of what the other journal did to the run nothing may be left.
        (cursor.complete, cursor.admitted) = (false, true);
        // The last words need a place again.
        dir.create().map_err(|why| unreadable(dir, &why))?;
        cursor.save(dir)
    }

    /// Takes back what cannot be: a run that nobody made has nothing in the store, and what is behind
    /// the journal's end was written after a power cut, or by somebody else. Sent again, records
    /// leave the same.
    fn doubt(&mut self, dir: &RunDir) {
        if self.run.is_none() {
            (self.tracking, self.artifacts, self.complete) = (0, 0, false);
            return;
        }
        let Ok(journal) = dir.journal().symlink_metadata() else {
            return;
        };
        for offset in [&mut self.tracking, &mut self.artifacts] {
            if *offset > journal.len() {
                *offset = 0;
            }
        }
    }

    pub(super) fn save(&self, dir: &RunDir) -> Result<(), StoreError> {
        let path = path(dir);
        let bytes = serde_json::to_vec(self).map_err(std::io::Error::from);
        bytes
            .and_then(|bytes| disk::replace(&path, &bytes))
            .map_err(|why| {
                StoreError::refused(format!("could not write `{}`: {why}", path.display()))
            })
    }
}

fn path(dir: &RunDir) -> std::path::PathBuf {
    dir.path().join("cursor.json")
}
