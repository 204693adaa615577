use mlplots::prelude::*;

struct Sales;

#[plot(dir = "/tmp")]
fn absolute(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(dir = "sales/../../secrets")]
fn upwards(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(dir = "sales/")]
fn slash(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(dir = "")]
fn empty(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(dir = r"C:\plots")]
fn drive(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(dir = "mlplots/figures")]
fn ours(_sales: &Sales) -> Figure {
    unimplemented!()
}

fn main() {}
