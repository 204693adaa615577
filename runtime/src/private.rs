//! The one door through which generated code reaches the runtime. Not a public interface.

pub use crate::figure::{Format, Output, Spec, canvas};
pub use crate::harness::main;
pub use crate::registry::{
    Outcome, OutcomePlain, Params, Returns, ReturnsOne, ReturnsPlain, Train, Values, ValuesOne,
    params_from,
};
pub use crate::run::{Input, Inputs, Plot, Run};
pub use inventory;
pub use serde_json::Value;

/// What a plot function returned, as files.
pub fn output(spec: &Spec, figure: impl crate::IntoFigure) -> Result<Output, String> {
    figure.into_output(spec)
}
