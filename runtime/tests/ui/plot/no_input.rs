use mlplots::prelude::*;

#[plot]
fn nothing() -> Figure {
    unimplemented!()
}

#[plot]
fn canvas_only(_canvas: &Canvas) -> PlotResult {
    Ok(())
}

fn main() {}
