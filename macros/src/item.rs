//! Parses the function below an attribute, and checks the rules of both attributes.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{
    Attribute as Meta, Error, Expr, ExprLit, FnArg, GenericParam, Ident, Lit, ReturnType, Safety,
    Signature, Token, Type, Visibility, token,
};

use crate::attribute::Attribute;
use crate::report::Report;
use crate::types::{find_word, not_generic, peel};

pub(crate) struct Function {
    pub(crate) ident: Ident,
    /// The doc comment, as the arguments of `concat!`.
    pub(crate) doc: TokenStream,
    /// Whether it is deprecated.
    pub(crate) is_deprecated: bool,
    /// Whether it has a `self` argument, which is reported.
    pub(crate) is_method: bool,
    /// The types of the other arguments.
    pub(crate) arguments: Vec<Type>,
    /// The return type, unless it is the unit.
    pub(crate) output: Option<Type>,
}

impl Function {
    /// The name in the source, without `r#`.
    pub(crate) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }

    /// Parses a function without its body.
    pub(crate) fn parse(
        attribute: Attribute,
        item: TokenStream,
        report: &mut Report,
    ) -> Option<Self> {
        let parser = |input: ParseStream<'_>| {
            let metas = input.call(Meta::parse_outer)?;
            input.parse::<Visibility>()?;
            expect_function(attribute, input)?;
            let signature: Signature = input.parse()?;
            let has_body = input.peek(token::Brace);
            input.parse::<TokenStream>()?;
            Ok((metas, signature, has_body))
        };
        let (metas, signature, has_body) = report.check(parser.parse2(item))?;
        check(attribute, &signature, has_body, report);
        let is_method = signature.receiver().is_some();
        let arguments = signature
            .inputs
            .into_iter()
            .filter_map(|argument| match argument {
                FnArg::Typed(argument) => Some(peel(*argument.ty)),
                FnArg::Receiver(_) => None,
            });
        Some(Self {
            ident: signature.ident,
            doc: doc(&metas),
            is_deprecated: metas.iter().any(|meta| meta.path().is_ident("deprecated")),
            is_method,
            arguments: arguments.collect(),
            output: match signature.output {
                ReturnType::Default => None,
                ReturnType::Type(_, output) => Some(peel(*output)),
            },
        })
    }
}

/// Reports an item that is not a function at its first token.
fn expect_function(attribute: Attribute, input: ParseStream<'_>) -> Result<(), Error> {
    let ahead = input.fork();
    while ahead.peek(Token![const]) || ahead.peek(Token![async]) || ahead.peek(Token![unsafe]) {
        ahead.call(Ident::parse_any)?;
    }
    if ahead.peek(Token![extern]) {
        ahead.parse::<Option<syn::Abi>>()?;
    }
    if ahead.peek(Token![fn]) {
        return Ok(());
    }
    let message = format!(
        "`{}` marks a function: a run could call nothing else",
        attribute.written()
    );
    Err(input.error(message))
}

fn check(attribute: Attribute, signature: &Signature, has_body: bool, report: &mut Report) {
    let noun = attribute.noun();
    if let Some(receiver) = signature.receiver() {
        let why = "a run has no value to call it on";
        report.error(
            receiver.self_token,
            format!("{noun} is a free function, not a method: {why}"),
        );
    } else if let Some(word) = find_word("Self", signature.to_token_stream()) {
        let why = "move it out of the `impl`, and name the type";
        report.error(word, format!("{noun} is a free function: {why}"));
    } else if !has_body {
        report.error(
            &signature.ident,
            format!("{noun} needs a body: there is nothing to call"),
        );
    }
    if let Some(word) = &signature.asyncness {
        let why = "nothing would drive it. Start a runtime in the function, and block on it";
        report.error(word, format!("{noun} cannot be `async`: {why}"));
    }
    if let Safety::Unsafe(word) = &signature.safety {
        let why = "a run calls it, and cannot know what makes that safe";
        report.error(word, format!("{noun} cannot be `unsafe`: {why}"));
    }
    if let Some(abi) = &signature.abi {
        let why = "a panic in it would end the program, and the run with it";
        report.error(
            abi.extern_token,
            format!("{noun} cannot be `extern`: {why}"),
        );
    }
    for parameter in &signature.generics.params {
        match parameter {
            GenericParam::Lifetime(lifetime) => report.error(
                &lifetime.lifetime,
                format!("{noun} names no lifetimes: all that it borrows is lent for one call"),
            ),
            GenericParam::Type(generic) => report.error(&generic.ident, not_generic(attribute)),
            GenericParam::Const(generic) => report.error(&generic.ident, not_generic(attribute)),
        }
    }
    for argument in &signature.inputs {
        let FnArg::Typed(argument) = argument else {
            continue;
        };
        if let Some(meta) = argument
            .attrs
            .iter()
            .find(|meta| meta.path().is_ident("cfg"))
        {
            let why = "it is registered with all of them. Put the `#[cfg]` on the function";
            report.error(
                meta.path(),
                format!("an argument of {noun} cannot depend on `cfg`: {why}"),
            );
        }
    }
}

/// The lines of a doc comment. Other expressions, such as `include_str!`, are left to `concat!`.
fn doc(metas: &[Meta]) -> TokenStream {
    let docs = metas.iter().filter(|meta| meta.path().is_ident("doc"));
    let lines = docs.filter_map(|meta| Some(&meta.meta.require_name_value().ok()?.value));
    let lines = lines.map(|line| match line {
        Expr::Lit(ExprLit {
            lit: Lit::Str(line),
            ..
        }) => {
            let line = line.value();
            line.strip_prefix(' ').unwrap_or(&line).to_token_stream()
        }
        line => line.to_token_stream(),
    });
    lines
        .reduce(|text, line| quote!(#text, "\n", #line))
        .unwrap_or_default()
}
