use mlplots::prelude::*;

struct Sales;

#[plot]
fn prices(_sales: &mut Sales) -> Figure {
    unimplemented!()
}

#[plot]
fn canvas(_canvas: &mut Canvas, _sales: &Sales) -> PlotResult {
    Ok(())
}

fn main() {}
