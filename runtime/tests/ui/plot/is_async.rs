use mlplots::prelude::*;

struct Sales;

#[plot]
async fn prices(_sales: &Sales) -> Figure {
    unimplemented!()
}

fn main() {}
