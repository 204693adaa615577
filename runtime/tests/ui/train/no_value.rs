use mlplots::prelude::*;

#[train(name)]
fn no_name(_run: &Run) {}

#[train(experiment = )]
fn no_experiment(_run: &Run) {}

#[train(provides)]
fn no_types(_run: &Run) {}

fn main() {}
