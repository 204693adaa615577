use mlplots::prelude::*;

#[train]
async fn fit(_run: &Run) {}

fn main() {}
