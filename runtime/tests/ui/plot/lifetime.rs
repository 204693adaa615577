use mlplots::prelude::*;

struct Sales;

#[plot]
fn named<'a>(_sales: &'a Sales) -> Figure {
    unimplemented!()
}

#[plot]
fn of_the_program(_sales: &'static Sales) -> Figure {
    unimplemented!()
}

fn main() {}
