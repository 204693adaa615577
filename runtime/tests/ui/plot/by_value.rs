use mlplots::prelude::*;

struct Sales;

#[plot]
fn prices(_sales: Sales) -> Figure {
    unimplemented!()
}

#[plot]
fn canvas(_canvas: Canvas, _sales: &Sales) -> PlotResult {
    Ok(())
}

#[plot]
fn vector(_prices: Vec<f64>) -> Figure {
    unimplemented!()
}

fn main() {}
