use mlplots::prelude::*;

use std::rc::Rc;

struct Model(#[allow(dead_code)] Rc<f64>);

#[train]
fn one(_run: &Run) -> Model {
    Model(Rc::new(1.0))
}

#[train]
fn tuple(_run: &Run) -> (Model, String) {
    (Model(Rc::new(1.0)), String::new())
}

#[train]
fn result(_run: &Run) -> Result<Model, String> {
    Ok(Model(Rc::new(1.0)))
}

fn main() {}
