//! Collects mistakes, so that a person sees all of them at once.

use proc_macro2::TokenStream;
use syn::Error;

/// The mistakes of one item.
#[derive(Default)]
pub(crate) struct Report(Option<Error>);

impl Report {
    /// Adds a mistake.
    pub(crate) fn add(&mut self, error: Error) {
        match &mut self.0 {
            Some(all) => all.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// Keeps a value, or adds the mistake.
    pub(crate) fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    /// The mistakes as code that does not compile; none when there are none.
    pub(crate) fn into_errors(self) -> Option<TokenStream> {
        self.0.map(Error::into_compile_error)
    }
}
