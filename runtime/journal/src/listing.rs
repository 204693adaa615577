//! The `#[train]` and `#[plot]` functions that a program registers, as data.

use serde::{Deserialize, Serialize};

/// The registry of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Version of the listing.
    pub format: u32,
    /// `#[train]` functions, by name.
    pub trains: Vec<TrainEntry>,
    /// `#[plot]` functions, by name.
    pub plots: Vec<PlotEntry>,
}

/// A registered `#[train]` function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainEntry {
    /// Its name.
    pub name: String,
    /// The experiment its runs belong to, if it says so.
    pub experiment: Option<String>,
    /// Module path.
    pub module: String,
    /// `file:line`.
    pub source: String,
    /// First line of its doc comment.
    pub doc: String,
    /// Types it provides, as written.
    pub provides: Vec<String>,
    /// Its params with their defaults, flattened.
    pub params: Vec<(String, String)>,
}

/// A registered `#[plot]` function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlotEntry {
    /// Its name.
    pub name: String,
    /// Files it draws below the run's artifact root, as far as known beforehand.
    pub files: Vec<String>,
    /// Module path.
    pub module: String,
    /// `file:line`.
    pub source: String,
    /// First line of its doc comment.
    pub doc: String,
    /// Types it looks at, as written.
    pub inputs: Vec<String>,
    /// Whether the run is whole without it.
    pub optional: bool,
}
