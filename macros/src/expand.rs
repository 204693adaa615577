//! From a checked model to code; nothing here can fail.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{LitStr, Path, Type};

use crate::args::{self, PlotArgs, TrainArgs};
use crate::item::{self, PlotFn, TrainFn};
use crate::report::Report;

/// `#[train]`: the item as it is, and its registration or its mistakes.
pub(crate) fn train(arguments: TokenStream, tokens: TokenStream) -> TokenStream {
    let mut report = Report::default();
    let args = args::train(arguments, &mut report);
    let function = report.keep(item::function(tokens.clone(), "train"));
    let model = function.and_then(|function| item::train(&function, &mut report));
    beside(tokens, report, model.map(|model| train_entry(&args, &model)))
}

/// `#[plot]`: the item as it is, and its registration or its mistakes.
pub(crate) fn plot(arguments: TokenStream, tokens: TokenStream) -> TokenStream {
    let mut report = Report::default();
    let args = args::plot(arguments, &mut report);
    let function = report.keep(item::function(tokens.clone(), "plot"));
    let model = function.and_then(|function| item::plot(&function, &mut report));
    beside(tokens, report, model.map(|model| plot_entry(&args, &model)))
}

/// The item always stays: without it every use of it would be a mistake as well.
fn beside(item: TokenStream, report: Report, entry: Option<TokenStream>) -> TokenStream {
    let added = report.into_errors().or(entry);
    quote!(#item #added)
}

fn train_entry(args: &TrainArgs, train: &TrainFn) -> TokenStream {
    let door = door(args.root.as_ref());
    let TrainFn { name, doc, returns, params } = train;
    let title = title(args.name.as_ref(), name);
    let experiment = option(args.experiment.as_ref());
    let provides = args.provides.iter().map(|ty| input(&door, ty));
    let (spec, call) = match params {
        Some(ty) => (
            quote_spanned!(ty.span()=> ::core::option::Option::Some(#door::Params::of::<#ty>())),
            quote!(#name(run, #door::params_from::<#ty>(params)?)),
        ),
        None => (quote!(::core::option::Option::None), quote!({ let _ = params; #name(run) })),
    };
    let place = place(name);
    quote! {
        const _: () = {
            #[allow(unused_imports, clippy::let_unit_value, clippy::unit_arg)]
            fn train(
                run: &#door::Run,
                params: ::core::option::Option<#door::Value>,
            ) -> ::core::result::Result<(), ::std::string::String> {
                use #door::{OutcomePlain as _, ValuesOne as _};
                #door::Outcome(#call).ok().map(|values| #door::Values(values).provide(run))
            }

            #[allow(unused_imports)]
            fn returns() -> ::std::vec::Vec<#door::Input> {
                use #door::{ReturnsOne as _, ReturnsPlain as _};
                #door::Returns::<#returns>::NEW.ok().inputs()
            }

            #door::inventory::submit! {
                #door::Train {
                    name: #title,
                    experiment: #experiment,
                    #place,
                    doc: #doc,
                    provides: &[#(#provides),*],
                    returns,
                    params: #spec,
                    run: train,
                }
            }
        };
    }
}

fn plot_entry(args: &PlotArgs, plot: &PlotFn) -> TokenStream {
    let door = door(args.root.as_ref());
    let PlotFn { name, doc, inputs } = plot;
    let title = title(args.name.as_ref(), name);
    let dir = option(args.dir.as_ref().map(|dir| dir.value().trim_end_matches('/').to_owned()).as_ref());
    let size = option(args.size.map(|(width, height)| quote!((#width, #height))).as_ref());
    let formats = if args.formats.is_empty() {
        quote!(#door::Format::Png)
    } else {
        let variants = args.formats.iter().map(|format| match format.to_string().as_str() {
            "svg" => quote!(#door::Format::Svg),
            _ => quote!(#door::Format::Png),
        });
        quote!(#(#variants),*)
    };
    let every = args.every.unwrap_or(1);
    let optional = args.optional;
    let timeout = option(args.timeout.as_ref());
    let types: Vec<&Type> = inputs.iter().flatten().collect();
    let entries = types.iter().map(|ty| input(&door, ty));
    let mut number = 0_usize;
    let arguments = inputs.iter().map(|argument| match argument {
        None => quote!(canvas),
        Some(ty) => {
            let place = number;
            number += 1;
            quote_spanned!(ty.span()=> inputs.get::<#ty>(#place))
        }
    });
    let call = quote!(#name(#(#arguments),*));
    let draw = if types.len() < inputs.len() {
        quote!(#door::canvas(spec, |canvas| #call))
    } else {
        quote!(#door::output(spec, #call))
    };
    let place = place(name);
    quote! {
        const _: () = {
            fn draw(
                inputs: &#door::Inputs,
                spec: &#door::Spec,
            ) -> ::core::result::Result<#door::Output, ::std::string::String> {
                #draw
            }

            #door::inventory::submit! {
                #door::Plot {
                    name: #title,
                    dir: #dir,
                    size: #size,
                    formats: &[#formats],
                    every: #every,
                    optional: #optional,
                    timeout: #timeout,
                    #place,
                    doc: #doc,
                    inputs: &[#(#entries),*],
                    draw,
                }
            }
        };
    }
}

/// Where the function is, by the place of its name.
fn place(name: &Ident) -> TokenStream {
    let line = quote_spanned!(name.span()=> ::core::line!());
    quote!(module: ::core::module_path!(), file: ::core::file!(), line: #line)
}

/// The one door of the runtime.
fn door(root: Option<&Path>) -> TokenStream {
    match root {
        Some(root) => quote!(#root::__private),
        None => quote!(::mlplots::__private),
    }
}

/// The given name, or the function's own without `r#`.
fn title(given: Option<&LitStr>, name: &Ident) -> String {
    given.map_or_else(|| name.to_string().trim_start_matches("r#").to_owned(), LitStr::value)
}

fn option<T: ToTokens>(value: Option<&T>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

/// A type by identity and as the source writes it. The type check points at the type.
fn input(door: &TokenStream, ty: &Type) -> TokenStream {
    let written = written(ty);
    quote_spanned!(ty.span()=> #door::Input::of::<#ty>(#written))
}

/// A type as a person writes it.
pub(crate) fn written(ty: &Type) -> String {
    let mut text = ty.to_token_stream().to_string();
    for (spaced, tight) in [(" :: ", "::"), (":: ", "::"), (" < ", "<"), ("< ", "<"), (" >", ">"), (" ,", ","), ("& ", "&"), (" ;", ";")] {
        text = text.replace(spaced, tight);
    }
    text
}
