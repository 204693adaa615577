use mlplots::prelude::*;

#[plot]
fn residuals(_y_true: &Vec<f64>, _y_pred: &Vec<f64>) -> Figure {
    unimplemented!()
}

fn main() {}
