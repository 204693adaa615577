//! The options of an attribute: split at their commas first, so that a mistake in one hides no
//! mistake in another.

use std::fmt::Display;
use std::str::FromStr;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, Ident, LitInt, LitStr, Path, Token, parse_quote, parse2};

use crate::attribute::Attribute;
use crate::report::Report;

/// The options that were given, each one known to the attribute and there once.
pub(crate) struct Args(Vec<Arg>);

struct Arg {
    key: Ident,
    usage: &'static str,
    value: Value,
}

enum Value {
    /// `key`
    None,
    /// `key = …`
    Assigned(TokenStream),
    /// `key(…)`
    List(Group),
}

impl Args {
    pub(crate) fn parse(attribute: Attribute, args: TokenStream, report: &mut Report) -> Self {
        let mut known: Vec<Arg> = Vec::new();
        for tokens in split(args) {
            let Some((key, value)) = report.check(key_value(attribute, tokens)) else {
                continue;
            };
            match usage(attribute, &key) {
                Err(error) => report.push(error),
                Ok(_) if known.iter().any(|arg| arg.key == key) => {
                    report.error(&key, format!("`{key}` is given twice: keep one"));
                }
                Ok(usage) => known.push(Arg { key, usage, value }),
            }
        }
        Self(known)
    }

    fn get(&self, key: &str) -> Option<&Arg> {
        self.0.iter().find(|arg| arg.key == key)
    }

    /// `key = "…"`, its text checked.
    pub(crate) fn text(
        &self,
        key: &str,
        check: impl Fn(&str) -> Result<(), String>,
        report: &mut Report,
    ) -> Option<String> {
        let arg = self.get(key)?;
        let literal: LitStr =
            report.check(arg.assigned("it is read before the program is built"))?;
        match check(&literal.value()) {
            Ok(()) => Some(literal.value()),
            Err(why) => {
                report.error(literal, why);
                None
            }
        }
    }

    /// `key = N`, a whole number from 1.
    pub(crate) fn number<N>(&self, key: &str, report: &mut Report) -> Option<N>
    where
        N: FromStr<Err: Display> + From<u8> + PartialOrd,
    {
        let arg = self.get(key)?;
        let literal: LitInt = report.check(arg.assigned("a whole number from 1"))?;
        let number: N = report.check(literal.base10_parse())?;
        if number < N::from(1) {
            report.error(literal, format!("`{key}` is a whole number from 1"));
        }
        Some(number)
    }

    /// `key = (A, B)`, two whole numbers.
    pub(crate) fn pair(&self, key: &str, report: &mut Report) -> Option<(LitInt, LitInt)> {
        let arg = self.get(key)?;
        let why = "two whole numbers";
        let group: Group = report.check(arg.assigned(why))?;
        let numbers = Punctuated::<LitInt, Token![,]>::parse_terminated.parse2(group.stream());
        let mut numbers = numbers.unwrap_or_default().into_iter();
        if group.delimiter() == Delimiter::Parenthesis
            && let (Some(first), Some(second), None) =
                (numbers.next(), numbers.next(), numbers.next())
        {
            return Some((first, second));
        }
        report.push(arg.error(&group, why));
        None
    }

    /// `key(T, …)`, not empty.
    pub(crate) fn list<T: Parse>(&self, key: &str, report: &mut Report) -> Vec<T> {
        let Some(arg) = self.get(key) else {
            return Vec::new();
        };
        let list = match &arg.value {
            Value::List(list) if list.stream().is_empty() => Err(Error::new_spanned(
                &arg.key,
                format!("`{key}()` names nothing: leave it out"),
            )),
            Value::List(list) => Punctuated::<T, Token![,]>::parse_terminated.parse2(list.stream()),
            Value::Assigned(tokens) if !tokens.is_empty() => Err(arg.error(tokens, "a list")),
            _ => Err(arg.error(&arg.key, "a list")),
        };
        report.check(list).into_iter().flatten().collect()
    }

