use mlplots::prelude::*;

struct Sales;
struct Plots;

impl Plots {
    #[plot]
    fn prices(_sales: &Sales) -> Figure {
        unimplemented!()
    }
}

fn main() {}
