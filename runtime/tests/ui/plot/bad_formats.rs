use mlplots::prelude::*;

struct Sales;

#[plot(formats(png, pdf))]
fn unknown(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(formats(png, svg, png))]
fn repeated(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(formats())]
fn empty(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(formats("svg"))]
fn text(_sales: &Sales) -> Figure {
    unimplemented!()
}

#[plot(formats = svg)]
fn assigned(_sales: &Sales) -> Figure {
    unimplemented!()
}

fn main() {}
