//! The one door through which generated code reaches the runtime. Not a public interface.

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

/// What a plot function returned, as files.
pub fn output(spec: &Spec, figure: impl IntoFigure) -> Result<Output, String> {
    figure.into_output(spec).map_err(in_words)
}

#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn in_words(error: Error) -> String {
    format!("{error:#}")
}

/// What a function that draws on a canvas returns.
#[diagnostic::on_unimplemented(
    message = "a plot that draws on a canvas returns `PlotResult`, not `{Self}`",
    label = "the figure is what is drawn on the canvas",
    note = "return `PlotResult`, another `Result<(), E>`, or nothing"
)]
pub trait Drawn {
    /// Whether it could be drawn.
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

/// Whether a plot function could draw on its canvas.
pub fn drawn(result: impl Drawn) -> Result<(), String> {
    result.drawn()
}

/// Calls a plot function that draws on a canvas of the wanted size.
pub fn canvas(
    spec: &Spec,
    draw: impl FnOnce(&Canvas) -> Result<(), String>,
) -> Result<Output, String> {
    let recorder = Recorder::new(spec.size.unwrap_or(DEFAULT_SIZE));
    draw(&recorder.clone().into_drawing_area())?;
    recorder.finish().into_output(spec).map_err(in_words)
}
