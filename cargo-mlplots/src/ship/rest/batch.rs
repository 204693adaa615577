//! Logs a batch, and handles the errors of servers that receive it a second time.

use mlplots_journal::record::{Metric, Param, Tag};
use serde_json::json;

use super::client::Failure;
use super::wire::Done;
use super::{API, RestStore};
use crate::ship::store::{Batch, StoreError, check};

impl RestStore {
    /// Sends a checked batch.
    pub(super) fn send_batch(&self, run_id: &str, batch: &Batch) -> Result<(), StoreError> {
        let params = check::batch(batch)?;
        let failure = match self.post_batch(run_id, &batch.metrics, &params, &batch.tags) {
            Ok(()) => return Ok(()),
            Err(failure) => failure,
        };
        if failure.duplicate_point {
            // MLflow 2 accepts a point that already exists, unless it is NaN. Each NaN is therefore
            // sent separately, and a duplicate is ignored.
            let (nan, rest): (Vec<_>, Vec<_>) = batch
                .metrics
                .iter()
                .cloned()
                .partition(|metric| metric.value.is_nan());
            self.post_batch(run_id, &rest, &params, &batch.tags)?;
            for point in nan {
                match self.post_batch(run_id, &[point], &[], &[]) {
                    Err(failure) if !failure.duplicate_point => return Err(failure.into()),
                    _ => {}
                }
            }
            return Ok(());
        }
        match self.changed_param(run_id, &params, &failure) {
            Some(changed) => Err(changed),
            None => Err(failure.into()),
        }
    }

    fn post_batch(
        &self,
        run_id: &str,
        metrics: &[Metric],
        params: &[&Param],
        tags: &[Tag],
    ) -> Result<(), Failure> {
        let body = json!({ "run_id": run_id, "metrics": metrics, "params": params, "tags": tags });
        self.client
            .post::<Done>(&format!("{API}/runs/log-batch"), &body)
            .map(|_| ())
    }

    /// The error that names a changed param. The server's message shows Python objects. Its status
    /// is 400 or, with some stores of MLflow 2, 500, which would be retried forever.
    fn changed_param(
        &self,
        run_id: &str,
        params: &[&Param],
        failure: &Failure,
    ) -> Option<StoreError> {
        if params.is_empty() || failure.code.is_empty() {
            return None;
        }
        let known = self.get_run(run_id).ok()?.data.params;
        params.iter().find_map(|new| {
            let old = known
                .iter()
                .find(|old| old.key == new.key && old.value != new.value)?;
            Some(check::changed_param(&new.key, &old.value, &new.value))
        })
    }
}
