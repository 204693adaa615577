use mlplots::prelude::*;

struct Sales;

#[train(provides())]
fn nothing(_run: &Run) {}

#[train(provides = Sales)]
fn assigned(_run: &Run) {}

#[train(provides(Sales, Sales))]
fn repeated(_run: &Run) {}

#[train(provides(&Sales))]
fn reference(_run: &Run) {}

#[train(provides([f64], dyn Send))]
fn no_size(_run: &Run) {}

#[train(provides("Sales"))]
fn text(_run: &Run) {}

fn main() {}
