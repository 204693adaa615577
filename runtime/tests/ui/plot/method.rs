use mlplots::prelude::*;

struct Sales;

impl Sales {
    #[plot]
    fn prices(&self) -> Figure {
        unimplemented!()
    }

    #[plot]
    fn of(_sales: &Self) -> Figure {
        unimplemented!()
    }
}

fn main() {}
