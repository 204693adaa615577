//! Summarizes the figures of a run from their records.

use std::collections::BTreeMap;

use super::{Figure, FigureStatus};

/// The latest state of each figure. A figure with several steps counts once: its files are those of
/// the last step, and it is failed if a step failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    figures: BTreeMap<String, Figure>,
}

impl Tally {
    /// Adds a record.
    pub fn add(&mut self, figure: &Figure) {
        match self.figures.get_mut(&figure.name) {
            Some(known) if known.status == FigureStatus::Failed => {}
            // Drawings of two steps may finish in either order.
            Some(known)
                if matches!((known.step, figure.step), (Some(a), Some(b)) if a > b)
                    && figure.status == FigureStatus::Logged => {}
            Some(known) => known.clone_from(figure),
            None => {
                self.figures.insert(figure.name.clone(), figure.clone());
            }
        }
    }

    /// Adds the figures of the part that resumed the run. A figure that was skipped there keeps its
    /// state.
    pub fn resume(&mut self, later: &Self) {
        for figure in later.figures() {
            let stays = figure.status == FigureStatus::Skipped;
            if !(stays && self.figures.contains_key(&figure.name)) {
                self.figures.insert(figure.name.clone(), figure.clone());
            }
        }
    }

    /// The figure with a name.
    pub fn get(&self, name: &str) -> Option<&Figure> {
        self.figures.get(name)
    }

    /// All figures, sorted by name.
    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.figures.values()
    }

    /// Failed figures that are not optional.
    pub fn missing(&self) -> impl Iterator<Item = &Figure> {
        self.figures()
            .filter(|figure| figure.status == FigureStatus::Failed && !figure.optional)
    }

    /// Number of logged figures and of those that were not skipped: `11 of 12`.
    pub fn summary(&self) -> String {
        let count = |status| {
            self.figures()
                .filter(|figure| figure.status == status)
                .count()
        };
        let logged = count(FigureStatus::Logged);
        format!("{logged} of {}", logged + count(FigureStatus::Failed))
    }
}
