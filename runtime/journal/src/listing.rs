//! The `#[train]` and `#[plot]` functions that a program registers.

use serde::{Deserialize, Serialize};

/// The registered functions of a program. A program prints its listing as one line of JSON when the
/// mode of its [request](crate::request) is [`Mode::List`](crate::request::Mode::List).
///
/// ```
/// use mlplots_journal::listing::Listing;
///
/// let line = r#"{"format":1,"trains":[],"plots":[{"name":"residuals","files":["residuals.png"],
///     "module":"apples","source":"src/main.rs:30","doc":"","inputs":["Fit"],"optional":false}]}"#;
/// let listing: Listing = serde_json::from_str(line)?;
/// assert!(listing.trains.is_empty());
/// assert_eq!(listing.plots[0].name, "residuals");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Version of the listing's format.
    pub format: u32,
    /// `#[train]` functions, sorted by name.
    pub trains: Vec<TrainEntry>,
    /// `#[plot]` functions, sorted by name.
    pub plots: Vec<PlotEntry>,
}

/// A registered `#[train]` function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainEntry {
    /// The name of the training.
    pub name: String,
    /// The experiment of the runs, if the attribute names one.
    pub experiment: Option<String>,
    /// The path of the function's module.
    pub module: String,
    /// The position of the function in the source, as `file:line`.
    pub source: String,
    /// The first line of the function's doc comment.
    pub doc: String,
    /// The types of the values that the training provides, as written in the source.
    pub provides: Vec<String>,
    /// The params as pairs of key and default value. A dot separates the keys of nested params.
    pub params: Vec<(String, String)>,
}

/// A registered `#[plot]` function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlotEntry {
    /// The name of the figure.
    pub name: String,
    /// The paths of the figure's files below the run's artifact root, as far as they are known
    /// before drawing.
    pub files: Vec<String>,
    /// The path of the function's module.
    pub module: String,
    /// The position of the function in the source, as `file:line`.
    pub source: String,
    /// The first line of the function's doc comment.
    pub doc: String,
    /// The types of the inputs, as written in the source.
    pub inputs: Vec<String>,
    /// Whether a run can be FINISHED without this figure.
    pub optional: bool,
}
