//! Expands the registration of a function. This cannot fail.
//!
//! Local names have the span of the macro, so that they do not shadow names of the user. Bounds of
//! a user's type have the span of that type, so that the compiler points there.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Path, Type};

use crate::item::Function;
use crate::plot::{Argument, Plot};
use crate::train::Train;
use crate::types::written;

/// The path of the interface for generated code.
fn private(root: &Path) -> TokenStream {
    quote_spanned!(Span::mixed_site()=> #root::__private)
}

/// A local name that the compiler shows at these tokens.
fn local(name: &str, at: &impl Spanned) -> Ident {
    Ident::new(name, Span::mixed_site().located_at(at.span()))
}

/// The tokens of an `Option`.
fn option(value: Option<impl ToTokens>) -> TokenStream {
    value.map_or_else(
        || quote_spanned!(Span::mixed_site()=> ::core::option::Option::None),
        |value| quote_spanned!(Span::mixed_site()=> ::core::option::Option::Some(#value)),
    )
}

/// The registered form of a type.
fn input(private: &TokenStream, ty: &Type) -> TokenStream {
    let span = Span::mixed_site().located_at(ty.span());
    let written = written(ty);
    quote_spanned!(span=> #private::Input::of::<#ty>(#written))
}

/// Submits an entry to the registry.
fn submit(private: &TokenStream, function: &Function, entry: &TokenStream) -> TokenStream {
    let allow = function.is_deprecated.then(|| quote!(#[allow(deprecated)]));
    quote_spanned! {Span::mixed_site()=>
        #allow
        const _: () = {
            #private::inventory::submit! { #entry }
        };
    }
}

/// The fields that all entries have: location and doc comment.
fn place(function: &Function) -> TokenStream {
    let doc = &function.doc;
    let line = quote_spanned!(function.ident.span()=> ::core::line!());
    quote_spanned! {Span::mixed_site()=>
        module: ::core::module_path!(),
        file: ::core::file!(),
        line: #line,
        doc: ::core::concat!(#doc),
    }
}

impl Train {
    pub(crate) fn expand(&self) -> TokenStream {
        let private = private(&self.root);
        let function = &self.function.ident;
        let name = &self.name;
        let experiment = option(self.experiment.as_ref());
        let place = place(&self.function);
        let provides = self.provides.iter().map(|ty| input(&private, ty));
        let output = self.function.output.as_ref();
        let output = output.map_or_else(|| quote!(()), ToTokens::to_token_stream);
        let params = option(
            self.params
                .as_ref()
                .map(|params| quote!(#private::Params::of::<#params>())),
        );
        let run = local("run", &self.run);
        let (ok, provide) = (local("ok", &output), local("provide", &output));
        let params_argument = self.params.as_ref().map(
            |params| quote_spanned!(Span::mixed_site()=> , #private::params_from::<#params>(params)?),
        );
        let entry = quote_spanned! {Span::mixed_site()=>
            #private::Train {
                name: #name,
                experiment: #experiment,
                #place
                provides: &[#(#provides),*],
                returns: || {
                    use #private::{ReturnsOne as _, ReturnsPlain as _};
                    #private::Returns::<#output>::NEW.ok().inputs()
                },
                params: #params,
                run: |#run, params| {
                    use #private::{OutcomePlain as _, ValuesOne as _};
                    #private::Outcome(#function(#run #params_argument))
                        .#ok()
                        .map(|values| #private::Values(values).#provide(run))
                },
            }
        };
        submit(&private, &self.function, &entry)
    }
}

impl Plot {
    pub(crate) fn expand(&self) -> TokenStream {
        let private = private(&self.root);
        let name = &self.name;
        let dir = option(self.dir.as_ref());
        let size = option(
            self.size
                .as_ref()
                .map(|(width, height)| quote!((#width, #height))),
        );
        let formats = &self.formats;
        let (every, optional) = (self.every, self.optional);
        let timeout = option(self.timeout);
        let place = place(&self.function);
        let inputs = self.inputs().map(|ty| input(&private, ty));
        let draw = self.draw(&private);
        let entry = quote_spanned! {Span::mixed_site()=>
            #private::Plot {
                name: #name,
                dir: #dir,
                size: #size,
                formats: &[#(#private::Format::#formats),*],
                every: #every,
                optional: #optional,
                timeout: #timeout,
                #place
                inputs: &[#(#inputs),*],
                draw: #draw,
            }
        };
        submit(&private, &self.function, &entry)
    }

    fn inputs(&self) -> impl Iterator<Item = &Type> {
        self.arguments.iter().filter_map(|argument| match argument {
            Argument::Input(ty) => Some(ty),
            Argument::Canvas(_) => None,
        })
    }

    /// The function that draws it: the call with its inputs.
    fn draw(&self, private: &TokenStream) -> TokenStream {
        let function = &self.function.ident;
        let mut places = 0_usize..;
        let arguments = self.arguments.iter().map(|argument| match argument {
            Argument::Canvas(_) => quote_spanned!(Span::mixed_site()=> canvas),
            Argument::Input(ty) => {
                let place = places.next();
                quote_spanned!(Span::mixed_site()=> inputs.get::<#ty>(#place))
            }
        });
        let call = quote_spanned!(Span::mixed_site()=> #function(#(#arguments),*));
        if self
            .arguments
            .iter()
            .any(|argument| matches!(argument, Argument::Canvas(_)))
        {
            let result = local("result", &self.function.output);
            return quote_spanned! {Span::mixed_site()=>
                |inputs, spec| #private::canvas(spec, |canvas| {
                    let result = #call;
                    #private::drawn(#result)
                })
            };
        }
        let figure = local("figure", &self.function.output);
        quote_spanned! {Span::mixed_site()=>
            |inputs, spec| {
                let figure = #call;
                #private::output(spec, #figure)
            }
        }
    }
}
