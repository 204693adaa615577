use mlplots::prelude::*;

struct Sales;

#[plot(every = 0)]
fn zero(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(every = -1)]
fn negative(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(every = 5_000_000_000)]
fn large(_sales: &Sales) -> Figure {
    unimplemented!()
}

fn main() {}
