use mlplots::prelude::*;

#[train(name = "fit@home")]
fn character(_run: &Run) {}

#[train(name = "")]
fn empty(_run: &Run) {}

#[train(name = "a//b")]
fn parts(_run: &Run) {}

#[train(name = "../fit")]
fn upwards(_run: &Run) {}

#[train(name = NAME)]
fn constant(_run: &Run) {}

const NAME: &str = "fit";

fn main() {}
