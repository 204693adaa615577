use mlplots::prelude::*;

struct Sales;

#[plot(nmae = "prices")]
fn prices(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot("prices")]
fn more_prices(_sales: &Sales) -> Figure {
    unimplemented!()
}

fn main() {}
