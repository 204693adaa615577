use mlplots::prelude::*;

#[derive(Serialize, Deserialize)]
struct Params {}

#[train]
fn fit(_run: &Run, _params: Params) {}

fn main() {}
