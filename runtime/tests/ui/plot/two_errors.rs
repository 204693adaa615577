use mlplots::prelude::*;

struct Sales;

#[plot(nmae = "prices", every = 0)]
async fn prices<T>(_sales: &mut Sales) -> Figure {
    unimplemented!()
}

// The function is still there: what uses it has no errors of its own.
fn caller() {
    let _ = prices::<u32>;
}

fn main() {}
