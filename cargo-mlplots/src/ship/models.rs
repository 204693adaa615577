//! Ships models: as LoggedModels in MLflow 3, among the run's artifacts in MLflow 2.

use std::io;
use std::path::Path;

use mlplots_journal::record::{Artifact, ArtifactPath, Model, Param, Record, Tag};
use mlplots_journal::{Entry, Files, Reader};

use super::store::{ModelStatus, NewModel, StoreError, StoredModel, StoredRun};
use super::{Delivery, Halt, mlmodel, python};
use crate::ledger::Ledger;

/// The params and the identity tags of the run that precede a model in the journal.
#[derive(Clone, Default)]
pub(super) struct Before {
    params: Vec<Param>,
    tags: Vec<Tag>,
}

impl Before {
    /// Reads the records of a journal before this offset.
    pub(super) fn read(journal: &Path, upto: u64) -> io::Result<Self> {
        let mut before = Self::default();
        let mut reader = Reader::open(journal, 0)?;
        // The journal was already read up to this offset, so these records are complete.
        reader.over();
        while reader.offset() < upto
            && let Some(entry) = reader.next_entry()?
        {
            if let Entry::Record(record) = &entry {
                before.add(record);
            }
        }
        Ok(before)
    }

    pub(super) fn add(&mut self, record: &Record) {
        const SHARED: [&str; 3] = ["mlflow.user", "mlflow.source.name", "mlflow.source.type"];
        match record {
            Record::Params(params) => self.params.extend_from_slice(params),
            Record::Tags(tags) => {
                let shared = |tag: &&Tag| SHARED.contains(&&*tag.key);
                self.tags.extend(tags.iter().filter(shared).cloned());
            }
            _ => {}
        }
    }
}

impl Delivery {
    /// Creates the LoggedModel, uploads its files, and sets its status to READY.
    pub(super) fn ship_model(
        &self,
        run: &StoredRun,
        model: &Model,
        before: &Before,
    ) -> Result<(), Halt> {
        let new = NewModel {
            run,
            name: &model.name,
            uuid: &model.uuid,
            timestamp: model.timestamp,
            params: &before.params,
            tags: &before.tags,
        };
        let find = || Ok(self.store.find_model(run, &model.uuid)?.map(Some));
        let stored =
            self.find_or_create(self.taken_over, find, || self.store.create_model(&new))?;
        match stored {
            Some(stored) => self.ship_logged_model(run, &stored, model),
            None => self.ship_run_model(run, model),
        }
    }

    fn ship_logged_model(
        &self,
        run: &StoredRun,
        stored: &StoredModel,
        model: &Model,
    ) -> Result<(), Halt> {
        self.attempt(|| self.store.add_output(run, &stored.id, model.step))?;
        let identity = mlmodel::Identity {
            model_id: Some(&stored.id),
            run_id: &run.id,
            artifact_path: &stored.artifact_uri,
            python: python::version(),
        };
        let uploaded = self
            .model_files(model, &identity)
            .and_then(|files| self.put_below(stored.root(), &files));
        let status = match &uploaded {
            Ok(()) => ModelStatus::Ready,
            Err(Halt::Refused(_)) => ModelStatus::UploadFailed,
            Err(Halt::GivenUp(_)) => return uploaded,
        };
        self.attempt(|| self.store.finish_model(&stored.id, status))?;
        uploaded
    }

    /// For MLflow 2, where `runs:/…/NAME` is a directory of the run's artifacts.
    fn ship_run_model(&self, run: &StoredRun, model: &Model) -> Result<(), Halt> {
        let identity = mlmodel::Identity {
            model_id: None,
            run_id: &run.id,
            artifact_path: &model.name,
            python: python::version(),
        };
        let mut files = self.model_files(model, &identity)?;
        for file in &mut files {
            file.path = model_path(model, &format!("{}/{}", model.name, file.path))?;
        }
        self.put_below(run.root(), &files)?;
        let written = mlmodel::mlmodel(model, &identity);
        self.attempt(|| self.store.add_run_model(run, &model.uuid, &written))
    }

    /// Links the latest metrics of the run to its model, if it has exactly one.
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

    /// The files of the model, `MLmodel` and the files of the Python environment.
    fn model_files(
        &self,
        model: &Model,
        identity: &mlmodel::Identity<'_>,
    ) -> Result<Vec<Artifact>, Halt> {
        let store = Files::of(self.dir.clone());
        let mut files = model.files.clone();
        for (path, text) in mlmodel::files(model, identity) {
            let file = store.add_bytes(model_path(model, path)?, text.as_bytes());
            files.push(file.map_err(|why| self.unreadable(&why))?);
        }
        Ok(files)
    }
}

fn model_path(model: &Model, path: &str) -> Result<ArtifactPath, Halt> {
    path.parse().map_err(|why| {
        Halt::Refused(StoreError::refused(format!(
            "the model `{}` has an invalid path: {why}",
            model.name
        )))
    })
}
