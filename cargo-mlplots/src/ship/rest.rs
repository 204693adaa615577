//! The tracking store behind an MLflow server's REST API.

mod artifacts;
mod batch;
mod client;
mod multipart;
mod presigned;
mod proxy;
#[cfg(test)]
mod tests;
mod wire;

use mlplots_journal::record::{Metric, Status};
use reqwest::{StatusCode, Url};
use serde_json::json;

use client::{Failure, HttpClient, Storage};
use wire::{
    CreatedExperiment, Done, ExperimentResponse, ModelResponse, Models, RunResponse, Runs,
    UpdatedRun, WireExperiment, WireRun,
};

use super::store::{
    ArtifactStore, Batch, Experiment, ExperimentChoice, KnownRun, ModelStatus, NewModel, NewRun,
    Root, Scope, StoreError, StoredModel, StoredRun, TrackingStore, View, check,
};
use crate::settings::{HttpSettings, Multipart};

const API: &str = "/api/2.0/mlflow";

/// Ships runs, metrics, params, tags and LoggedModels to an MLflow server.
pub(crate) struct RestStore {
    client: HttpClient,
    storage: Storage,
    multipart: Multipart,
    uri: String,
    workspace: Option<String>,
}

impl RestStore {
    /// A store at `base`. Sends no request.
    pub(crate) fn new(base: &Url, settings: &HttpSettings) -> Result<Self, StoreError> {
        Ok(Self {
            client: HttpClient::new(base, settings)?,
            storage: Storage::new(settings),
            multipart: settings.multipart,
            uri: base.as_str().trim_end_matches('/').to_owned(),
            workspace: settings.workspace.clone(),
        })
    }

