//! The registry: the linker collects the functions of `#[train]` and `#[plot]`.

use std::fmt::Display;
use std::marker::PhantomData;

use mlplots_journal::listing::{Listing, TrainEntry};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::params::{self, Tree};
use crate::run::{Input, Plot, Run, summary};

inventory::collect!(Train);
inventory::collect!(Plot);

/// A registered training function.
#[derive(Debug)]
pub struct Train {
    /// Its name.
    pub name: &'static str,
    /// The experiment of its runs.
    pub experiment: Option<&'static str>,
    /// The module that defines it.
    pub module: &'static str,
    /// Source file.
    pub file: &'static str,
    /// Line of its name.
    pub line: u32,
    /// Its doc comment.
    pub doc: &'static str,
    /// The types of `provides(…)`.
    pub provides: &'static [Input],
    /// The types of its return value.
    pub returns: fn() -> Vec<Input>,
    /// Its params, if it takes any.
    pub params: Option<Params>,
    /// Calls it, and provides its return value.
    pub run: fn(&Run, Option<Tree>) -> Result<(), String>,
}

impl Train {
    /// `file:line`.
    pub fn source(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }

    /// All types that it provides.
    pub fn outputs(&self) -> Vec<Input> {
        let mut outputs = self.provides.to_vec();
        outputs.extend((self.returns)());
        outputs
    }

    /// Its entry in a listing.
    pub fn entry(&self) -> TrainEntry {
        let params = self.params.and_then(|params| (params.defaults)().ok());
        TrainEntry {
            name: self.name.to_owned(),
            experiment: self.experiment.map(str::to_owned),
            module: self.module.to_owned(),
            source: self.source(),
            doc: summary(self.doc),
            provides: self
                .outputs()
                .iter()
                .map(|output| output.written.to_owned())
                .collect(),
            params: params
                .map(|defaults| defaults.flatten())
                .unwrap_or_default(),
        }
    }
}

/// The params type of a training function.
#[derive(Clone, Copy, Debug)]
pub struct Params {
    /// Its default.
    pub defaults: fn() -> Result<Tree, String>,
    /// Reads a value, and writes it again.
    pub read_again: fn(Tree) -> Result<Tree, String>,
}

impl Params {
    /// The params type `P`.
    pub const fn of<P: Default + Serialize + DeserializeOwned>() -> Self {
        Self {
            defaults: params::defaults::<P>,
            read_again: params::read_again::<P>,
        }
    }
}

/// The params argument of a training function.
///
/// # Errors
/// A param does not fit its type.
pub fn params_from<P: Default + DeserializeOwned>(params: Option<Tree>) -> Result<P, String> {
    match params {
        Some(tree) => params::read(tree),
        None => Ok(P::default()),
    }
}

/// All registered training functions, by name: link order differs between profiles.
pub(crate) fn trains() -> Vec<&'static Train> {
    let mut trains: Vec<_> = inventory::iter::<Train>.into_iter().collect();
    trains.sort_by_key(|train| (train.name, train.module, train.line));
    trains
}

/// All registered plots, by name.
pub(crate) fn plots() -> Vec<&'static Plot> {
    let mut plots: Vec<_> = inventory::iter::<Plot>.into_iter().collect();
    plots.sort_by_key(|plot| (plot.name, plot.module, plot.line));
    plots
}

/// The registry as data.
pub(crate) fn listing() -> Listing {
    Listing {
        format: mlplots_journal::record::FORMAT,
        trains: trains().iter().map(|train| train.entry()).collect(),
        plots: plots().iter().map(|plot| plot.entry()).collect(),
    }
}

/// The return type of a training function. Inherent methods take precedence over trait methods, so
/// `ok` and `inputs` resolve `Result`, its aliases and tuples. This works in generated code, where the
/// type is concrete, and not in generic code.
///
/// Only the methods of [`Outcome`] and [`Values`] have bounds, so that a type that does not satisfy
/// them is one error instead of another method.
pub struct Returns<T>(PhantomData<fn() -> T>);

impl<T> Returns<T> {
    /// The only value.
    pub const NEW: Self = Self(PhantomData);
}

impl<T, E> Returns<Result<T, E>> {
    /// The type of `Ok`.
    pub fn ok(self) -> Returns<T> {
        Returns::NEW
    }
}

/// A return type that is not a `Result`.
pub trait ReturnsPlain: Sized {
    /// Itself.
    fn ok(self) -> Self {
        self
    }
}

impl<T> ReturnsPlain for Returns<T> {}

/// A return type that is not a tuple.
pub trait ReturnsOne {
    /// The one type.
    fn inputs(self) -> Vec<Input>;
}

impl<T: 'static> ReturnsOne for Returns<T> {
    fn inputs(self) -> Vec<Input> {
        vec![Input::named::<T>(std::any::type_name::<T>())]
    }
}

/// The return value of a training function.
pub struct Outcome<T>(pub T);

impl<T, E> Outcome<Result<T, E>> {
    /// The value.
    ///
    /// # Errors
    /// The message of the function's error.
    pub fn ok(self) -> Result<T, String>
    where
        E: Display,
    {
        self.0.map_err(|error| format!("{error:#}"))
    }
}

/// An outcome that is not a `Result`.
pub trait OutcomePlain<T> {
    /// The value.
    ///
    /// # Errors
    /// None: the signature is that of [`Outcome::ok`] for a `Result`.
    fn ok(self) -> Result<T, String>;
}

impl<T> OutcomePlain<T> for Outcome<T> {
    fn ok(self) -> Result<T, String> {
        Ok(self.0)
    }
}

/// Values to provide.
pub struct Values<T>(pub T);

/// A value that is not a tuple.
pub trait ValuesOne<T> {
    /// Provides it.
    fn provide(self, run: &Run)
    where
        T: Send + Sync + 'static;
}

impl<T> ValuesOne<T> for Values<T> {
    fn provide(self, run: &Run)
    where
        T: Send + Sync + 'static,
    {
        run.provide(self.0);
    }
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {$(
        #[allow(non_snake_case, reason = "one name serves the type and its value")]
        #[allow(unused_variables, clippy::unused_unit, reason = "the empty tuple has nothing")]
        impl<$($name),*> Values<($($name,)*)> {
            /// Provides each.
            pub fn provide(self, run: &Run)
            where
                $($name: Send + Sync + 'static,)*
            {
                let ($($name,)*) = self.0;
                $(run.provide($name);)*
            }
        }

        impl<$($name: 'static),*> Returns<($($name,)*)> {
            /// The types in it.
            pub fn inputs(self) -> Vec<Input> {
                vec![$(Input::named::<$name>(std::any::type_name::<$name>())),*]
            }
        }
    )*};
}

tuples! { () (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) }
