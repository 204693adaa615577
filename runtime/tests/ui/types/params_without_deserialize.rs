use mlplots::prelude::*;

#[derive(Default, Serialize)]
struct Params {}

#[train]
fn fit(_run: &Run, _params: Params) {}

fn main() {}
