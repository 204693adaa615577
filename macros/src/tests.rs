//! What the attributes append, as a whole, and what they say of mistakes. How the compiler shows
//! these, and what it says of types, is tested with the runtime.

use proc_macro2::TokenStream;
use quote::quote;

use crate::attribute::Attribute;
use crate::types::written;

/// What follows the function, as source.
fn appended(attribute: Attribute, args: TokenStream, item: &TokenStream) -> String {
    let expanded = crate::expand(attribute, args, item.clone()).to_string();
    let appended = expanded
        .strip_prefix(&item.to_string())
        .expect("the function is untouched");
    let file = syn::parse_file(&readable(appended)).expect("what is appended is source");
    prettyplease::unparse(&file)
}

/// A call of the registry's macro is turned into a block, since macro calls are not formatted.
fn readable(tokens: &str) -> String {
    tokens.replace("submit ! {", "submit ; {")
}

/// The words of the mistakes in `#[plot(ARGS)] ITEM`.
fn mistakes(attribute: Attribute, args: &str, item: &str) -> Vec<String> {
    let parse = |text: &str| text.parse().expect("these are tokens");
    let expanded = crate::expand(attribute, parse(args), parse(item)).to_string();
    let calls = expanded.split("compile_error ! { \"").skip(1);
    calls
        .map(|call| {
            call.split("\" }")
                .next()
                .unwrap_or(call)
                .replace("\\\"", "\"")
        })
        .collect()
}

#[test]
fn a_training() {
    let item = quote! {
        /// Ridge regression.
        pub fn ridge(run: &Run, params: Params) -> anyhow::Result<(Model, Evaluation)> {
            todo(run, params)
        }
    };
    let args = quote!(experiment = "Apple demand", provides(Sales));
    insta::assert_snapshot!(appended(Attribute::Train, args, &item));
}

#[test]
fn the_least_training() {
    let item = quote!(
        fn r#try(_: &Run) {}
    );
    insta::assert_snapshot!(appended(Attribute::Train, quote!(), &item));
}

#[test]
fn a_plot_on_a_canvas() {
    let item = quote! {
        /// Prices by day,
        #[doc = include_str!("prices.md")]
        #[deprecated]
        fn prices(sales: &Sales, canvas: &mlplots::Canvas, model: &Model<2>) -> PlotResult {
            Ok(())
        }
    };
    let args = quote! {
        name = "prices by day",
        dir = "sales",
        size = (1200, 600),
        formats(png, svg),
        every = 5,
        optional,
        timeout = 60,
        crate = inner::plots
    };
    insta::assert_snapshot!(appended(Attribute::Plot, args, &item));
}

#[test]
fn the_least_plot() {
    let item = quote! {
        fn residuals(evaluation: &Evaluation) -> Figure {
            charts::residuals(evaluation)
        }
    };
    insta::assert_snapshot!(appended(Attribute::Plot, quote!(), &item));
}

#[test]
fn types_are_named_as_a_person_writes_them() {
    for text in [
        "Vec<(f64, f64)>",
        "deep::Map<String, Vec<u8>>",
        "[f64; 3]",
        "<A as B>::C",
    ] {
        assert_eq!(
            written(&syn::parse_str(text).expect("this is a type")),
            text
        );
    }
}

#[test]
fn a_wrong_function_stays_and_is_not_registered() {
    let item = quote!(
        fn residuals(evaluation: Evaluation) -> Figure {}
    );
    let expanded = crate::expand(Attribute::Plot, quote!(), item.clone()).to_string();
    assert!(expanded.starts_with(&item.to_string()), "{expanded}");
    assert!(!expanded.contains("submit"), "{expanded}");
}

#[test]
fn each_mistake_is_told_once() {
    let told = |args: &str, item: &str| mistakes(Attribute::Plot, args, item).len();
    let good = "fn f(x: &X) -> Figure {}";
    assert_eq!(told("", good), 0);
    assert_eq!(told("name = \"a\", name = \"b\", name = \"c\"", good), 2);
    assert_eq!(told("a, b = 1, \"c\", name, every = 0", good), 5);
    assert_eq!(told("size = (1, 2), formats(png, gif, tex)", good), 4);
    assert_eq!(
        told(
            "",
            "async unsafe extern \"C\" fn f<T, const N: usize>(x: &T) -> Figure {}"
        ),
        5
    );
    assert_eq!(told("", "fn f(&self) {}"), 1);
    assert_eq!(told("", "fn f(&self, x: X) -> Figure;"), 2);
    assert_eq!(told("", "fn f() {}"), 2);
    assert_eq!(told("", "fn f(a: &A, b: &A, c: &A) -> Figure {}"), 2);
    assert_eq!(told("every = 0", "struct S;"), 1);
    assert_eq!(told("", "fn f(x: X, y: &mut Y, z: &[Z]) -> &Figure {}"), 4);
}

#[test]
fn an_option_of_the_other_attribute_is_told_as_such() {
    assert_eq!(
        mistakes(Attribute::Train, "every = 2", "fn f(run: &Run) {}"),
        [
            "`every` is an option of `#[plot]`; `#[train]` takes `name`, `experiment`, `provides`, `crate`"
        ]
    );
}