    /// `key` alone.
    pub(crate) fn flag(&self, key: &str, report: &mut Report) -> bool {
        let Some(arg) = self.get(key) else {
            return false;
        };
        let why = "it is a flag, and stands alone";
        match &arg.value {
            Value::None => {}
            Value::Assigned(tokens) if tokens.is_empty() => report.push(arg.error(&arg.key, why)),
            Value::Assigned(tokens) => report.push(arg.error(tokens, why)),
            Value::List(list) => report.push(arg.error(list, why)),
        }
        true
    }

    /// `crate = PATH`, or where the runtime is.
    pub(crate) fn root(&self, report: &mut Report) -> Path {
        self.path("crate", report)
            .unwrap_or_else(|| parse_quote!(::mlplots))
    }

    fn path(&self, key: &str, report: &mut Report) -> Option<Path> {
        let arg = self.get(key)?;
        let why = "a path as in `use`";
        let Value::Assigned(tokens) = &arg.value else {
            report.push(arg.error(&arg.key, why));
            return None;
        };
        let path = Path::parse_mod_style.parse2(tokens.clone());
        report.check(path.map_err(|_| arg.error(tokens, why)))
    }
}

impl Arg {
    /// The one token after `=`.
    fn assigned<T: Parse>(&self, why: &str) -> Result<T, Error> {
        let Value::Assigned(tokens) = &self.value else {
            return Err(self.error(&self.key, why));
        };
        let mut rest = tokens.clone().into_iter();
        let Some(first) = rest.next() else {
            return Err(self.error(&self.key, why));
        };
        match (parse2(first.clone().into()), rest.next()) {
            (Ok(value), None) => Ok(value),
            (Ok(_), Some(more)) => Err(Error::new_spanned(more, "expected `,` before this")),
            (Err(_), _) => Err(self.error(first, why)),
        }
    }

    fn error(&self, at: impl ToTokens, why: &str) -> Error {
        Error::new_spanned(at, format!("write `{}`: {why}", self.usage))
    }
}

/// The tokens between commas; an angle bracket hides none, since no option takes one there.
fn split(args: TokenStream) -> Vec<Vec<TokenTree>> {
    let comma =
        |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
    let tokens: Vec<TokenTree> = args.into_iter().collect();
    tokens
        .split(comma)
        .filter(|part| !part.is_empty())
        .map(<[_]>::to_vec)
        .collect()
}

fn key_value(attribute: Attribute, tokens: Vec<TokenTree>) -> Result<(Ident, Value), Error> {
    let mut tokens = tokens.into_iter().collect::<TokenStream>().into_iter();
    let (key, next) = (tokens.next(), tokens.next());
    let key = match key {
        Some(TokenTree::Ident(key)) => key.unraw(),
        other => {
            let message = format!("an option has a name; {}", takes(attribute));
            return Err(Error::new_spanned(other, message));
        }
    };
    let value = match next {
        None => Value::None,
        Some(TokenTree::Punct(punct)) if punct.as_char() == '=' => {
            Value::Assigned(tokens.collect())
        }
        Some(TokenTree::Group(list)) if list.delimiter() == Delimiter::Parenthesis => {
            if let Some(more) = tokens.next() {
                return Err(Error::new_spanned(more, "expected `,` before this"));
            }
            Value::List(list)
        }
        Some(other) => return Err(Error::new_spanned(other, "expected `=`, `(…)` or `,`")),
    };
    Ok((key, value))
}

fn usage(attribute: Attribute, key: &Ident) -> Result<&'static str, Error> {
    let find = |attribute: Attribute| attribute.options().iter().find(|(name, _)| key == name);
    if let Some((_, usage)) = find(attribute) {
        return Ok(usage);
    }
    let message = match find(attribute.other()) {
        Some(_) => format!(
            "`{key}` is an option of `{}`; {}",
            attribute.other().written(),
            takes(attribute)
        ),
        None => format!("there is no option `{key}`; {}", takes(attribute)),
    };
    Err(Error::new_spanned(key, message))
}

/// All options, for a message.
fn takes(attribute: Attribute) -> String {
    let usages: Vec<&str> = attribute
        .options()
        .iter()
        .map(|(_, usage)| *usage)
        .collect();
    format!("`{}` takes `{}`", attribute.written(), usages.join("`, `"))
}
