//! Run-scoped plots for machine learning: every figure is drawn from exactly the data and model
//! of its run, and logged to MLflow with the run's metrics, params and model.
//!
//! Mark the training with `#[train]` and the plots with `#[plot]`; `cargo mlplots run` builds the
//! program, runs both inside one guarded run, and ships the result.
//!
//! ```no_run
//! use mlplots::prelude::*;
//!
//! struct Evaluation { y_true: Vec<f64>, y_pred: Vec<f64> }
//!
//! #[derive(Serialize, Deserialize)]
//! struct Params { slope: f64 }
//!
//! impl Default for Params {
//!     fn default() -> Self {
//!         Self { slope: 2.0 }
//!     }
//! }
//!
//! /// A line through the origin.
//! #[train(experiment = "Lines")]
//! fn line(run: &Run, params: Params) -> Evaluation {
//!     let x: Vec<f64> = (0..100).map(f64::from).collect();
//!     let y_pred: Vec<f64> = x.iter().map(|x| params.slope * x).collect();
//!     let y_true: Vec<f64> = x.iter().map(|x| 2.1 * x + x.sin()).collect();
//!     run.log_metric("points", x.len() as f64);
//!     Evaluation { y_true, y_pred }
//! }
//!
//! /// Residuals against predictions.
//! #[plot]
//! fn residuals(evaluation: &Evaluation) -> Figure {
//!     charts::residuals(&evaluation.y_true, &evaluation.y_pred).title("Residuals")
//! }
//!
//! mlplots::main!();
//! ```

#![forbid(unsafe_code)]

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
compile_error!("mlplots supports Linux, macOS and Windows");

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod charts;
mod data_frame;
mod error;
pub mod figure;
mod harness;
mod model;
mod params;
mod registry;
mod run;
pub mod stats;
mod stderr;

pub use {
    error::Error,
    figure::{
        Canvas, Color, ColorMap, Figure, Html, Image, IntoFigure, PlotResult, Svg, Theme, Visible,
        register_font,
    },
    mlplots_macros::{plot, train},
    model::{DataType, Model, Schema, load_model, onnx},
    plotters,
    run::Run,
};

/// Makes the program's `main`: `mlplots::main!();`. A library that holds the `#[train]` and
/// `#[plot]` functions is named, or it is not linked: `mlplots::main!(my_lib);`.
///
/// ```no_run
/// use mlplots::prelude::*;
///
/// #[train]
/// fn fit(run: &Run) {
///     run.log_metric("rmse", 51.2);
/// }
///
/// mlplots::main!();
/// ```
#[macro_export]
macro_rules! main {
    ($($library:ident),* $(,)?) => {
        $(use $library as _;)*

        fn main() -> ::std::process::ExitCode {
            $crate::__private::main()
        }
    };
}

/// What a training program needs: `use mlplots::prelude::*;`.
pub mod prelude {
    pub use crate::{
        Canvas, Figure, Html, Image, IntoFigure, Model, PlotResult, Run, Svg, Theme, Visible,
        charts, plot, train,
    };
    pub use plotters::prelude::*;
    pub use serde::{Deserialize, Serialize};
}

/// The README's program compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
