use mlplots::prelude::*;

#[plot]
fn prices(_sales: &Sales) -> Figure {
    unimplemented!()
}

fn main() {}
