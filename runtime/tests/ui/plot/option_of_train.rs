use mlplots::prelude::*;

struct Sales;

#[plot(experiment = "Apples")]
fn prices(_sales: &Sales) -> Figure {
    unimplemented!()
}

fn main() {}
