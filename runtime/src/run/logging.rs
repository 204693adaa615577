//! Metrics, params and tags. These calls do not fail: what is wrong with a value becomes a problem
//! of the run.

use std::fmt::Display;

use mlplots_journal::names::{check_key, check_param, check_tag};
use mlplots_journal::record::{Metric, Param, Record, Tag, now_millis};

use super::Run;
use super::shared::Known;

/// Maximum number of metric points in a record, so that a line of the journal stays short.
const MAX_RECORD: usize = 1000;

impl Run {
    /// Logs a metric at step 0, as MLflow does. For a curve use
    /// [`log_metric_at`](Self::log_metric_at).
    ///
    /// ```no_run
    /// # fn example(run: &mlplots::Run) {
    /// run.log_metric("rmse", 51.2);
    /// # }
    /// ```
    pub fn log_metric(&self, key: impl AsRef<str>, value: impl Into<f64>) {
        self.log_metric_at(key, value, 0);
    }

    /// Logs a point of a metric's curve. The value is any `f64`, including NaN and infinities; the
    /// step is any integer that fits in 64 bits.
    ///
    /// ```no_run
    /// # fn example(run: &mlplots::Run) {
    /// for epoch in 0..100 {
    ///     run.log_metric_at("loss", 1.0 / f64::from(epoch + 1), epoch);
    /// }
    /// # }
    /// ```
    pub fn log_metric_at(
        &self,
        key: impl AsRef<str>,
        value: impl Into<f64>,
        step: impl TryInto<i64>,
    ) {
        self.log_metrics_at([(key, value)], step);
    }

    /// Logs several metrics at step 0.
    ///
    /// ```no_run
    /// # fn example(run: &mlplots::Run) {
    /// run.log_metrics([("rmse", 51.2), ("r2", 0.93)]);
    /// # }
    /// ```
    pub fn log_metrics<K: AsRef<str>, V: Into<f64>>(
        &self,
        metrics: impl IntoIterator<Item = (K, V)>,
    ) {
        self.log_metrics_at(metrics, 0);
    }

    /// Logs several metrics of one step, with one timestamp.
    ///
    /// ```no_run
    /// # fn example(run: &mlplots::Run) {
    /// run.log_metrics_at([("train_loss", 0.31), ("val_loss", 0.42)], 7);
    /// # }
    /// ```
    pub fn log_metrics_at<K: AsRef<str>, V: Into<f64>>(
        &self,
        metrics: impl IntoIterator<Item = (K, V)>,
        step: impl TryInto<i64>,
    ) {
        let Some(step) = self.step(step) else { return };
        let timestamp = now_millis();
        let mut points = Vec::new();
        for (key, value) in metrics {
            let key = key.as_ref();
            if self.allowed(check_key("metric", key)) {
                points.push(Metric {
                    key: key.to_owned(),
                    value: value.into(),
                    timestamp,
                    step,
                });
            }
        }
        if points.len() <= MAX_RECORD {
            if !points.is_empty() {
                self.shared.append(&Record::Metrics(points));
            }
            return;
        }
        for points in points.chunks(MAX_RECORD) {
            self.shared.append(&Record::Metrics(points.to_vec()));
        }
    }

    /// Logs a param. A param is set once: another value for the same name is a problem of the run.
    ///
    /// ```no_run
    /// # fn example(run: &mlplots::Run) {
    /// run.log_param("learning_rate", 0.01);
    /// run.log_param("optimizer", "adam");
    /// # }
    /// ```
    pub fn log_param(&self, key: impl AsRef<str>, value: impl Display) {
        self.log_params([(key, value)]);
    }

    /// Logs several params, as [`log_param`](Self::log_param) does.
    ///
    /// ```no_run
    /// # fn example(run: &mlplots::Run) {
    /// run.log_params([("depth", 6), ("leaves", 31)]);
    /// # }
    /// ```
    pub fn log_params<K: AsRef<str>, V: Display>(&self, params: impl IntoIterator<Item = (K, V)>) {
        if self.shared.is_forked() {
            return;
        }
        let mut new = Vec::new();
        for (key, value) in params {
            let (key, value) = (key.as_ref().to_owned(), value.to_string());
            if !self.allowed(check_param(&key, &value)) {
                continue;
            }
            let known = self.shared.state().param(&key, &value);
            match known {
                Known::New => new.push(Param { key, value }),
                Known::Same => {}
                Known::Other(known) => self.shared.problem(format!(
                    "the param `{key}` is `{known}` and cannot become `{value}`: a param is set once"
                )),
            }
        }
        if !new.is_empty() {
            self.shared.append(&Record::Params(new));
        }
    }

    /// Sets a tag; a later value replaces an earlier one.
    ///
    /// ```no_run
    /// # fn example(run: &mlplots::Run) {
    /// run.set_tag("dataset", "orchard-2026");
    /// # }
    /// ```
    pub fn set_tag(&self, key: impl AsRef<str>, value: impl Display) {
        self.set_tags([(key, value)]);
    }

    /// Sets several tags, as [`set_tag`](Self::set_tag) does.
    ///
    /// ```no_run
    /// # fn example(run: &mlplots::Run) {
    /// run.set_tags([("team", "fruit"), ("stage", "tuning")]);
    /// # }
    /// ```
    pub fn set_tags<K: AsRef<str>, V: Display>(&self, tags: impl IntoIterator<Item = (K, V)>) {
        let mut good = Vec::new();
        for (key, value) in tags {
            let tag = Tag {
                key: key.as_ref().to_owned(),
                value: value.to_string(),
            };
            if self.allowed(check_tag(&tag.key, &tag.value)) {
                good.push(tag);
            }
        }
        if !good.is_empty() {
            self.shared.append(&Record::Tags(good));
        }
    }

    /// The step as MLflow stores it; a problem of the run if it does not fit.
    pub(super) fn step(&self, step: impl TryInto<i64>) -> Option<i64> {
        let step = step.try_into().ok();
        if step.is_none() {
            self.shared
                .problem("a step is larger than MLflow's 64-bit integers hold");
        }
        step
    }

    fn allowed(&self, checked: Result<(), String>) -> bool {
        match checked {
            Ok(()) => true,
            Err(problem) => {
                self.shared.problem(problem);
                false
            }
        }
    }
}
