use mlplots::prelude::*;

#[train(experimnt = "Apples", name = "")]
async fn fit(_run: Run) {}

fn main() {}
