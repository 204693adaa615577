//! How the figures of a run stand, from their records.

use std::collections::BTreeMap;

use super::{Figure, FigureStatus};

/// One figure's records taken together: a figure drawn at many steps is one figure, its files are
/// the last step's, and it is whole only if no step failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    figures: BTreeMap<String, Figure>,
}

impl Tally {
    /// Counts a record in.
    pub fn add(&mut self, figure: &Figure) {
        match self.figures.get_mut(&figure.name) {
            Some(known) if known.status == FigureStatus::Failed => {}
            // Drawings of two steps may end in either order.
            Some(known)
                if matches!((known.step, figure.step), (Some(a), Some(b)) if a > b)
                    && figure.status == FigureStatus::Logged => {}
            Some(known) => known.clone_from(figure),
            None => {
                self.figures.insert(figure.name.clone(), figure.clone());
            }
        }
    }

    /// Adds how the figures stand in the part of the run that resumed it. A figure that was left out
    /// there stands as before.
    pub fn resume(&mut self, later: &Self) {
        for figure in later.figures() {
            let stays = figure.status == FigureStatus::Skipped;
            if !(stays && self.figures.contains_key(&figure.name)) {
                self.figures.insert(figure.name.clone(), figure.clone());
            }
        }
    }

    /// The figure of this name.
    pub fn get(&self, name: &str) -> Option<&Figure> {
        self.figures.get(name)
    }

    /// All figures by name.
    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.figures.values()
    }

    /// Figures without which the run is not whole.
    pub fn missing(&self) -> impl Iterator<Item = &Figure> {
        self.figures()
            .filter(|figure| figure.status == FigureStatus::Failed && !figure.optional)
    }

    /// `11 of 12`: logged figures of those that were not skipped.
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
