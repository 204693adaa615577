use mlplots::prelude::*;

use std::rc::Rc;

struct Sales(Rc<f64>);

#[plot]
fn prices(sales: &Sales) -> Figure {
    unimplemented!("{}", sales.0)
}

#[plot]
fn canvas(_canvas: &Canvas, sales: &Sales) -> PlotResult {
    unimplemented!("{}", sales.0)
}

fn main() {}
