use mlplots::prelude::*;

struct Model<'a>(#[allow(dead_code)] &'a Run);

#[train]
fn fit(run: &Run) -> Model<'_> {
    Model(run)
}

fn main() {}
