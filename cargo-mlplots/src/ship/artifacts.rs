//! The other lane: artifacts, figures and models, uploaded in parallel.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;
use std::time::Duration;

use mlplots::journal::{Entry, Files, Reader};
use mlplots::record::{Artifact, Model, Param, Record, Tag};

use super::store::{ModelStatus, NewModel, StoredModel, StoredRun};
use super::{Delivery, Halt, mlmodel};
use crate::ledger::Ledger;

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
                self.advance(|cursor| cursor.artifacts = upto)?;
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
        self.put_below(&run.artifact_uri, std::slice::from_ref(artifact))
    }

    fn put_all(&self, run: &StoredRun, files: &[Artifact]) -> Result<(), Halt> {
        self.put_below(&run.artifact_uri, files)
    }

    /// Uploads files below an artifact root, some at a time; tries each, and tells the first
    /// refusal.
    fn put_below(&self, root: &str, files: &[Artifact]) -> Result<(), Halt> {
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
                        let content = self.dir.content(&file.sha256);
                        match self.attempt(|| store.put(&file.path, &content)) {
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

    /// Makes the logged model, uploads its files, and says that it is ready.
    fn ship_model(&self, run: &StoredRun, model: &Model) -> Result<(), Halt> {
        let (params, tags) = self.before(model)?;
        let stored = self.attempt(|| match self.store.find_model(run, &model.uuid)? {
            Some(stored) => Ok(stored),
            None => self.store.create_model(&NewModel {
                run,
                name: &model.name,
                uuid: &model.uuid,
                timestamp: model.timestamp,
                params: &params,
                tags: &tags,
            }),
        })?;
        self.attempt(|| self.store.add_output(run, &stored.id, model.step))?;
        let uploaded = self
            .model_files(run, &stored, model)
            .and_then(|files| self.put_below(&stored.artifact_uri, &files));
        let status = match &uploaded {
            Ok(()) => ModelStatus::Ready,
            Err(Halt::Refused(_)) => ModelStatus::UploadFailed,
            Err(Halt::GivenUp(_)) => return uploaded,
        };
        self.attempt(|| self.store.finish_model(&stored.id, status))?;
        uploaded
    }

    /// The run's params until the model was logged, and whose run it is.
    fn before(&self, model: &Model) -> Result<(Vec<Param>, Vec<Tag>), Halt> {
        const SHARED: [&str; 3] = ["mlflow.user", "mlflow.source.name", "mlflow.source.type"];
        let mut params = Vec::new();
        let mut shared = Vec::new();
        let mut reader =
            Reader::open(&self.dir.journal(), 0).map_err(|why| self.unreadable(&why))?;
        while let Some(entry) = reader.next_entry().map_err(|why| self.unreadable(&why))? {
            match entry {
                Entry::Record(Record::Params(more)) => params.extend(more),
                Entry::Record(Record::Tags(tags)) => shared.extend(
                    tags.into_iter()
                        .filter(|tag| SHARED.contains(&tag.key.as_str())),
                ),
                Entry::Record(Record::Model(this)) if this.uuid == model.uuid => break,
                _ => {}
            }
        }
        Ok((params, shared))
    }

    /// The metrics of a run with one model are that model's.
    pub(super) fn link_metrics(&self, run: &StoredRun, ledger: &Ledger) -> Result<(), Halt> {
        let [model] = ledger.models.as_slice() else {
            return Ok(());
        };
        let Some(stored) = self.attempt(|| self.store.find_model(run, &model.uuid))? else {
            return Ok(());
        };
        let finite = ledger
            .latest
            .values()
            .filter(|metric| metric.value.is_finite());
        let metrics: Vec<_> = finite.cloned().collect();
        self.attempt(|| self.store.log_model_metrics(run, &stored.id, &metrics))
    }

    /// The model's own files and those that say what they are.
    fn model_files(
        &self,
        run: &StoredRun,
        stored: &StoredModel,
        model: &Model,
    ) -> Result<Vec<Artifact>, Halt> {
        let store = Files::of(self.dir.clone());
        let mut files = model.files.clone();
        let python = mlmodel::python();
        let place = mlmodel::Place {
            model_id: &stored.id,
            run_id: &run.id,
            artifact_uri: &stored.artifact_uri,
            python: &python,
        };
        for (path, text) in mlmodel::files(model, &place) {
            let file = store.add_bytes(path, text.as_bytes());
            files.push(file.map_err(|why| self.unreadable(&why))?);
        }
        Ok(files)
    }
}

/// Of two files for one path the later counts; uploaded in parallel, either could be last.
fn add(files: &mut Vec<Artifact>, artifact: Artifact) {
    files.retain(|file| file.path != artifact.path);
    files.push(artifact);
}
