//! The `#[train]` and `#[plot]` attributes of [mlplots]: use them through it.
//!
//! An attribute keeps its function unchanged and appends an entry of the registry, in three steps:
//! it parses the options and the signature, reports all errors together, and expands the valid
//! model, which cannot fail.
//!
//! [mlplots]: https://docs.rs/mlplots

#![forbid(unsafe_code)]

mod args;
mod attribute;
mod expand;
mod item;
mod plot;
#[cfg(test)]
mod random;
mod report;
#[cfg(test)]
mod tests;
mod train;
mod types;

use proc_macro::TokenStream;

use args::Args;
use attribute::Attribute;
use item::Function;
use plot::Plot;
use report::Report;
use train::Train;

#[doc = include_str!("../docs/train.md")]
#[proc_macro_attribute]
pub fn train(args: TokenStream, item: TokenStream) -> TokenStream {
    expand(Attribute::Train, args.into(), item.into()).into()
}

#[doc = include_str!("../docs/plot.md")]
#[proc_macro_attribute]
pub fn plot(args: TokenStream, item: TokenStream) -> TokenStream {
    expand(Attribute::Plot, args.into(), item.into()).into()
}

/// The function unchanged, followed by its registration or its errors. The function stays even when
/// there are errors, so that the code that calls it has none of its own.
fn expand(
    attribute: Attribute,
    args: proc_macro2::TokenStream,
    item: proc_macro2::TokenStream,
) -> proc_macro2::TokenStream {
    let mut report = Report::default();
    let mut tokens = item.clone();
    let args = Args::parse(attribute, args, &mut report);
    let function = Function::parse(attribute, item, &mut report);
    let registration = function.and_then(|function| match attribute {
        Attribute::Train => Train::check(&args, function, &mut report).map(|train| train.expand()),
        Attribute::Plot => Some(Plot::check(&args, function, &mut report).expand()),
    });
    tokens.extend(report.into_tokens().or(registration));
    tokens
}
