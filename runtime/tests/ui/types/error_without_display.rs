use mlplots::prelude::*;

struct Model;
struct Trouble;

#[train]
fn fit(_run: &Run) -> Result<Model, Trouble> {
    Err(Trouble)
}

fn main() {}
