use mlplots::prelude::*;

#[train]
unsafe fn fit(_run: &Run) {}

fn main() {}
