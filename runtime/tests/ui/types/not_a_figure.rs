use mlplots::prelude::*;

struct Sales;

#[plot]
fn number(_sales: &Sales) -> u32 {
    1
}

#[plot]
fn number_or_error(_sales: &Sales) -> Result<u32, String> {
    Ok(1)
}

#[plot]
fn maybe(_sales: &Sales) -> Option<Figure> {
    None
}

fn main() {}
