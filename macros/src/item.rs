//! The functions that the attributes stand on, checked for all that syntax can show.

use proc_macro2::{Ident, Span, TokenStream};
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, ExprLit, FnArg, ItemFn, Lit, Meta, PatType, Result, ReturnType, Safety, Signature, Type};

use crate::report::Report;

/// A training function that can be registered.
pub(crate) struct TrainFn {
    pub(crate) name: Ident,
    pub(crate) doc: String,
    pub(crate) returns: Type,
    pub(crate) params: Option<Type>,
}

/// A plot function that can be registered.
pub(crate) struct PlotFn {
    pub(crate) name: Ident,
    pub(crate) doc: String,
    /// Its arguments in order; `None` is the canvas.
    pub(crate) inputs: Vec<Option<Type>>,
}

/// Reads a free function, or says what stands there instead.
pub(crate) fn function(tokens: TokenStream, attribute: &str) -> Result<ItemFn> {
    let span = tokens.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span());
    syn::parse2(tokens).map_err(|_| Error::new(span, format!("`#[{attribute}]` stands on a free function")))
}

pub(crate) fn train(function: &ItemFn, report: &mut Report) -> Option<TrainFn> {
    let signature = &function.sig;
    plain(signature, "training", report);
    let returns = match &signature.output {
        ReturnType::Default => syn::parse_quote!(()),
        ReturnType::Type(_, ty) => (**ty).clone(),
    };
    match &returns {
        Type::ImplTrait(it) => report.add(Error::new(it.impl_token.span, "a training returns a named type: plots find what it returns by its type")),
        Type::Reference(it) => report.add(Error::new(it.and_token.span, "a training returns what it made, not a reference: plots outlive its variables")),
        _ => {}
    }
    let shape = "a training is `fn name(run: &Run)` or `fn name(run: &Run, params: Params)`";
    let arguments = typed(signature, report)?;
    let mut arguments = arguments.into_iter();
    match arguments.next().map(|argument| &*argument.ty) {
        None => report.add(Error::new(signature.ident.span(), format!("the run is missing: {shape}"))),
        Some(Type::Reference(reference)) if reference.mutability.is_none() => {}
        Some(Type::Reference(reference)) => report.add(Error::new(reference.and_token.span, "the run is shared: it is `&Run`, without `mut`")),
        Some(other) => report.add(Error::new(other.span(), format!("the first argument is the run, by reference: {shape}"))),
    }
    let params = arguments.next().map(|argument| (*argument.ty).clone());
    if let Some(Type::Reference(reference)) = &params {
        report.add(Error::new(reference.and_token.span, "params are handed over by value: `params: Params`"));
    }
    if let Some(more) = arguments.next() {
        report.add(Error::new(more.pat.span(), format!("one argument too many: {shape}")));
    }
    Some(TrainFn { name: signature.ident.clone(), doc: doc(&function.attrs), returns, params })
}

pub(crate) fn plot(function: &ItemFn, report: &mut Report) -> Option<PlotFn> {
    let signature = &function.sig;
    plain(signature, "plot", report);
    if let ReturnType::Default = signature.output {
        report.add(Error::new(signature.ident.span(), "a plot returns its figure: `-> Figure`, or `-> PlotResult` when it draws on a canvas"));
    }
    let arguments = typed(signature, report)?;
    let mut inputs: Vec<Option<Type>> = Vec::new();
    let mut written: Vec<String> = Vec::new();
    for argument in arguments {
        match input(argument) {
            Ok(input) => {
                let text = input.as_ref().map_or_else(|| "Canvas".to_owned(), crate::expand::written);
                if written.contains(&text) {
                    let why = match &input {
                        Some(_) => format!("`&{text}` stands here twice: both would be the same value; wrap one in a type of its own"),
                        None => "a plot draws on one canvas".to_owned(),
                    };
                    report.add(Error::new(argument.ty.span(), why));
                }
                written.push(text);
                inputs.push(input);
            }
            Err(error) => report.add(error),
        }
    }
    if signature.inputs.is_empty() || (!inputs.is_empty() && inputs.iter().all(Option::is_none)) {
        report.add(Error::new(signature.ident.span(), "a plot looks at something that the run provides: `fn name(sales: &Sales)`"));
    }
    Some(PlotFn { name: signature.ident.clone(), doc: doc(&function.attrs), inputs })
}

/// An argument of a plot; `None` is the canvas.
fn input(argument: &PatType) -> Result<Option<Type>> {
    let Type::Reference(reference) = &*argument.ty else {
        return Err(Error::new(argument.ty.span(), "a plot looks at its inputs by reference, `&T`: they are shared with other plots"));
    };
    if let Some(mutable) = &reference.mutability {
        return Err(Error::new(mutable.span, "an input is frozen: `&T`, without `mut`"));
    }
    if let Some(lifetime) = &reference.lifetime {
        return Err(Error::new(lifetime.span(), "an input needs no lifetime: `&T`"));
    }
    match &*reference.elem {
        Type::Slice(slice) => Err(Error::new(slice.bracket_token.span.open(), "a run provides whole values: take `&Vec<T>`, or a struct of yours that holds it")),
        Type::TraitObject(object) => Err(Error::new(object.span(), "a run provides values of a named type, not `dyn`")),
        Type::ImplTrait(it) => Err(Error::new(it.impl_token.span, "a run provides values of a named type, not `impl`")),
        Type::Path(path) if path.path.is_ident("str") => Err(Error::new(path.path.span(), "a run provides whole values: take `&String`, or a struct of yours that holds it")),
        Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Canvas") => Ok(None),
        other => Ok(Some(other.clone())),
    }
}

/// What holds for every registered function.
fn plain(signature: &Signature, what: &str, report: &mut Report) {
    let mut refuse = |span: Span, why: &str| report.add(Error::new(span, format!("a {what} {why}")));
    if let Some(token) = &signature.asyncness {
        refuse(token.span, "is called by mlplots, which has no async runtime: it cannot be `async`");
    }
    if let Safety::Unsafe(token) = &signature.safety {
        refuse(token.span, "is called by mlplots, which cannot uphold a contract: it cannot be `unsafe`");
    }
    if let Some(abi) = &signature.abi {
        refuse(abi.extern_token.span, "is a Rust function: it cannot be `extern`");
    }
    if let Some(parameter) = signature.generics.params.first() {
        refuse(parameter.span(), "is registered once, so it cannot be generic");
    }
    if let Some(clause) = &signature.generics.where_clause {
        refuse(clause.where_token.span, "is registered once, so it cannot be generic");
    }
}

/// The arguments, if it is a function and not a method.
fn typed<'a>(signature: &'a Signature, report: &mut Report) -> Option<Vec<&'a PatType>> {
    let mut arguments = Vec::new();
    for argument in &signature.inputs {
        match argument {
            FnArg::Typed(argument) => arguments.push(argument),
            FnArg::Receiver(receiver) => {
                report.add(Error::new(receiver.self_token.span, "a method cannot be registered; write a free function"));
                return None;
            }
        }
    }
    Some(arguments)
}

/// The doc comment as text.
fn doc(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter(|attribute| attribute.path().is_ident("doc")).filter_map(|attribute| {
        let Meta::NameValue(pair) = &attribute.meta else { return None };
        let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value else { return None };
        Some(text.value().trim().to_owned())
    });
    lines.collect::<Vec<_>>().join("\n")
}
