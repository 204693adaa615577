//! What a plot may look at and return.

use std::collections::HashMap;
use std::path::PathBuf;

use mlplots::prelude::*;

struct Sales {
    prices: Vec<f64>,
}

struct Table<const N: usize>([f64; N]);

struct Named<'a>(&'a str);

mod deep {
    pub struct Model;
}

#[plot]
fn destructured(Sales { prices }: &Sales) -> Svg {
    Svg(prices.len().to_string())
}

#[plot]
fn unused(_: &Sales, _table: &Table<3>) -> Svg {
    Svg(String::new())
}

#[plot]
fn paths(
    model: &deep::Model,
    map: &HashMap<String, Vec<f64>>,
    absolute: &::std::string::String,
) -> Svg {
    let _ = (model, map, absolute);
    Svg(String::new())
}

#[plot]
#[allow(unused_parens)]
fn shapes(
    array: &[f64; 3],
    tuple: &(f64, f64),
    call: &fn(f64) -> f64,
    parentheses: &(Sales),
) -> Svg {
    let _ = (array, tuple, call, parentheses);
    Svg(String::new())
}

#[plot]
fn elided(named: &Named<'_>) -> Svg {
    Svg(named.0.to_owned())
}

#[plot]
fn of_the_program(named: &Named<'static>) -> Svg {
    Svg(named.0.to_owned())
}

#[plot]
fn canvas_last(sales: &Sales, canvas: &mlplots::Canvas) -> PlotResult {
    let _ = (sales, canvas);
    Ok(())
}

#[plot]
fn own_error(canvas: &Canvas, sales: &Sales) -> Result<(), String> {
    let _ = (sales, canvas);
    Ok(())
}

#[plot]
fn hidden(sales: &Sales) -> impl IntoFigure + use<> {
    Svg(sales.prices.len().to_string())
}

#[plot]
fn saved(sales: &Sales) -> std::io::Result<PathBuf> {
    Ok(PathBuf::from(format!("{}.png", sales.prices.len())))
}

/// Two figures of one function.
#[plot]
#[plot(name = "twice - larger", size = (1600, 1200))]
fn twice(sales: &Sales) -> Svg {
    Svg(sales.prices.len().to_string())
}

#[plot]
const fn constant(_: &Sales) -> Html {
    Html(String::new())
}

fn main() {
    let sales = Sales { prices: vec![1.0] };
    assert_eq!(destructured(&sales).0, "1");
}
