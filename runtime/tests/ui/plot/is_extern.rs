use mlplots::prelude::*;

struct Sales;

#[plot]
extern "C" fn prices(_sales: &Sales) -> Figure {
    unimplemented!()
}

fn main() {}
