use mlplots::prelude::*;

struct Sales;

#[plot(name = "prices" dir = "sales")]
fn after_text(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(optional every = 2)]
fn after_flag(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(formats(png) optional)]
fn after_list(_sales: &Sales) -> Figure {
    unimplemented!()
}

fn main() {}
