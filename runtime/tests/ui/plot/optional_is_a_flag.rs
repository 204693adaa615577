use mlplots::prelude::*;

struct Sales;

#[plot(optional = true)]
fn assigned(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(optional(true))]
fn list(_sales: &Sales) -> Figure {
    unimplemented!()
}

fn main() {}
