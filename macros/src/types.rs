//! The syntactic checks of types. The compiler checks the rest.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Type, TypeReference};

use crate::attribute::Attribute;
use crate::report::Report;

/// The type inside parentheses, or inside the invisible ones of a `macro_rules` argument.
pub(crate) fn peel(ty: Type) -> Type {
    match ty {
        Type::Paren(inner) => peel(*inner.elem),
        Type::Group(inner) => peel(*inner.elem),
        ty => ty,
    }
}

/// The first occurrence of a word in tokens.
pub(crate) fn find_word(word: &str, tokens: TokenStream) -> Option<Ident> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if ident == word => Some(ident),
        TokenTree::Group(group) => find_word(word, group.stream()),
        _ => None,
    })
}

/// The type as the user writes it.
pub(crate) fn written(ty: &Type) -> String {
    let spaced = ty.to_token_stream().to_string();
    let tight = [
        (" ::", "::"),
        (":: ", "::"),
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ,", ","),
        (" ;", ";"),
    ];
    tight
        .iter()
        .fold(spaced, |text, (spaced, tight)| text.replace(spaced, tight))
}

/// Whether two types have the same tokens.
pub(crate) fn same(one: &Type, other: &Type) -> bool {
    written(one) == written(other)
}

pub(crate) fn not_generic(attribute: Attribute) -> String {
    let noun = attribute.noun();
    format!("{noun} cannot be generic: it is registered once, for the types that it names")
}

/// Reports a type that a run cannot hold. Returns whether it can.
pub(crate) fn check_owned(attribute: Attribute, ty: &Type, report: &mut Report) -> bool {
    let (at, why) = match ty {
        Type::Slice(_) => (ty.to_token_stream(), UNSIZED.replace("{}", "Vec<T>")),
        Type::Path(path) if path.path.is_ident("str") => {
            (ty.to_token_stream(), UNSIZED.replace("{}", "String"))
        }
        Type::TraitObject(object) => (
            object.dyn_token.to_token_stream(),
            "name the value's own type: what a run provides is found by its type".to_owned(),
        ),
        Type::ImplTrait(object) => (object.impl_token.to_token_stream(), not_generic(attribute)),
        Type::Reference(borrow) => (
            borrow.and_token.to_token_stream(),
            "name the type without this `&`: a run owns what it provides".to_owned(),
        ),
        _ => return true,
    };
    report.error(at, why);
    false
}

const UNSIZED: &str = "a run owns what it provides, and the size of this is not known: name `{}`, \
                       or a struct that says what it is";

/// Checks that an argument is a shared reference `&T` without a lifetime.
pub(crate) fn check_borrow(
    attribute: Attribute,
    borrow: &TypeReference,
    not_mutable: &str,
    report: &mut Report,
) {
    if let Some(word) = &borrow.mutability {
        report.error(word, not_mutable);
    }
    if let Some(lifetime) = borrow
        .lifetime
        .as_ref()
        .filter(|lifetime| lifetime.ident == "static")
    {
        let noun = attribute.noun();
        report.error(
            lifetime,
            format!("{noun} borrows for one call only: remove this"),
        );
    }
}
