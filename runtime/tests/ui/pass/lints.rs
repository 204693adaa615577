//! No lint of the user's crate finds anything in what the attributes append.

#![forbid(unsafe_code)]
#![deny(
    warnings,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::cargo
)]
#![deny(
    future_incompatible,
    let_underscore,
    missing_debug_implementations,
    missing_docs,
    nonstandard_style,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unreachable_pub,
    unused,
    unused_extern_crates,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]

use mlplots::prelude::*;

/// Params.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Params {
    /// Strength.
    pub alpha: f64,
}

/// Sales.
#[derive(Debug)]
pub struct Sales(pub Vec<f64>);

/// A training.
///
/// # Errors
/// The strength is negative.
#[train(experiment = "Lints", provides(Sales))]
pub fn fit(run: &Run, Params { alpha }: Params) -> Result<Sales, String> {
    run.log_metric("alpha", alpha);
    if alpha < 0.0 {
        Err("negative".to_owned())
    } else {
        Ok(Sales(vec![alpha]))
    }
}

/// A training that returns nothing.
#[train]
fn nothing(run: &Run) {
    run.log_metric("one", 1.0);
}

/// A plot.
#[plot(dir = "plots", size = (640, 480), formats(png, svg), every = 2, optional, timeout = 60)]
#[must_use]
pub fn sales(sales: &Sales) -> Svg {
    Svg(format!("<svg>{}</svg>", sales.0.len()))
}

/// A plot on a canvas.
#[plot]
fn canvas(_canvas: &Canvas, sales: &Sales) -> PlotResult {
    if sales.0.is_empty() {
        Err("no sales".into())
    } else {
        Ok(())
    }
}

/// A plot that nobody is to call.
#[plot]
#[deprecated]
#[must_use]
pub fn old(sales: &Sales) -> Svg {
    Svg(sales.0.len().to_string())
}

fn main() {}
