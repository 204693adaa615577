use mlplots::prelude::*;

use std::rc::Rc;

#[train(provides(Rc<f64>))]
fn fit(_run: &Run) {}

fn main() {}
