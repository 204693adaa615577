use mlplots::prelude::*;

struct Sales;

#[plot(name = "a", optional, name = "b")]
fn prices(_sales: &Sales) -> Figure {
    unimplemented!()
}

fn main() {}
