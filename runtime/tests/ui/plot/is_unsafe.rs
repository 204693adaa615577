use mlplots::prelude::*;

struct Sales;

#[plot]
unsafe fn prices(_sales: &Sales) -> Figure {
    unimplemented!()
}

fn main() {}
