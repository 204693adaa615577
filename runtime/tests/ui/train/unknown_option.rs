use mlplots::prelude::*;

#[train(experimnt = "Apples")]
fn fit(_run: &Run) {}

fn main() {}
