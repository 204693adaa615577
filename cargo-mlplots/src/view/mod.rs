//! What the user sees: progress during the training, then the run as a tree or as JSON.

mod json;
mod progress;
mod report;
mod term;
mod tree;
mod units;

pub(crate) use json::object as run_as_json;
pub(crate) use progress::{Meter, Progress};
pub(crate) use report::Report;
pub(crate) use term::{bad_status, error, help, print, print_json, status, warning};
pub(crate) use tree::{print as print_tree, print_link};
pub(crate) use units::{column_width, duration, last_beat};
