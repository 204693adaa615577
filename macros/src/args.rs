//! Parses the options of an attribute. They are split at commas first, so that an error in one
//! option does not hide errors in others.

use std::str::FromStr;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{Parse, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, Ident, LitInt, LitStr, Path, Token, parse_quote, parse2};

use crate::attribute::{Attribute, Usage};
use crate::report::Report;

/// The given options; each is known and occurs once.
pub(crate) struct Args(Vec<Arg>);

struct Arg {
    key: Ident,
    usage: &'static Usage,
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
        let args: Vec<TokenTree> = args.into_iter().collect();
        for tokens in args.split(is_comma).filter(|tokens| !tokens.is_empty()) {
            match Arg::parse(attribute, tokens) {
                Err(error) => report.push(error),
                Ok(Arg { key, .. }) if known.iter().any(|arg| arg.key == key) => {
                    report.error(&key, format!("`{key}` is given twice: keep one"));
                }
                Ok(arg) => known.push(arg),
            }
        }
        Self(known)
    }

    fn get(&self, key: &str) -> Option<&Arg> {
        self.0.iter().find(|arg| arg.key == key)
    }

    /// `key = "…"` with a check of its text.
    pub(crate) fn text(
        &self,
        key: &str,
        check: impl Fn(&str) -> Result<(), String>,
        report: &mut Report,
    ) -> Option<String> {
        let literal: LitStr = report.check(self.get(key)?.assigned())?;
        let text = literal.value();
        if text.is_empty() {
            report.error(literal, format!("`{key}` is empty: leave the option out"));
        } else if let Err(why) = check(&text) {
            report.error(literal, why);
        }
        Some(text)
    }

    /// `key = N`, an integer from 1.
    pub(crate) fn number<N>(&self, key: &str, not_zero: &str, report: &mut Report) -> Option<N>
    where
        N: FromStr<Err: std::fmt::Display> + From<u8> + PartialEq,
    {
        let literal: LitInt = report.check(self.get(key)?.assigned())?;
        match literal.base10_parse() {
            Err(_) => report.error(literal, "this number is too large"),
            Ok(number) if number == N::from(0) => report.error(literal, not_zero),
            Ok(number) => return Some(number),
        }
        None
    }

    /// `key = (A, B)`, two integers.
    pub(crate) fn pair(&self, key: &str, report: &mut Report) -> Option<(LitInt, LitInt)> {
        let arg = self.get(key)?;
        let group: Group = report.check(arg.assigned())?;
        let mut numbers = report.check(arg.terminated(&group))?.into_iter();
        if group.delimiter() == Delimiter::Parenthesis
            && let (Some(first), Some(second), None) =
                (numbers.next(), numbers.next(), numbers.next())
        {
            return Some((first, second));
        }
        report.push(arg.error(&group));
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
            Value::List(list) => arg.terminated(list),
            _ => Err(arg.error_at_value()),
        };
        report.check(list).into_iter().flatten().collect()
    }

    /// `key` alone.
    pub(crate) fn flag(&self, key: &str, report: &mut Report) -> bool {
        let arg = self.get(key);
        if let Some(arg) = arg.filter(|arg| !matches!(arg.value, Value::None)) {
            report.push(arg.error_at_value());
        }
        arg.is_some()
    }

    /// `crate = PATH`, or the default path of the runtime.
    pub(crate) fn root(&self, report: &mut Report) -> Path {
        let path = self.get("crate").and_then(|arg| {
            let path = match &arg.value {
                Value::Assigned(tokens) => Path::parse_mod_style.parse2(tokens.clone()),
                _ => Err(arg.error_at_value()),
            };
            report.check(path.map_err(|_| arg.error_at_value()))
        });
        path.unwrap_or_else(|| parse_quote!(::mlplots))
    }
}

impl Arg {
    fn parse(attribute: Attribute, tokens: &[TokenTree]) -> Result<Self, Error> {
        let Some(TokenTree::Ident(key)) = tokens.first() else {
            let message = format!("expected an option: {}", attribute.takes());
            return Err(Error::new_spanned(tokens.first(), message));
        };
        let usage = attribute.usage(key)?;
        let (value, more) = match &tokens[1..] {
            [] => (Value::None, None),
            [TokenTree::Punct(punct), value @ ..] if punct.as_char() == '=' => {
                (Value::Assigned(value.iter().cloned().collect()), None)
            }
            [TokenTree::Group(list), more @ ..] if list.delimiter() == Delimiter::Parenthesis => {
                (Value::List(list.clone()), more.first())
            }
            more => (Value::None, more.first()),
        };
        match more {
            Some(more) => Err(missing_comma(more)),
            None => Ok(Self {
                key: key.clone(),
                usage,
                value,
            }),
        }
    }

    /// The single token after `=`.
    fn assigned<T: Parse>(&self) -> Result<T, Error> {
        let Value::Assigned(tokens) = &self.value else {
            return Err(self.error(&self.key));
        };
        let mut tokens = tokens.clone().into_iter();
        let Some(first) = tokens.next() else {
            return Err(self.error(&self.key));
        };
        match (parse2(first.clone().into()), tokens.next()) {
            (Ok(value), None) => Ok(value),
            (Ok(_), Some(more)) => Err(missing_comma(&more)),
            (Err(_), _) => Err(self.error(first)),
        }
    }

    /// The tokens in the parentheses.
    fn terminated<T: Parse>(&self, list: &Group) -> Result<Punctuated<T, Token![,]>, Error> {
        let parsed = Punctuated::parse_terminated.parse2(list.stream());
        parsed.map_err(|error| Error::new(error.span(), self.expected()))
    }

    fn error(&self, at: impl ToTokens) -> Error {
        Error::new_spanned(at, self.expected())
    }

    fn error_at_value(&self) -> Error {
        match &self.value {
            Value::Assigned(tokens) if !tokens.is_empty() => self.error(tokens),
            Value::List(list) => self.error(list),
            _ => self.error(&self.key),
        }
    }

    fn expected(&self) -> String {
        format!("expected `{}`: {}", self.usage.written, self.usage.what)
    }
}

fn missing_comma(at: &TokenTree) -> Error {
    Error::new_spanned(at, "expected `,` before this")
}

fn is_comma(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',')
}
