use mlplots::prelude::*;

struct Sales;

#[plot]
fn prices(_left: &Canvas, _sales: &Sales, _right: &mlplots::Canvas) -> PlotResult {
    Ok(())
}

fn main() {}
