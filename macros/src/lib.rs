//! The `#[train]` and `#[plot]` attributes of [mlplots]: use them through it.
//!
//! An attribute leaves its function as it is, and appends an entry for the program's registry. It
//! works in three steps: the attribute's options and the function's signature are read, all that is
//! wrong with them is reported together, and what is right is expanded, which cannot fail.
//!
//! [mlplots]: https://docs.rs/mlplots

#![forbid(unsafe_code)]

mod args;
mod attribute;
mod expand;
mod item;
mod names;
mod plot;
#[cfg(test)]
mod random;
mod report;
#[cfg(test)]
mod tests;
mod train;
mod types;

use proc_macro::TokenStream;

use attribute::Attribute;

#[doc = include_str!("../docs/train.md")]
#[proc_macro_attribute]
pub fn train(args: TokenStream, item: TokenStream) -> TokenStream {
    Attribute::Train.expand(args.into(), item.into()).into()
}

#[doc = include_str!("../docs/plot.md")]
#[proc_macro_attribute]
pub fn plot(args: TokenStream, item: TokenStream) -> TokenStream {
    Attribute::Plot.expand(args.into(), item.into()).into()
}
