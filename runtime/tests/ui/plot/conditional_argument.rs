use mlplots::prelude::*;

struct Sales;

#[plot]
fn prices(_sales: &Sales, #[cfg(debug_assertions)] _debug: &String) -> Figure {
    unimplemented!()
}

fn main() {}
