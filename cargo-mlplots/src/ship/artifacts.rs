//! The other lane: artifacts and figures, uploaded in parallel, and models.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use mlplots::journal::{Entry, Reader};
use mlplots::record::{Artifact, Record};

use super::store::{Root, Source, StoredRun};
use super::{Delivery, Halt};

/// Uploads at a time.
const PARALLEL: usize = 4;
/// Files between two moves of the cursor.
const WINDOW: usize = 64;

impl Delivery {
    /// Ships artifacts and models until the journal's end. What the store refuses does not keep
    /// back the rest, but the cursor stays before it.
    pub(super) fn upload(&self, run: &StoredRun) -> Result<(), Halt> {
        let from = self.cursor().artifacts;
        let mut reader =
            Reader::open(&self.dir.journal(), from).map_err(|why| self.unreadable(&why))?;
        let mut refused = None;
        loop {
            let ended = self.flow.ended();
            if ended {
                reader.over();
            }
            let mut files: Vec<Artifact> = Vec::new();
            let mut models = Vec::new();
            while files.len() < WINDOW {
                match reader.next_entry().map_err(|why| self.unreadable(&why))? {
                    Some(Entry::Record(Record::Artifact(artifact))) => add(&mut files, artifact),
                    Some(Entry::Record(Record::Figure(figure))) => {
                        figure
                            .files
                            .into_iter()
                            .for_each(|file| add(&mut files, file));
                    }
                    Some(Entry::Record(Record::Model(model))) => models.push(*model),
                    Some(_) => {}
                    None => break,
                }
            }
            let full = files.len() >= WINDOW;
            let sent = self.put_all(run, &files).and_then(|()| {
                models
                    .iter()
                    .try_for_each(|model| self.ship_model(run, model))
            });
            match sent {
                Ok(()) => {}
                Err(Halt::Refused(error)) => {
                    refused.get_or_insert(error);
                }
                Err(halt) => return Err(halt),
            }
            if refused.is_none() && reader.offset() > self.cursor().artifacts {
                let upto = reader.offset();
                // What cannot be noted now is noted at the end, or sent again to the same result.
                let _ = self.advance(|cursor| cursor.artifacts = upto);
            }
            if full {
                continue;
            }
            if ended {
                return refused.map_or(Ok(()), |error| Err(Halt::Refused(error)));
            }
            self.flow.rest(Duration::from_millis(100));
        }
    }

    /// Uploads one file of the run.
    pub(super) fn put(&self, run: &StoredRun, artifact: &Artifact) -> Result<(), Halt> {
        self.put_below(run.root(), std::slice::from_ref(artifact))
    }

    fn put_all(&self, run: &StoredRun, files: &[Artifact]) -> Result<(), Halt> {
        self.put_below(run.root(), files)
    }

    /// Uploads files below an artifact root, some at a time; tries each, and tells the first
    /// refusal.
    pub(super) fn put_below(&self, root: Root<'_>, files: &[Artifact]) -> Result<(), Halt> {
        if files.is_empty() {
            return Ok(());
        }
        let store = self.attempt(|| self.store.artifacts(root))?;
        let queue = Mutex::new(files.iter());
        let halted = Mutex::new(None);
        thread::scope(|scope| {
            for _ in 0..PARALLEL.min(files.len()) {
                scope.spawn(|| {
                    loop {
                        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                        let Some(file) = next else { return };
                        let put = || store.put(&Source::open(&self.dir, file)?);
                        match self.attempt(put) {
                            Ok(()) => self.progress.shipped(0, 1),
                            Err(halt) => {
                                let over = matches!(halt, Halt::GivenUp(_));
                                halted
                                    .lock()
                                    .unwrap_or_else(PoisonError::into_inner)
                                    .get_or_insert(halt);
                                if over {
                                    return;
                                }
                            }
                        }
                    }
                });
            }
        });
        halted
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
            .map_or(Ok(()), Err)
    }
}

/// Of two files for one path the later counts; uploaded in parallel, either could be last.
fn add(files: &mut Vec<Artifact>, artifact: Artifact) {
    files.retain(|file| file.path != artifact.path);
    files.push(artifact);
}
