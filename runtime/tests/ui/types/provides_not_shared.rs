use mlplots::prelude::*;

use std::cell::Cell;

#[train(provides(Cell<f64>))]
fn fit(_run: &Run) {}

fn main() {}
