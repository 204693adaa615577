use mlplots::prelude::*;

struct Trainer;

impl Trainer {
    #[train]
    fn fit(&self, _run: &Run) {}
}

fn main() {}
