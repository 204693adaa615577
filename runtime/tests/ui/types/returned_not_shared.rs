use mlplots::prelude::*;

use std::cell::Cell;

struct Model(#[allow(dead_code)] Cell<f64>);

#[train]
fn one(_run: &Run) -> Model {
    Model(Cell::new(1.0))
}

#[train]
fn tuple(_run: &Run) -> (Model, String) {
    (Model(Cell::new(1.0)), String::new())
}

#[train]
fn result(_run: &Run) -> Result<Model, String> {
    Ok(Model(Cell::new(1.0)))
}

fn main() {}
