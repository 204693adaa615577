//! What stands in the parentheses of the attributes.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, LitInt, LitStr, Path, Result, Token, Type, parenthesized};

use crate::report::Report;

/// Options of `#[train]`.
#[derive(Default)]
pub(crate) struct TrainArgs {
    pub(crate) name: Option<LitStr>,
    pub(crate) experiment: Option<LitStr>,
    pub(crate) provides: Vec<Type>,
    pub(crate) root: Option<Path>,
}

/// Options of `#[plot]`.
#[derive(Default)]
pub(crate) struct PlotArgs {
    pub(crate) name: Option<LitStr>,
    pub(crate) dir: Option<LitStr>,
    pub(crate) size: Option<(u32, u32)>,
    pub(crate) formats: Vec<Ident>,
    pub(crate) every: Option<u32>,
    pub(crate) optional: bool,
    pub(crate) timeout: Option<u64>,
    pub(crate) root: Option<Path>,
}

const TRAIN: [&str; 4] = ["name", "experiment", "provides", "crate"];
const PLOT: [&str; 8] = ["name", "dir", "size", "formats", "every", "optional", "timeout", "crate"];
const FORMATS: [&str; 2] = ["png", "svg"];
/// Smallest and largest side of a figure, in pixels.
const SIDES: std::ops::RangeInclusive<u32> = 16..=16_384;

pub(crate) fn train(tokens: TokenStream, report: &mut Report) -> TrainArgs {
    let mut args = TrainArgs::default();
    each(tokens, ("train", &TRAIN), ("plot", &PLOT), report, |key, input| {
        match key.to_string().as_str() {
            "name" => args.name = Some(checked(key, input, "the name of a training", name_fault)?),
            "experiment" => {
                args.experiment = Some(checked(key, input, "the name of an experiment", |text| {
                    text.trim().is_empty().then(|| "is empty".to_owned())
                })?);
            }
            "provides" => args.provides = list(key, input, "provides(Sales)")?,
            _ => args.root = Some(value(key, input, "crate = some::path")?),
        }
        Ok(())
    });
    args
}

pub(crate) fn plot(tokens: TokenStream, report: &mut Report) -> PlotArgs {
    let mut args = PlotArgs::default();
    each(tokens, ("plot", &PLOT), ("train", &TRAIN), report, |key, input| {
        match key.to_string().as_str() {
            "name" => args.name = Some(checked(key, input, "the name of a figure", file_fault)?),
            "dir" => args.dir = Some(checked(key, input, "the folder of a figure", folder_fault)?),
            "size" => args.size = Some(size(key, input)?),
            "formats" => args.formats = formats(key, input)?,
            "every" => args.every = Some(count(key, input, "every = 10")?),
            "timeout" => args.timeout = Some(count(key, input, "timeout = 60")?),
            "optional" => {
                if !input.is_empty() {
                    return Err(Error::new(key.span(), "`optional` stands alone, without a value"));
                }
                args.optional = true;
            }
            _ => args.root = Some(value(key, input, "crate = some::path")?),
        }
        Ok(())
    });
    args
}

/// Reads the options one by one: a mistake in one does not hide those in the others.
fn each(
    tokens: TokenStream,
    (attribute, known): (&str, &[&str]),
    (other, elsewhere): (&str, &[&str]),
    report: &mut Report,
    mut take: impl FnMut(&Ident, ParseStream<'_>) -> Result<()>,
) {
    let mut seen: Vec<String> = Vec::new();
    for piece in pieces(tokens) {
        let read = |input: ParseStream<'_>| {
            let key = input
                .call(Ident::parse_any)
                .map_err(|error| Error::new(error.span(), format!("expected an option of `#[{attribute}]`: {}", listed(known))))?;
            let word = key.to_string();
            if !known.contains(&word.as_str()) {
                // What follows is not looked at: it belongs to an option that is not there.
                input.parse::<TokenStream>()?;
                let why = if elsewhere.contains(&word.as_str()) {
                    format!("`{word}` is an option of `#[{other}]`; `#[{attribute}]` has {}", listed(known))
                } else {
                    format!("unknown option `{word}`; `#[{attribute}]` has {}", listed(known))
                };
                return Err(Error::new(key.span(), why));
            }
            if seen.contains(&word) {
                input.parse::<TokenStream>()?;
                return Err(Error::new(key.span(), format!("`{word}` is given twice")));
            }
            seen.push(word);
            take(&key, input)?;
            match input.cursor().token_tree() {
                Some((more, _)) => Err(Error::new(more.span(), "expected `,`")),
                None => Ok(()),
            }
        };
        report.keep(read.parse2(piece));
    }
}

