//! The interface for generated code. It is not public API.

use std::fmt::Display;

use plotters::drawing::IntoDrawingArea;

use crate::error::Error;
use crate::figure::{Canvas, DEFAULT_SIZE, IntoFigure, Recorder};

pub use crate::figure::{Format, Output, Spec};
pub use crate::harness::main;
pub use crate::registry::{
    Outcome, OutcomePlain, Params, Returns, ReturnsOne, ReturnsPlain, Train, Values, ValuesOne,
    params_from,
};
pub use crate::run::{Input, Inputs, Plot, Run};
pub use inventory;
pub use serde_json::Value;

/// The files of the return value of a plot function.
///
/// # Errors
/// The message of the figure's error.
pub fn output(spec: &Spec, figure: impl IntoFigure) -> Result<Output, String> {
    figure.into_output(spec).map_err(in_words)
}

#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn in_words(error: Error) -> String {
    format!("{error:#}")
}

/// The return type of a function that draws on a canvas.
#[diagnostic::on_unimplemented(
    message = "a plot that draws on a canvas returns `PlotResult`, not `{Self}`",
    label = "the figure is what is drawn on the canvas",
    note = "return `PlotResult`, another `Result<(), E>`, or nothing"
)]
pub trait Drawn {
    /// The result of drawing.
    ///
    /// # Errors
    /// The message of the function's error.
    fn drawn(self) -> Result<(), String>;
}

impl Drawn for () {
    fn drawn(self) -> Result<(), String> {
        Ok(())
    }
}

impl<E: Display> Drawn for Result<(), E> {
    fn drawn(self) -> Result<(), String> {
        self.map_err(|error| format!("{error:#}"))
    }
}

/// The result of a function that draws on a canvas.
///
/// # Errors
/// The message of the function's error.
pub fn drawn(result: impl Drawn) -> Result<(), String> {
    result.drawn()
}

/// Calls a function that draws on a canvas, with a canvas of the specified size.
///
/// # Errors
/// The message of the function's or the figure's error.
pub fn canvas(
    spec: &Spec,
    draw: impl FnOnce(&Canvas) -> Result<(), String>,
) -> Result<Output, String> {
    let recorder = Recorder::new(spec.size.unwrap_or(DEFAULT_SIZE));
    draw(&recorder.clone().into_drawing_area())?;
    recorder.finish().into_output(spec).map_err(in_words)
}
