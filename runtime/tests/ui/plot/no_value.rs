use mlplots::prelude::*;

struct Sales;

#[plot(name)]
fn no_name(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(name =, every, size)]
fn nothing_after(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(formats, crate)]
fn no_list(_sales: &Sales) -> Figure {
    unimplemented!()
}

fn main() {}
