use mlplots::prelude::*;

#[plot]
fn slice(_prices: &[f64]) -> Figure {
    unimplemented!()
}

#[plot]
fn text(_name: &str) -> Figure {
    unimplemented!()
}

#[plot]
fn object(_model: &dyn Send) -> Figure {
    unimplemented!()
}

#[plot]
fn object_and_more(_model: &(dyn Send + Sync)) -> Figure {
    unimplemented!()
}

#[plot]
fn twice_borrowed(_model: &&String) -> Figure {
    unimplemented!()
}

fn main() {}
