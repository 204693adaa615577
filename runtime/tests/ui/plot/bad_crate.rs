use mlplots::prelude::*;

struct Sales;

#[plot(crate = "mlplots")]
fn text(_sales: &Sales) -> Figure {
    unimplemented!()
}

fn main() {}
