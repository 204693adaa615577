use mlplots::prelude::*;

struct Sales;

const NAME: &str = "prices";
const WIDTH: u32 = 640;

#[plot(name = NAME)]
fn named(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(dir = concat!("a", "b"))]
fn placed(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(size = (WIDTH, 480))]
fn sized(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(every = "2", timeout = 1.5)]
fn counted(_sales: &Sales) -> Figure {
    unimplemented!()
}

fn main() {}
