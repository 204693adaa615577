use mlplots::prelude::*;

#[plot]
struct Sales;

#[plot]
pub(crate) const PRICE: f64 = 1.0;

#[plot(every = 0)]
mod plots {}

#[plot]
impl Sales {}

fn main() {}
