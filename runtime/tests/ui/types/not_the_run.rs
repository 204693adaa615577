use mlplots::prelude::*;

struct Sales;

#[train]
fn fit(_sales: &Sales) {}

fn main() {}
