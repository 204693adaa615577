use mlplots::prelude::*;

#[train]
struct Model;

fn main() {}
