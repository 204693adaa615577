//! Names that what the attributes append must not take for its own, or stumble over.

mod core {}
mod std {}

use mlplots::prelude::*;

#[allow(dead_code)]
type Option = ();
#[allow(dead_code)]
type Vec = ();
struct Input;
struct Inputs;
struct Returns;

mod first {
    use super::*;

    #[plot]
    fn residuals(_: &Input) -> Svg {
        Svg(String::new())
    }
}

mod second {
    use super::*;

    #[plot(name = "residuals of the second")]
    fn residuals(_: &Input) -> Svg {
        Svg(String::new())
    }
}

#[train]
fn r#match(run: &Run) -> (Inputs, Returns) {
    run.log_metric("one", 1.0);
    (Inputs, Returns)
}

#[train]
fn run(_: &Run) {}

#[train]
fn params(run: &Run, params: Params) {
    run.log_metric("alpha", params.alpha);
}

#[derive(Default, Serialize, Deserialize)]
struct Params {
    alpha: f64,
}

#[train]
fn values(_: &Run) -> Input {
    Input
}

#[plot]
fn r#type(_: &Input) -> Svg {
    Svg(String::new())
}

#[plot]
fn inputs(_: &Input) -> Svg {
    Svg(String::new())
}

#[plot]
fn spec(_: &Input) -> Svg {
    Svg(String::new())
}

#[plot]
fn figure(_: &Input) -> Svg {
    Svg(String::new())
}

#[plot]
fn output(_: &Input) -> Svg {
    Svg(String::new())
}

#[plot]
fn canvas(canvas: &Canvas, _: &Input) -> PlotResult {
    let _ = canvas;
    Ok(())
}

#[plot]
fn métrique(_: &Input) -> Svg {
    Svg(String::new())
}

fn main() {
    /// Also inside a function.
    #[plot]
    fn inner(_: &Input) -> Svg {
        Svg(String::new())
    }
}
