//! Attributes with random arguments: there is always an answer, and it is source.

use proc_macro2::TokenStream;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::attribute::Attribute;

/// Tokens that the options are made of, and others.
const TOKENS: &[&str] = &[
    "name",
    "dir",
    "size",
    "formats",
    "every",
    "optional",
    "timeout",
    "crate",
    "experiment",
    "provides",
    "png",
    "svg",
    "pdf",
    "x",
    "r#name",
    "r#try",
    "_",
    "self",
    "fn",
    "'a",
    "=",
    "=",
    "=",
    ",",
    ",",
    ",",
    ":",
    "::",
    "&",
    "->",
    "!",
    "#",
    "-",
    "<",
    ">",
    ".",
    "..",
    "$",
    "0",
    "1",
    "300",
    "1u8",
    "1.5",
    "0xff",
    "4294967296",
    "99999999999999999999999",
    "\"\"",
    "\"a\"",
    "\"a/b\"",
    "\"..\"",
    "\"{}\"",
    "\"\\u{0}\"",
    "r\"x\"",
    "b\"x\"",
    "c\"x\"",
    "'c'",
    "b'c'",
    "true",
    "Vec<u8>",
    "A",
    "mlplots",
];

const FUNCTIONS: &[&str] = &[
    "fn f(x: &X) -> Figure {}",
    "/// Doc.\npub fn f(canvas: &Canvas, x: &X) -> PlotResult { Ok(()) }",
    "fn f(run: &Run, params: P) -> Result<M, E> {}",
    "fn f(run: &Run) {}",
    "async unsafe extern \"C\" fn f<T, const N: usize>(x: &mut T, [y, z]: [T; N]) -> &T {}",
    "fn f(&self) {}",
    "fn f()",
    "struct S;",
    "",
];

/// Arguments with groups in groups.
fn arguments() -> impl Strategy<Value = String> {
    let token = select(TOKENS).prop_map(str::to_owned);
    let tokens = token.prop_recursive(3, 40, 6, |inner| {
        let group = select(&[("(", ")"), ("[", "]"), ("{", "}")][..]);
        (group, vec(inner, 0..6))
            .prop_map(|((open, close), inner)| format!("{open} {} {close}", inner.join(" ")))
    });
    vec(tokens, 0..12).prop_map(|tokens| tokens.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_arguments_have_an_answer(args in arguments(), function in select(FUNCTIONS)) {
        // A few tokens side by side are others, or none.
        if let Ok(args) = args.parse::<TokenStream>() {
            answer(&args, function)?;
        }
    }

    #[test]
    fn any_letters_have_an_answer(letters in vec(any::<char>(), 0..40)) {
        if let Ok(args) = String::from_iter(letters).parse::<TokenStream>() {
            answer(&args, FUNCTIONS[0])?;
        }
    }
}

/// Expands it as both attributes: the function stays, and what follows it can be parsed.
fn answer(args: &TokenStream, function: &str) -> Result<(), TestCaseError> {
    let item: TokenStream = function.parse().expect("these are tokens");
    for attribute in [Attribute::Plot, Attribute::Train] {
        let expanded = crate::expand(attribute, args.clone(), item.clone());
        prop_assert!(expanded.to_string().starts_with(&item.to_string()));
        if syn::parse2::<syn::File>(item.clone()).is_ok() {
            prop_assert!(
                syn::parse2::<syn::File>(expanded.clone()).is_ok(),
                "{expanded}"
            );
        }
    }
    Ok(())
}