/// The options, split at their commas.
fn pieces(tokens: TokenStream) -> Vec<TokenStream> {
    let mut pieces = vec![TokenStream::new()];
    for token in tokens {
        match (&token, pieces.last_mut()) {
            (TokenTree::Punct(comma), _) if comma.as_char() == ',' => pieces.push(TokenStream::new()),
            (_, Some(piece)) => piece.extend([token]),
            (_, None) => {}
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// `key = value`.
fn value<T: Parse>(key: &Ident, input: ParseStream<'_>, example: &str) -> Result<T> {
    if input.parse::<Token![=]>().is_err() {
        return Err(Error::new(key.span(), format!("expected `{example}`")));
    }
    if input.is_empty() {
        return Err(Error::new(key.span(), format!("expected `{example}`")));
    }
    let span = input.span();
    let value = input.parse().map_err(|_| Error::new(span, format!("expected `{example}`")));
    if value.is_err() {
        input.parse::<TokenStream>()?;
    }
    value
}

/// `key = "text"`, with what makes the text unfit.
fn checked(
    key: &Ident,
    input: ParseStream<'_>,
    what: &str,
    fault: impl Fn(&str) -> Option<String>,
) -> Result<LitStr> {
    let text: LitStr = value(key, input, &format!("{key} = \"…\""))?;
    match fault(&text.value()) {
        Some(why) => Err(Error::new(text.span(), format!("{what} {why}"))),
        None => Ok(text),
    }
}

/// `key = N`, at least 1.
fn count<N: std::str::FromStr + PartialOrd + From<u8>>(
    key: &Ident,
    input: ParseStream<'_>,
    example: &str,
) -> Result<N>
where
    N::Err: std::fmt::Display,
{
    let literal: LitInt = value(key, input, example)?;
    literal
        .base10_parse::<N>()
        .ok()
        .filter(|number| *number >= N::from(1))
        .ok_or_else(|| Error::new(literal.span(), format!("`{key}` is a whole number from 1")))
}

/// `key(A, B)`.
fn list<T: Parse>(key: &Ident, input: ParseStream<'_>, example: &str) -> Result<Vec<T>> {
    let expected = || Error::new(key.span(), format!("expected `{example}`"));
    let read = || {
        let content;
        parenthesized!(content in input);
        Punctuated::<T, Token![,]>::parse_terminated(&content)
    };
    let items = read().map_err(|_| expected());
    if items.is_err() {
        input.parse::<TokenStream>()?;
    }
    match items? {
        items if items.is_empty() => Err(expected()),
        items => Ok(items.into_iter().collect()),
    }
}

/// `size = (W, H)`.
fn size(key: &Ident, input: ParseStream<'_>) -> Result<(u32, u32)> {
    let expected = || Error::new(key.span(), "expected `size = (1000, 800)`: width and height in pixels");
    if input.parse::<Token![=]>().is_err() {
        return Err(expected());
    }
    let sides: Vec<LitInt> = list(key, input, "size = (1000, 800)")?;
    let [width, height] = sides.as_slice() else { return Err(expected()) };
    let side = |literal: &LitInt| {
        literal.base10_parse::<u32>().ok().filter(|side| SIDES.contains(side)).ok_or_else(|| {
            Error::new(literal.span(), format!("a side of a figure has {} to {} pixels", SIDES.start(), SIDES.end()))
        })
    };
    Ok((side(width)?, side(height)?))
}

/// `formats(png, svg)`.
fn formats(key: &Ident, input: ParseStream<'_>) -> Result<Vec<Ident>> {
    let formats: Vec<Ident> = list(key, input, "formats(png, svg)")?;
    for (place, format) in formats.iter().enumerate() {
        if !FORMATS.contains(&format.to_string().as_str()) {
            return Err(Error::new(format.span(), format!("unknown format `{format}`; there is {}", listed(&FORMATS))));
        }
        if formats[..place].contains(format) {
            return Err(Error::new(format.span(), format!("the format `{format}` is given twice")));
        }
    }
    Ok(formats)
}

/// What MLflow would not take as a name.
fn name_fault(text: &str) -> Option<String> {
    let bad = |c: &char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ' | ':' | '/'));
    match text.chars().find(bad) {
        _ if text.trim().is_empty() => Some("is empty".to_owned()),
        Some(bad) => Some(format!("has {bad:?}; it may have letters, digits, `_`, `-`, `.`, `:`, `/` and spaces")),
        None => None,
    }
}

/// What cannot be the name of a file on every artifact store.
fn file_fault(text: &str) -> Option<String> {
    let bad = |c: &char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' '));
    match text.chars().find(bad) {
        _ if text.trim_matches(['.', ' ']).is_empty() => Some("is empty".to_owned()),
        Some('/') => Some("has '/'; its folder is `dir = \"…\"`".to_owned()),
        Some(bad) => Some(format!("has {bad:?}; it may have ASCII letters, digits, `_`, `-`, `.` and spaces")),
        None => None,
    }
}

/// What leads out of the run's artifact root.
fn folder_fault(text: &str) -> Option<String> {
    if text.starts_with('/') {
        return Some("is relative to the run's artifact root; leave out the first `/`".to_owned());
    }
    text.trim_end_matches('/').split('/').find_map(|part| match part {
        ".." | "." => Some(format!("has the part `{part}`, which leads elsewhere")),
        "" => Some("has an empty part".to_owned()),
        part => file_fault(part),
    })
}
