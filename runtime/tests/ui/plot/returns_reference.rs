use mlplots::prelude::*;

#[plot]
fn prices(figure: &Figure) -> &Figure {
    figure
}

fn main() {}
