//! The lane that ships artifacts, figures and models, with parallel uploads.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use mlplots_journal::record::{Artifact, Record};
use mlplots_journal::{Entry, Reader};

use super::models::Before;
use super::store::{Root, Scope, Source, StoreError, StoredRun};
use super::{Delivery, Halt};

/// Number of parallel uploads.
const PARALLEL: usize = 4;
/// Number of files between two saves of the cursor.
const WINDOW: usize = 64;

impl Delivery {
    /// Ships artifacts and models until the end of the journal. A rejected file does not block
    /// later ones, but the cursor does not advance past it.
    pub(super) fn upload(&self, run: &StoredRun) -> Result<(), Halt> {
        let from = self.cursor().artifacts;
        let mut reader =
            Reader::open(&self.dir.journal(), from).map_err(|why| self.unreadable(&why))?;
        let mut before =
            Before::read(&self.dir.journal(), from).map_err(|why| self.unreadable(&why))?;
        let mut refused = None;
        let mut failing: Vec<Artifact> = Vec::new();
        loop {
            let ended = self.flow.ended();
            if ended {
                reader.over();
            }
            let mut files: Vec<Artifact> = Vec::new();
            let mut models = Vec::new();
            while files.len() < WINDOW {
                let record = match reader.next_entry().map_err(|why| self.unreadable(&why))? {
                    Some(Entry::Record(record)) => record,
                    Some(Entry::Damaged { .. }) => continue,
                    None => break,
                };
                before.add(&record);
                match record {
                    Record::Artifact(artifact) => files.push(artifact),
                    Record::Figure(figure) => files.extend(figure.files),
                    Record::Model(model) => models.push((*model, before.clone())),
                    _ => {}
                }
            }
            let full = files.len() >= WINDOW;
            keep_newest(&mut files);
            drop_replaced(&mut failing, &files);
            if ended && !full {
                // Retries once: the cause may be gone.
                files.splice(0..0, std::mem::take(&mut failing));
            }
            for (file, error) in self.put_each(run.root(), &files)? {
                if error.is_failure_of_item() && (!ended || full) {
                    failing.push(file);
                } else {
                    refused.get_or_insert(error);
                }
            }
            for (model, before) in &models {
                match self.ship_model(run, model, before) {
                    Err(Halt::Refused(error)) => drop(refused.get_or_insert(error)),
                    shipped => shipped?,
                }
            }
            if refused.is_none() && failing.is_empty() && reader.offset() > self.cursor().artifacts
            {
                let upto = reader.offset();
                // An error is harmless: a later save succeeds, or the files are uploaded again,
                // which is idempotent.
                let _ = self.advance(|cursor| cursor.artifacts = upto);
            }
            if full {
                continue;
            }
            if ended {
                return refused.map_or(Ok(()), |error| Err(Halt::Refused(error)));
            }
            self.flow.wait_for_records(Duration::from_millis(10));
        }
    }

    /// Uploads one file of the run.
    pub(super) fn put(&self, run: &StoredRun, artifact: &Artifact) -> Result<(), Halt> {
        self.put_below(run.root(), std::slice::from_ref(artifact))
    }

    /// Uploads files below an artifact root. Returns an error if the store rejects a file.
    pub(super) fn put_below(&self, root: Root<'_>, files: &[Artifact]) -> Result<(), Halt> {
        match self.put_each(root, files)?.into_iter().next() {
            Some((_, error)) => Err(Halt::Refused(error)),
            None => Ok(()),
        }
    }

    /// Uploads files below an artifact root in parallel. Returns the rejected files with the
    /// reasons.
    fn put_each(
        &self,
        root: Root<'_>,
        files: &[Artifact],
    ) -> Result<Vec<(Artifact, StoreError)>, Halt> {
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let store = self.attempt(|| self.store.artifacts(root))?;
        let queue = Mutex::new(files.iter());
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        let lane = || {
            let mut refused = Vec::new();
            while let Some(file) = next() {
                match self.attempt(|| store.put(&Source::open(&self.dir, file)?)) {
                    Ok(()) => self.progress.shipped(0, 1),
                    Err(Halt::Refused(error)) if error.scope == Scope::Item => {
                        refused.push((file.clone(), error));
                    }
                    Err(halt) => return Err(halt),
                }
            }
            Ok(refused)
        };
        let put: Vec<Result<_, Halt>> = thread::scope(|scope| {
            let lanes = (0..PARALLEL.min(files.len())).map(|_| scope.spawn(lane));
            let lanes: Vec<_> = lanes.collect();
            lanes
                .into_iter()
                .map(|lane| lane.join().unwrap_or(Err(Halt::GivenUp(None))))
                .collect()
        });
        let mut refused = Vec::new();
        for put in put {
            refused.extend(put?);
        }
        Ok(refused)
    }
}

/// Keeps the last file of each path. Parallel uploads of two files with the same path could finish
/// in either order.
fn keep_newest(files: &mut Vec<Artifact>) {
    let mut known = HashSet::new();
    files.reverse();
    files.retain(|file| known.insert(file.path.clone()));
    files.reverse();
}

/// Drops failed files that a later file with the same path replaces.
fn drop_replaced(failing: &mut Vec<Artifact>, later: &[Artifact]) {
    if !failing.is_empty() {
        let later: HashSet<_> = later.iter().map(|file| &file.path).collect();
        failing.retain(|file| !later.contains(&file.path));
    }
}

#[cfg(test)]
mod tests {
    use mlplots_journal::record::Digest;

    use super::*;

    fn artifact(path: &str, content: &str) -> Artifact {
        Artifact {
            path: path.parse().expect("a valid path"),
            sha256: Digest::of(content.as_bytes()),
            bytes: content.len() as u64,
        }
    }

    #[test]
    fn the_last_file_of_a_path_replaces_earlier_ones() {
        let (old, new, other) = (
            artifact("a.txt", "old"),
            artifact("a.txt", "new"),
            artifact("b.txt", "old"),
        );
        let mut files = [&old, &other, &new].map(Clone::clone).to_vec();
        keep_newest(&mut files);
        assert_eq!(files, [other.clone(), new]);
        let mut failing = vec![old, other];
        drop_replaced(&mut failing, &files[1..]);
        assert_eq!(failing, [files[0].clone()]);
    }
}
