use mlplots::prelude::*;

struct Sales;

trait Plots {
    #[plot]
    fn prices(_sales: &Sales) -> Figure;
}

fn main() {}
