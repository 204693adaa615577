use mlplots::prelude::*;

struct Array<const N: usize>;

#[plot]
fn of_type<T>(_input: &T) -> Figure {
    unimplemented!()
}

#[plot]
fn of_const<const N: usize>(_input: &Array<N>) -> Figure {
    unimplemented!()
}

#[plot]
fn of_impl(_input: &impl Send) -> Figure {
    unimplemented!()
}

fn main() {}
