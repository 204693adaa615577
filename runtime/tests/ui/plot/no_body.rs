use mlplots::prelude::*;

struct Sales;

trait Plots {
    #[plot]
    fn prices(sales: &Sales) -> Figure;
}

fn main() {}
