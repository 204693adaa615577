//! The durable progress of a delivery: the offsets up to which the store has acknowledged the
//! journal.

use mlplots_journal::record::RunUuid;
use mlplots_journal::{RunDir, disk};
use serde::{Deserialize, Serialize};

use super::store::{SavedRun, StoreError};
use super::unreadable;

/// The acknowledged part of a journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Cursor {
    /// The tracking URI, without credentials.
    pub(crate) tracking_uri: Option<String>,
    pub(crate) experiment: Option<String>,
    /// The id of the run in the store that this journal resumes.
    pub(crate) resume: Option<String>,
    /// The uuid of the previous journal of the run.
    pub(crate) continues: Option<RunUuid>,
    /// The status and reason with which the run ended before it was resumed.
    pub(crate) before: Option<String>,
    /// A request to create the run was sent; its response may be lost.
    pub(crate) asked: bool,
    /// The run in the store.
    pub(crate) run: Option<SavedRun>,
    /// Metrics, params and tags before this offset of the journal are in the store.
    pub(crate) tracking: u64,
    /// Artifacts before this offset of the journal are in the store.
    pub(crate) artifacts: u64,
    /// The run was marked as incomplete in the store.
    #[serde(alias = "admitted")]
    pub(crate) marked_incomplete: bool,
    /// Everything is in the store, and the run has its final status.
    pub(crate) complete: bool,
}

impl Cursor {
    /// Loads the cursor, or the default for a run that was never shipped.
    pub(crate) fn load(dir: &RunDir) -> Result<Self, StoreError> {
        let path = path(dir);
        let unreadable = |why: &dyn std::fmt::Display| {
            StoreError::refused(format!("`{}` cannot be read: {why}", path.display()))
        };
        let Some(bytes) = disk::read(&path).map_err(|why| unreadable(&why))? else {
            return Ok(Self::default());
        };
        let mut cursor: Self = serde_json::from_slice(&bytes).map_err(|why| {
            unreadable(&why).help("remove that file: `cargo mlplots sync` then finds the run by the uuid of this journal")
        })?;
        cursor.continues.take_if(|before| before == dir.uuid());
        cursor.reset_if_impossible(dir);
        Ok(cursor)
    }

    /// Links the journals that resume this one to its predecessor, before this one is deleted.
    /// Returns whether there are any.
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

    /// Reopens a journal that was shipped, because the final status of its run must be set again.
    pub(crate) fn reopen(dir: &RunDir) -> Result<(), StoreError> {
        let mut cursor = Self::load(dir)?;
        if !cursor.complete {
            return Ok(());
        }
        // This run's status replaces the one that the other journal set.
        (cursor.complete, cursor.marked_incomplete) = (false, true);
        // The list of figures is written to this directory again.
        dir.create().map_err(|why| unreadable(dir, &why))?;
        cursor.save(dir)
    }

    /// Resets an impossible cursor. Without a run, the store has no data, and an offset beyond the
    /// journal's end comes from a power failure or from another writer. Sending records again is
    /// idempotent.
    fn reset_if_impossible(&mut self, dir: &RunDir) {
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
            .map_err(|why| StoreError::refused(format!("cannot write `{}`: {why}", path.display())))
    }
}

fn path(dir: &RunDir) -> std::path::PathBuf {
    dir.path().join("cursor.json")
}
