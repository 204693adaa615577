use mlplots::prelude::*;

struct Sales;

#[train(provides(Sales), provides(Sales))]
fn fit(_run: &Run) {}

fn main() {}
