use mlplots::prelude::*;

#[train(dir = "evaluation", timeout = 60)]
fn fit(_run: &Run) {}

fn main() {}
