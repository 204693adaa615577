use mlplots::prelude::*;

#[train]
fn fit<T: Default>(_run: &Run, _params: T) {}

#[train]
fn fit_impl(_run: &Run, _params: impl Default) {}

fn main() {}
