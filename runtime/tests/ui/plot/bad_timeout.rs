use mlplots::prelude::*;

struct Sales;

#[plot(timeout = 0)]
fn zero(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(timeout = "60s")]
fn text(_sales: &Sales) -> Figure {
    unimplemented!()
}

fn main() {}
