//! What a training may return.

use std::fmt;

use mlplots::prelude::*;

struct Model;
struct Evaluation;

#[derive(Debug)]
struct Trouble;

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("trouble")
    }
}

/// Not an `Error`, as `anyhow::Error` is not.
type Out<T> = Result<T, Trouble>;
type Both = Out<(Model, Evaluation)>;

#[train]
fn nothing(_run: &Run) {}

#[train]
fn unit(_run: &Run) -> () {}

#[train]
fn one(_run: &Run) -> Model {
    Model
}

#[train]
fn tuple(_run: &Run) -> (Model, Evaluation) {
    (Model, Evaluation)
}

#[train]
fn one_tuple(_run: &Run) -> (Model,) {
    (Model,)
}

#[train]
fn result(_run: &Run) -> Result<Model, Trouble> {
    Ok(Model)
}

#[train]
fn result_of_nothing(_run: &Run) -> Result<(), String> {
    Ok(())
}

#[train]
fn alias(_run: &Run) -> Out<Model> {
    Ok(Model)
}

#[train]
fn alias_of_a_tuple(_run: &Run) -> Both {
    Ok((Model, Evaluation))
}

#[train]
fn boxed_error(_run: &Run) -> Result<Model, Box<dyn std::error::Error>> {
    Ok(Model)
}

#[train]
fn io(_run: &Run) -> std::io::Result<(Model, Evaluation)> {
    Ok((Model, Evaluation))
}

#[train]
fn optional(_run: &Run) -> Option<Model> {
    None
}

#[train]
#[allow(unused_parens)]
fn parentheses(_run: &Run) -> (Out<Model>) {
    Ok(Model)
}

fn main() {}
