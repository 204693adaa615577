use mlplots::prelude::*;

#[train]
fn named<'a>(_run: &'a Run) {}

#[train]
fn of_the_program(_run: &'static Run) {}

fn main() {}
