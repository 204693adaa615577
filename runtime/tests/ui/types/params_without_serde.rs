use mlplots::prelude::*;

#[derive(Default)]
struct Params;

#[train]
fn fit(_run: &Run, _params: Params) {}

fn main() {}
