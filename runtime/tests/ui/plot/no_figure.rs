use mlplots::prelude::*;

struct Sales;

#[plot]
fn prices(_sales: &Sales) {}

fn main() {}
