use mlplots::prelude::*;

#[derive(Default, Serialize, Deserialize)]
struct Params {}

#[train]
fn nothing() {}

#[train]
fn params_only(_params: Params) {}

#[train]
fn swapped(_params: Params, _run: &Run) {}

#[train]
fn by_value(_run: Run) {}

#[train]
fn mutable(_run: &mut Run) {}

fn main() {}
