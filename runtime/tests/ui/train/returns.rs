use mlplots::prelude::*;

struct Model;

#[train]
fn reference(_run: &Run) -> &Model {
    &Model
}

#[train]
fn hidden(_run: &Run) -> impl Send + use<> {
    Model
}

#[train]
fn hidden_in_a_result(_run: &Run) -> Result<impl Send + use<>, String> {
    Ok(Model)
}

#[train]
fn never(_run: &Run) -> ! {
    unimplemented!()
}

fn main() {}