    fn find_experiment(&self, name: &str) -> Result<Option<Experiment>, StoreError> {
        match self.client.get::<ExperimentResponse>(
            &format!("{API}/experiments/get-by-name"),
            &[("experiment_name", name)],
        ) {
            Ok(response) => active(response.experiment).map(Some),
            Err(failure) if failure.code == "RESOURCE_DOES_NOT_EXIST" => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    fn get_run(&self, run_id: &str) -> Result<WireRun, StoreError> {
        let found = self
            .client
            .get::<RunResponse>(&format!("{API}/runs/get"), &[("run_id", run_id)]);
        let run = found.map_err(|failure| match &*failure.code {
            "RESOURCE_DOES_NOT_EXIST" => no_run(run_id, &self.uri),
            _ => failure.into(),
        })?;
        if run.run.info.lifecycle_stage == "deleted" {
            return Err(deleted_run(run_id));
        }
        Ok(run.run)
    }
}

impl TrackingStore for RestStore {
    fn experiment(&self, choice: &ExperimentChoice) -> Result<Experiment, StoreError> {
        match choice {
            ExperimentChoice::Id(id) => {
                let found = self.client.get::<ExperimentResponse>(
                    &format!("{API}/experiments/get"),
                    &[("experiment_id", id)],
                );
                active(
                    found
                        .map_err(|failure| no_experiment(failure, id, &self.uri))?
                        .experiment,
                )
            }
            ExperimentChoice::Name(name) => {
                if let Some(experiment) = self.find_experiment(name)? {
                    return Ok(experiment);
                }
                match self.client.post::<CreatedExperiment>(
                    &format!("{API}/experiments/create"),
                    &json!({ "name": name }),
                ) {
                    Ok(created) => Ok(Experiment {
                        id: created.experiment_id,
                        name: name.clone(),
                    }),
                    // Another client created it meanwhile.
                    Err(failure) if failure.code == "RESOURCE_ALREADY_EXISTS" => {
                        self.find_experiment(name)?.ok_or_else(|| failure.into())
                    }
                    Err(failure) => Err(failure.into()),
                }
            }
        }
    }

    fn find_run(&self, experiment_id: &str, uuid: &str) -> Result<Option<StoredRun>, StoreError> {
        let body = json!({
            "experiment_ids": [experiment_id],
            "filter": format!("tags.`mlplots.run_uuid` = '{uuid}'"),
            "run_view_type": "ACTIVE_ONLY",
            "max_results": 1,
        });
        let found: Runs = self.client.post(&format!("{API}/runs/search"), &body)?;
        Ok(found.runs.into_iter().next().map(|run| run.info.into()))
    }

    fn run(&self, run_id: &str) -> Result<KnownRun, StoreError> {
        Ok(self.get_run(run_id)?.into())
    }

    fn create_run(&self, new: &NewRun<'_>) -> Result<StoredRun, StoreError> {
        check::tags(new.tags)?;
        let mut body = json!({
            "experiment_id": new.experiment_id,
            "user_id": new.user,
            "start_time": new.start_time,
            "tags": new.tags,
        });
        if let Some(name) = new.name {
            body["run_name"] = name.into();
        }
        let response: RunResponse = self.client.post(&format!("{API}/runs/create"), &body)?;
        Ok(response.run.info.into())
    }

    fn log_batch(&self, run_id: &str, batch: &Batch) -> Result<(), StoreError> {
        self.send_batch(run_id, batch)
    }

    fn set_status(
        &self,
        run_id: &str,
        status: Status,
        end_time: Option<i64>,
    ) -> Result<(), StoreError> {
        let mut body = json!({ "run_id": run_id, "status": status });
        if let Some(end_time) = end_time {
            body["end_time"] = end_time.into();
        }
        let response: UpdatedRun = self.client.post(&format!("{API}/runs/update"), &body)?;
        // The server responds with 200 to an unknown status, and does not change the run.
        if response.run_info.status != status.as_str() {
            return Err(StoreError::refused(format!(
                "the server at {} did not change the status of the run {run_id}: it is {} instead of {status}",
                self.uri, response.run_info.status
            )));
        }
        Ok(())
    }

    fn find_model(&self, run: &StoredRun, uuid: &str) -> Result<Option<StoredModel>, StoreError> {
        let body = json!({
            "experiment_ids": [run.experiment_id],
            "filter": format!("source_run_id = '{}' AND tags.`mlplots.model_uuid` = '{uuid}'", run.id),
            "max_results": 1,
        });
        let found: Option<Models> = if_supported(
            self.client
                .post(&format!("{API}/logged-models/search"), &body),
        )?;
        let models = found.into_iter().flat_map(|found| found.models);
        Ok(models.map(Into::into).next())
    }

    fn create_model(&self, new: &NewModel<'_>) -> Result<Option<StoredModel>, StoreError> {
        let tags: Vec<_> = check::model_tags(new).collect();
        check::tags(&tags)?;
        let body = json!({
            "experiment_id": new.run.experiment_id,
            "name": new.name,
            "source_run_id": new.run.id,
            "params": new.params,
            "tags": tags,
        });
        let response: Option<ModelResponse> =
            if_supported(self.client.post(&format!("{API}/logged-models"), &body))?;
        Ok(response.map(|response| response.model.into()))
    }

    fn add_output(&self, run: &StoredRun, model_id: &str, step: i64) -> Result<(), StoreError> {
        let exists = || -> Result<bool, StoreError> {
            let outputs = self.get_run(&run.id)?.outputs.model_outputs;
            Ok(outputs.iter().any(|output| output.model_id == model_id))
        };
        // The server rejects an output that already exists.
        if exists()? {
            return Ok(());
        }
        let body = json!({ "run_id": run.id, "models": [{ "model_id": model_id, "step": step }] });
        let added = self
            .client
            .post::<Done>(&format!("{API}/runs/outputs"), &body);
        match added {
            // An earlier call that timed out may have succeeded.
            Err(failure) if !exists()? => Err(failure.into()),
            _ => Ok(()),
        }
    }

    fn log_model_metrics(
        &self,
        run: &StoredRun,
        model_id: &str,
        metrics: &[Metric],
    ) -> Result<(), StoreError> {
        let points: Vec<_> = metrics
            .iter()
            .map(|metric| {
                json!({
                    "key": metric.key,
                    "value": metric.value,
                    "timestamp": metric.timestamp,
                    "step": metric.step,
                    "model_id": model_id,
                })
            })
            .collect();
        for points in points.chunks(check::MAX_METRICS) {
            let body = json!({ "run_id": run.id, "metrics": points });
            self.client
                .post::<Done>(&format!("{API}/runs/log-batch"), &body)?;
        }
        Ok(())
    }

    fn finish_model(&self, model_id: &str, status: ModelStatus) -> Result<(), StoreError> {
        let status = match status {
            ModelStatus::Ready => "LOGGED_MODEL_READY",
            ModelStatus::UploadFailed => "LOGGED_MODEL_UPLOAD_FAILED",
        };
        let body = json!({ "model_id": model_id, "status": status });
        let response: ModelResponse = self
            .client
            .patch(&format!("{API}/logged-models/{model_id}"), &body)?;
        if response.model.info.status != status {
            return Err(StoreError::refused(format!(
                "the server at {} did not change the status of the model {model_id}: it is {} instead of {status}",
                self.uri, response.model.info.status
            )));
        }
        Ok(())
    }

    fn add_run_model(
        &self,
        run: &StoredRun,
        uuid: &str,
        mlmodel: &serde_json::Value,
    ) -> Result<(), StoreError> {
        // The server would list a model twice that is registered twice.
        const HISTORY: &str = "mlflow.log-model.history";
        let tags = self.get_run(&run.id)?.data.tags;
        if tags
            .iter()
            .any(|tag| tag.key == HISTORY && tag.value.contains(uuid))
        {
            return Ok(());
        }
        let body = json!({ "run_id": run.id, "model_json": mlmodel.to_string() });
        self.client
            .post::<Done>(&format!("{API}/runs/log-model"), &body)?;
        Ok(())
    }

    fn artifacts(&self, root: Root<'_>) -> Result<Box<dyn ArtifactStore>, StoreError> {
        artifacts::store(&self.client, &self.storage, self.multipart, root)
    }

    fn uri(&self) -> &str {
        &self.uri
    }

    fn view(&self, run: &StoredRun) -> View {
        // The ids come from the server, and may contain any characters.
        let encoded =
            |text| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC);
        let workspace = self
            .workspace
            .as_deref()
            .map_or_else(String::new, |name| format!("&workspace={}", encoded(name)));
        let (experiment, id) = (encoded(&run.experiment_id), encoded(&run.id));
        // MLflow 3 has two views of an experiment. The parameter in the fragment selects the one
        // with the runs.
        View::Url(format!(
            "{}/#/experiments/{experiment}/runs/{id}?workflowType=machine_learning{workspace}",
            self.uri
        ))
    }
}

/// A deleted experiment keeps its name and accepts no runs.
fn active(found: WireExperiment) -> Result<Experiment, StoreError> {
    if found.lifecycle_stage == "deleted" {
        return Err(deleted_experiment(&found.experiment_id, &found.name));
    }
    Ok(Experiment {
        id: found.experiment_id,
        name: found.name,
    })
}

pub(super) fn deleted_experiment(id: &str, name: &str) -> StoreError {
    StoreError::refused(format!("the experiment `{name}` (id {id}) is deleted"))
        .help(format!(
            "restore it with `mlflow experiments restore --experiment-id {id}`, or use another name"
        ))
        .with_scope(Scope::Run)
}

pub(super) fn deleted_run(id: &str) -> StoreError {
    StoreError::refused(format!("the run {id} is deleted"))
        .help(format!(
            "restore it with `mlflow runs restore --run-id {id}`"
        ))
        .with_scope(Scope::Run)
}

pub(super) fn no_run(id: &str, uri: &str) -> StoreError {
    StoreError::refused(format!("there is no run {id} at {uri}"))
        .help("it was deleted permanently, or the tracking URI names another store")
        .with_scope(Scope::Gone)
}

fn no_experiment(failure: Failure, id: &str, uri: &str) -> StoreError {
    if failure.code == "RESOURCE_DOES_NOT_EXIST" {
        return StoreError::refused(format!("there is no experiment with the id {id} at {uri}"))
            .help("check the id, or set the experiment's name")
            .with_scope(Scope::Run);
    }
    failure.into()
}

/// The response of an endpoint that does not exist before MLflow 3. `None` if it does not exist.
fn if_supported<T>(response: Result<T, Failure>) -> Result<Option<T>, StoreError> {
    match response {
        Ok(response) => Ok(Some(response)),
        Err(failure)
            if failure.status == Some(StatusCode::NOT_FOUND) && failure.code.is_empty() =>
        {
            Ok(None)
        }
        Err(failure) => Err(failure.into()),
    }
}
