//! The one door through which generated code reaches the runtime. Not a public interface.

use std::fmt::Display;

use plotters::drawing::IntoDrawingArea;

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
    figure.into_output(spec)
}

/// Calls a plot function that draws on a canvas of the wanted size.
pub fn canvas<E: Display>(
    spec: &Spec,
    draw: impl FnOnce(&Canvas) -> Result<(), E>,
) -> Result<Output, String> {
    let recorder = Recorder::new(spec.size.unwrap_or(DEFAULT_SIZE));
    draw(&recorder.clone().into_drawing_area()).map_err(|error| format!("{error:#}"))?;
    recorder.finish().into_output(spec)
}
