use mlplots::prelude::*;

use std::cell::Cell;

struct Sales(Cell<f64>);

#[plot]
fn prices(sales: &Sales) -> Figure {
    unimplemented!("{}", sales.0.get())
}

#[plot]
fn canvas(_canvas: &Canvas, sales: &Sales) -> PlotResult {
    unimplemented!("{}", sales.0.get())
}

fn main() {}
