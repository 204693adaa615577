use mlplots::prelude::*;

struct Sales;

#[plot]
fn number(_canvas: &Canvas, _sales: &Sales) -> u32 {
    1
}

#[plot]
fn figure(_canvas: &Canvas, _sales: &Sales) -> Figure {
    unimplemented!()
}

fn main() {}
