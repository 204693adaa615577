//! The frozen values of a run, and the plots that are due.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::Arc;

use super::plot::{Input, Inputs, Plot, Value};
use super::pool::Job;

/// The provided values.
#[derive(Default)]
pub(super) struct Values {
    provided: HashMap<TypeId, Provided>,
    plots: Vec<Due>,
    jobs: u64,
}

struct Provided {
    value: Value,
    step: Option<i64>,
}

/// A plot of this run.
struct Due {
    plot: &'static Plot,
    /// Number of values with a step since all inputs exist.
    offered: u64,
    /// The newest values were skipped because of `every`.
    behind: bool,
}

impl Values {
    pub(super) fn new(plots: &[&'static Plot]) -> Self {
        let plots = plots
            .iter()
            .map(|&plot| Due {
                plot,
                offered: 0,
                behind: false,
            })
            .collect();
        Self {
            plots,
            ..Self::default()
        }
    }

    /// Freezes a value and returns the jobs that are due. A second value of a type needs a step:
    /// otherwise it is ambiguous which of the two a figure shows.
    pub(super) fn provide<T: Send + Sync + 'static>(
        &mut self,
        value: Arc<T>,
        step: Option<i64>,
    ) -> Result<Vec<Job>, String> {
        let id = TypeId::of::<T>();
        if step.is_none()
            && self
                .provided
                .get(&id)
                .is_some_and(|known| known.step.is_none())
        {
            return Err(format!(
                "a second `{}` was provided, but its figures show the first. \
                 Use `run.provide_at(value, step)` for values that change",
                std::any::type_name::<T>()
            ));
        }
        self.provided.insert(id, Provided { value, step });
        let mut jobs = Vec::new();
        for index in 0..self.plots.len() {
            let due = &mut self.plots[index];
            if !due.plot.inputs.iter().any(|input| input.id == id)
                || !due
                    .plot
                    .inputs
                    .iter()
                    .all(|input| self.provided.contains_key(&input.id))
            {
                continue;
            }
            if step.is_some() {
                due.offered += 1;
                due.behind = !(due.offered - 1).is_multiple_of(u64::from(due.plot.every));
                if due.behind {
                    continue;
                }
            }
            due.behind = false;
            jobs.push(self.job(index));
        }
        Ok(jobs)
    }

    /// Jobs for the plots whose newest values were skipped.
    pub(super) fn catch_up(&mut self) -> Vec<Job> {
        let behind = (0..self.plots.len()).filter(|&index| self.plots[index].behind);
        let behind: Vec<usize> = behind.collect();
        behind
            .into_iter()
            .map(|index| {
                self.plots[index].behind = false;
                self.job(index)
            })
            .collect()
    }

    /// The inputs of a plot that are missing.
    pub(super) fn missing(&self, plot: &Plot) -> Vec<&'static str> {
        plot.inputs
            .iter()
            .filter(|input| !self.provided.contains_key(&input.id))
            .map(|input| input.written)
            .collect()
    }

    fn job(&mut self, index: usize) -> Job {
        self.jobs += 1;
        let plot = self.plots[index].plot;
        let provided = |input: &Input| &self.provided[&input.id];
        Job {
            plot,
            inputs: Inputs(
                plot.inputs
                    .iter()
                    .map(|i| Arc::clone(&provided(i).value))
                    .collect(),
            ),
            step: plot
                .inputs
                .iter()
                .filter_map(|input| provided(input).step)
                .max(),
            number: self.jobs,
        }
    }
}
