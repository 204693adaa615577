//! How options may be written.

mod inner {
    pub use mlplots as plots;
}

use mlplots::prelude::*;

struct Sales;

#[plot()]
fn empty(_: &Sales) -> Svg {
    Svg(String::new())
}

#[plot(optional)]
fn trailing_comma(_: &Sales) -> Svg {
    Svg(String::new())
}

#[plot(
    name = r"all options",
    dir = "deep/folder",
    size = (16, 16384),
    formats(svg, png,),
    every = 10,
    optional,
    timeout = 3_600,
    crate = inner::plots,
)]
fn all(_: &Sales) -> Svg {
    Svg(String::new())
}

#[train(name = "val/loss: a b", experiment = "/Shared/Äpfel", provides(Sales, Vec<(f64, f64)>), crate = ::mlplots)]
fn all_of_train(_: &Run) {}

/// One,
/// two,
#[doc = concat!("th", "ree")]
#[doc = include_str!("options.rs")]
#[doc(alias = "plot")]
#[plot]
fn documented(_: &Sales) -> Svg {
    Svg(String::new())
}

#[cfg(any())]
#[plot]
fn left_out(_: &Nothing) -> Svg {
    Svg(String::new())
}

macro_rules! plots {
    ($crate_of_macro:path; $($name:ident, $title:literal, $side:literal, $input:ty, $reference:ty);*) => {$(
        #[doc = $title]
        #[plot(name = $title, size = ($side, $side), crate = $crate_of_macro)]
        fn $name(_: &$input, _: $reference) -> Svg {
            Svg(String::new())
        }
    )*};
}

plots! {
    mlplots;
    first, "first by macro", 640, Sales, &(f64, f64);
    second, "second by macro", 800, Sales, &[f64; 2]
}

macro_rules! plot_by_dollar_crate {
    ($name:ident) => {
        #[plot(crate = $crate::inner::plots)]
        fn $name(_: &Sales) -> Svg {
            Svg(String::new())
        }
    };
}

plot_by_dollar_crate!(third);

#[plot(crate = crate::inner::plots)]
fn by_crate(_: &Sales) -> Svg {
    Svg(String::new())
}

fn main() {}
