use mlplots::prelude::*;

#[train(experiment = " ")]
fn empty(_run: &Run) {}

#[train(experiment = "two\nlines")]
fn lines(_run: &Run) {}

#[train(experiment("Apples"))]
fn list(_run: &Run) {}

fn main() {}
