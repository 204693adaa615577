use mlplots::prelude::*;

#[derive(Default, Serialize, Deserialize)]
struct Params {}
struct Sales;

#[train]
fn fit(_run: &Run, _params: Params, _sales: &Sales) {}

fn main() {}
