//! Summarizes the figures of a run from their records.

use std::collections::BTreeMap;

use super::{Figure, FigureStatus};

/// The latest state of each figure of a run. A figure that is drawn at several steps counts once:
/// the state is that of the last step, or of a step that failed.
///
/// ```
/// use mlplots_journal::record::{Figure, FigureStatus, Tally};
///
/// let figure = |name: &str, status| Figure {
///     name: name.to_owned(),
///     status,
///     reason: None,
///     step: None,
///     files: Vec::new(),
///     millis: 57,
///     source: "src/main.rs:30".to_owned(),
///     optional: false,
/// };
/// let mut tally = Tally::default();
/// tally.add(&figure("residuals", FigureStatus::Logged));
/// tally.add(&figure("prices", FigureStatus::Failed));
/// tally.add(&figure("map", FigureStatus::Skipped));
/// assert_eq!(tally.figures().count(), 3);
/// assert_eq!(tally.missing().next().map(|figure| figure.name.as_str()), Some("prices"));
/// assert_eq!(tally.summary(), "1 of 2");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    figures: BTreeMap<String, Figure>,
}

impl Tally {
    /// Adds the record of a figure. It replaces an earlier record of the same figure, with two
    /// exceptions: a failure stays, and a logged step does not replace a later step.
    ///
    /// ```
    /// # use mlplots_journal::record::{Figure, FigureStatus, Tally};
    /// # let figure = |name: &str, status| Figure {
    /// #     name: name.to_owned(), status, reason: None, step: None, files: Vec::new(),
    /// #     millis: 57, source: "src/main.rs:30".to_owned(), optional: false,
    /// # };
    /// let mut tally = Tally::default();
    /// tally.add(&figure("residuals", FigureStatus::Failed));
    /// tally.add(&figure("residuals", FigureStatus::Logged));
    /// assert_eq!(tally.summary(), "0 of 1");
    /// ```
    pub fn add(&mut self, figure: &Figure) {
        match self.figures.get_mut(&figure.name) {
            Some(known) if known.status == FigureStatus::Failed => {}
            // The drawings of two steps may finish in any order.
            Some(known)
                if matches!((known.step, figure.step), (Some(a), Some(b)) if a > b)
                    && figure.status == FigureStatus::Logged => {}
            Some(known) => known.clone_from(figure),
            None => {
                self.figures.insert(figure.name.clone(), figure.clone());
            }
        }
    }

    /// Adds the figures of the part that resumed the run. They replace the earlier states, except
    /// that a figure that the later part skips keeps its state.
    ///
    /// ```
    /// # use mlplots_journal::record::{Figure, FigureStatus, Tally};
    /// # let figure = |name: &str, status| Figure {
    /// #     name: name.to_owned(), status, reason: None, step: None, files: Vec::new(),
    /// #     millis: 57, source: "src/main.rs:30".to_owned(), optional: false,
    /// # };
    /// let (mut tally, mut later) = (Tally::default(), Tally::default());
    /// tally.add(&figure("residuals", FigureStatus::Failed));
    /// later.add(&figure("residuals", FigureStatus::Logged));
    /// tally.resume(&later);
    /// assert_eq!(tally.summary(), "1 of 1");
    /// ```
    pub fn resume(&mut self, later: &Self) {
        for figure in later.figures() {
            let stays = figure.status == FigureStatus::Skipped;
            if !(stays && self.figures.contains_key(&figure.name)) {
                self.figures.insert(figure.name.clone(), figure.clone());
            }
        }
    }

    /// Returns the figure with this name, if the tally has one.
    ///
    /// ```
    /// # use mlplots_journal::record::{Figure, FigureStatus, Tally};
    /// # let figure = |name: &str, status| Figure {
    /// #     name: name.to_owned(), status, reason: None, step: None, files: Vec::new(),
    /// #     millis: 57, source: "src/main.rs:30".to_owned(), optional: false,
    /// # };
    /// let mut tally = Tally::default();
    /// tally.add(&figure("residuals", FigureStatus::Logged));
    /// assert_eq!(tally.get("residuals"), Some(&figure("residuals", FigureStatus::Logged)));
    /// assert_eq!(tally.get("prices"), None);
    /// ```
    pub fn get(&self, name: &str) -> Option<&Figure> {
        self.figures.get(name)
    }

    /// Returns all figures, sorted by name.
    ///
    /// ```
    /// # use mlplots_journal::record::{Figure, FigureStatus, Tally};
    /// # let figure = |name: &str, status| Figure {
    /// #     name: name.to_owned(), status, reason: None, step: None, files: Vec::new(),
    /// #     millis: 57, source: "src/main.rs:30".to_owned(), optional: false,
    /// # };
    /// let mut tally = Tally::default();
    /// tally.add(&figure("residuals", FigureStatus::Logged));
    /// tally.add(&figure("prices", FigureStatus::Skipped));
    /// assert!(tally.figures().map(|figure| &figure.name).eq(["prices", "residuals"]));
    /// ```
    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.figures.values()
    }

    /// Returns the failed figures that are not optional, sorted by name. The run is FAILED if there
    /// is one.
    ///
    /// ```
    /// # use mlplots_journal::record::{Figure, FigureStatus, Tally};
    /// # let figure = |name: &str, status| Figure {
    /// #     name: name.to_owned(), status, reason: None, step: None, files: Vec::new(),
    /// #     millis: 57, source: "src/main.rs:30".to_owned(), optional: false,
    /// # };
    /// let mut tally = Tally::default();
    /// tally.add(&figure("residuals", FigureStatus::Failed));
    /// tally.add(&Figure { optional: true, ..figure("prices", FigureStatus::Failed) });
    /// assert_eq!(tally.missing().count(), 1);
    /// ```
    pub fn missing(&self) -> impl Iterator<Item = &Figure> {
        self.figures()
            .filter(|figure| figure.status == FigureStatus::Failed && !figure.optional)
    }

    /// Returns the number of logged figures and the number of figures that are not skipped, such as
    /// `11 of 12`.
    ///
    /// ```
    /// # use mlplots_journal::record::{Figure, FigureStatus, Tally};
    /// # let figure = |name: &str, status| Figure {
    /// #     name: name.to_owned(), status, reason: None, step: None, files: Vec::new(),
    /// #     millis: 57, source: "src/main.rs:30".to_owned(), optional: false,
    /// # };
    /// let mut tally = Tally::default();
    /// tally.add(&figure("residuals", FigureStatus::Logged));
    /// tally.add(&figure("prices", FigureStatus::Skipped));
    /// assert_eq!(tally.summary(), "1 of 1");
    /// ```
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
