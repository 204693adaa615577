//! The `#[train]` and `#[plot]` attributes of mlplots.
//!
//! Each leaves its function as it is and registers it beside: arguments and item are read into a
//! checked model, and only what passed is expanded. All mistakes of one item are told together.

mod args;
mod expand;
mod item;
mod report;

use proc_macro::TokenStream;

/// Marks the training function: `fn name(run: &Run) -> T` or `fn name(run: &Run, params: P) -> T`.
///
/// What it returns (`T`, a tuple, or a `Result` of these) is provided to the plots. `P` is
/// `Default + Serialize + Deserialize`; its fields are the run's params, and `-P key=value`
/// replaces them.
///
/// | option | meaning | default |
/// |---|---|---|
/// | `name = "…"` | name of the training | the function's |
/// | `experiment = "…"` | MLflow experiment of its runs | MLflow's own default |
/// | `provides(A, B)` | types that it provides midway, by `run.provide` | none |
/// | `crate = path` | where mlplots is | `::mlplots` |
#[proc_macro_attribute]
pub fn train(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::train(args.into(), item.into()).into()
}

/// Marks a plot function: `fn name(a: &A, b: &B) -> Figure`, or anything else that is
/// `IntoFigure`, or drawn by hand: `fn name(canvas: &Canvas, a: &A) -> PlotResult`.
///
/// It is drawn once each of its inputs is provided by the run.
///
/// | option | meaning | default |
/// |---|---|---|
/// | `name = "…"` | name of the figure and its file | the function's |
/// | `dir = "…"` | folder below the run's artifact root | none |
/// | `size = (W, H)` | size of the PNG in pixels | `(1000, 800)` |
/// | `formats(png, svg)` | files to write | `png` |
/// | `every = N` | of the values provided with a step, draw every N-th | 1 |
/// | `optional` | the run is whole without it | required |
/// | `timeout = SECONDS` | how long drawing may take | 600 |
/// | `crate = path` | where mlplots is | `::mlplots` |
#[proc_macro_attribute]
pub fn plot(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::plot(args.into(), item.into()).into()
}
