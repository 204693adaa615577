use mlplots::prelude::*;

#[train]
extern "C" fn fit(_run: &Run) {}

fn main() {}
