//! Checks data before it is written to any store. MLflow silently truncates long values and drops
//! points of the wrong type, and rejects a whole batch for one invalid name.

use std::collections::BTreeMap;

use mlplots_journal::names::{check_key, check_param, check_tag};
use mlplots_journal::record::{Param, Tag};

use super::{Batch, NewModel, StoreError};

/// MLflow's limits per call.
pub(crate) const MAX_METRICS: usize = 1000;
pub(crate) const MAX_PARAMS: usize = 100;
pub(crate) const MAX_TAGS: usize = 100;
pub(crate) const MAX_ALL: usize = 1000;

/// Checks a batch. Returns its params without duplicates.
pub(crate) fn batch(batch: &Batch) -> Result<Vec<&Param>, StoreError> {
    let sizes = [batch.metrics.len(), batch.params.len(), batch.tags.len()];
    if sizes[0] > MAX_METRICS
        || sizes[1] > MAX_PARAMS
        || sizes[2] > MAX_TAGS
        || sizes.iter().sum::<usize>() > MAX_ALL
    {
        return Err(StoreError::refused(format!(
            "a batch of {} metrics, {} params and {} tags is too large for MLflow",
            sizes[0], sizes[1], sizes[2]
        )));
    }
    for metric in &batch.metrics {
        check_key("metric", &metric.key).map_err(StoreError::refused)?;
        if metric.timestamp < 0 {
            return Err(StoreError::refused(format!(
                "the metric `{}` has a timestamp before 1970",
                metric.key
            ))
            .help("correct this machine's clock"));
        }
    }
    tags(&batch.tags)?;
    let mut params = BTreeMap::new();
    for param in &batch.params {
        check_param(&param.key, &param.value).map_err(StoreError::refused)?;
        if let Some(other) = params.insert(&param.key, param)
            && other.value != param.value
        {
            return Err(changed_param(&param.key, &other.value, &param.value));
        }
    }
    Ok(params.into_values().collect())
}

pub(crate) fn tags(tags: &[Tag]) -> Result<(), StoreError> {
    for tag in tags {
        check_tag(&tag.key, &tag.value).map_err(StoreError::refused)?;
    }
    Ok(())
}

/// The tags of a model, with the tag by which `find_model` finds it.
pub(crate) fn model_tags(new: &NewModel<'_>) -> impl Iterator<Item = Tag> {
    const KEY: &str = "mlplots.model_uuid";
    let own = Tag {
        key: KEY.to_owned(),
        value: new.uuid.to_owned(),
    };
    new.tags
        .iter()
        .filter(|tag| tag.key != KEY)
        .cloned()
        .chain([own])
}

pub(crate) fn changed_param(key: &str, old: &str, new: &str) -> StoreError {
    StoreError::refused(format!(
        "the param `{key}` is already logged as `{old}` and cannot become `{new}`"
    ))
    .help("a param is set once per run; log a value that changes as a metric or a tag")
}
