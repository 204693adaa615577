use mlplots::prelude::*;

struct Sales;

#[plot(size = (15, 16385))]
fn range(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(size = 800)]
fn one(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(size = (800, 600, 2))]
fn three(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(size = (8.0, 6.0))]
fn inches(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(size(800, 600))]
fn list(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(size = (-800, 99999999999999999999999))]
fn far(_sales: &Sales) -> Figure {
    unimplemented!()
}

fn main() {}
