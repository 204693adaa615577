//! The `#[train]` and `#[plot]` functions that a program registers, as data.

use serde::{Deserialize, Serialize};

/// The registered functions of a program.
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
    /// The experiment of its runs, if it names one.
    pub experiment: Option<String>,
    /// Module path.
    pub module: String,
    /// `file:line`.
    pub source: String,
    /// First line of its doc comment.
    pub doc: String,
    /// The types that it provides, as written in the source.
    pub provides: Vec<String>,
    /// Its params with their default values; keys of nested params have dots.
    pub params: Vec<(String, String)>,
}

/// A registered `#[plot]` function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlotEntry {
    /// Its name.
    pub name: String,
    /// Its files below the run's artifact root, as far as they are known before drawing.
    pub files: Vec<String>,
    /// Module path.
    pub module: String,
    /// `file:line`.
    pub source: String,
    /// First line of its doc comment.
    pub doc: String,
    /// The types of its inputs, as written in the source.
    pub inputs: Vec<String>,
    /// Whether the run is complete without it.
    pub optional: bool,
}
