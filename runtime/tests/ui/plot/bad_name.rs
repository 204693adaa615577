use mlplots::prelude::*;

struct Sales;

#[plot(name = "sales/prices")]
fn path(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(name = "prices?")]
fn character(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(name = "")]
fn empty(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(name = "..")]
fn dots(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(name = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789")]
fn long(_sales: &Sales) -> Figure {
    unimplemented!()
}

fn main() {}
