//! The fields of MLflow's REST responses that mlplots reads.

use mlplots_journal::record::{Param, Tag};
use serde::Deserialize;

use crate::ship::store::{KnownRun, StoredModel, StoredRun};

/// The response `{}` of a call without a result. Unlike `()`, this type accepts only JSON objects.
#[derive(Deserialize)]
pub(super) struct Done {}

#[derive(Deserialize)]
pub(super) struct ExperimentResponse {
    pub(super) experiment: WireExperiment,
}

#[derive(Deserialize)]
pub(super) struct WireExperiment {
    pub(super) experiment_id: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) lifecycle_stage: String,
}

#[derive(Deserialize)]
pub(super) struct CreatedExperiment {
    pub(super) experiment_id: String,
}

#[derive(Deserialize)]
pub(super) struct RunResponse {
    pub(super) run: WireRun,
}

#[derive(Deserialize)]
pub(super) struct Runs {
    #[serde(default)]
    pub(super) runs: Vec<WireRun>,
}

#[derive(Deserialize)]
pub(super) struct WireRun {
    pub(super) info: RunInfo,
    #[serde(default)]
    pub(super) data: RunData,
    #[serde(default)]
    pub(super) outputs: Outputs,
}

#[derive(Default, Deserialize)]
pub(super) struct RunData {
    #[serde(default)]
    pub(super) params: Vec<Param>,
    #[serde(default)]
    pub(super) tags: Vec<Tag>,
    #[serde(default)]
    pub(super) metrics: Vec<LatestMetric>,
}

#[derive(Deserialize)]
pub(super) struct LatestMetric {
    pub(super) key: String,
    #[serde(default)]
    pub(super) step: i64,
}

#[derive(Deserialize)]
pub(super) struct UpdatedRun {
    pub(super) run_info: RunInfo,
}

#[derive(Deserialize)]
pub(super) struct RunInfo {
    pub(super) run_id: String,
    pub(super) experiment_id: String,
    #[serde(default)]
    pub(super) run_name: String,
    #[serde(default)]
    pub(super) status: String,
    #[serde(default)]
    pub(super) lifecycle_stage: String,
    pub(super) artifact_uri: String,
}

impl From<RunInfo> for StoredRun {
    fn from(info: RunInfo) -> Self {
        Self {
            id: info.run_id,
            experiment_id: info.experiment_id,
            name: info.run_name,
            artifact_uri: info.artifact_uri,
        }
    }
}

impl From<WireRun> for KnownRun {
    fn from(run: WireRun) -> Self {
        let metrics = run.data.metrics.into_iter();
        Self {
            status: run.info.status.clone(),
            run: run.info.into(),
            params: run.data.params,
            tags: run.data.tags,
            steps: metrics.map(|metric| (metric.key, metric.step)).collect(),
        }
    }
}

#[derive(Default, Deserialize)]
pub(super) struct Outputs {
    #[serde(default)]
    pub(super) model_outputs: Vec<Output>,
}

#[derive(Deserialize)]
pub(super) struct Output {
    pub(super) model_id: String,
}

#[derive(Deserialize)]
pub(super) struct ModelResponse {
    pub(super) model: WireModel,
}

#[derive(Deserialize)]
pub(super) struct Models {
    #[serde(default)]
    pub(super) models: Vec<WireModel>,
}

#[derive(Deserialize)]
pub(super) struct WireModel {
    pub(super) info: ModelInfo,
}

#[derive(Deserialize)]
pub(super) struct ModelInfo {
    pub(super) model_id: String,
    pub(super) artifact_uri: String,
    #[serde(default)]
    pub(super) status: String,
}

impl From<WireModel> for StoredModel {
    fn from(model: WireModel) -> Self {
        Self {
            id: model.info.model_id,
            artifact_uri: model.info.artifact_uri,
        }
    }
}
