//! A registered plot function and the types of its inputs.

use std::any::{Any, TypeId};
use std::sync::Arc;

use mlplots_journal::listing::PlotEntry;

use crate::figure::{Format, Output, Spec};

/// A frozen value.
pub(crate) type Value = Arc<dyn Any + Send + Sync>;

/// A type that a plot reads or a training provides.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    /// The type as written in the source.
    pub written: &'static str,
    /// The type itself.
    pub id: TypeId,
}

impl Input {
    /// The type `T` with its text in the source.
    pub const fn of<T: Send + Sync + 'static>(written: &'static str) -> Self {
        Self::named::<T>(written)
    }

    /// The type `T` with another text.
    pub(crate) const fn named<T: 'static>(written: &'static str) -> Self {
        Self {
            written,
            id: TypeId::of::<T>(),
        }
    }
}

/// The arguments of a plot function.
#[derive(Clone)]
pub struct Inputs(pub(crate) Vec<Value>);

impl Inputs {
    /// The value of an input, by its index.
    ///
    /// # Panics
    /// If `T` is not the registered type of that index: generated code takes both from one list.
    pub fn get<T: 'static>(&self, index: usize) -> &T {
        self.0[index]
            .downcast_ref()
            .expect("an input has the type it was registered with")
    }
}

/// A registered plot function.
#[derive(Debug)]
pub struct Plot {
    /// Its name: the file name of its figure without the extension.
    pub name: &'static str,
    /// Its folder below the run's artifact root.
    pub dir: Option<&'static str>,
    /// Size of the PNG in pixels.
    pub size: Option<(u32, u32)>,
    /// Formats to write.
    pub formats: &'static [Format],
    /// Draws every n-th of the values that are provided with a step.
    pub every: u32,
    /// Whether the run is complete without it.
    pub optional: bool,
    /// Timeout of a drawing in seconds.
    pub timeout: Option<u64>,
    /// The module that defines it.
    pub module: &'static str,
    /// Source file.
    pub file: &'static str,
    /// Line of its name.
    pub line: u32,
    /// Its doc comment.
    pub doc: &'static str,
    /// The types of its inputs.
    pub inputs: &'static [Input],
    /// Calls it.
    pub draw: fn(&Inputs, &Spec) -> Result<Output, String>,
}

impl Plot {
    /// `file:line`.
    pub fn source(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }

    /// The path of its file `name` below the run's artifact root.
    pub fn path(&self, name: &str) -> String {
        match self.dir {
            Some(dir) => format!("{dir}/{name}"),
            None => name.to_owned(),
        }
    }

    /// The paths of its files, one per format.
    pub fn files(&self) -> Vec<String> {
        self.formats
            .iter()
            .map(|format| self.path(&format!("{}.{}", self.name, format.extension())))
            .collect()
    }

    /// Its entry in a listing.
    pub fn entry(&self) -> PlotEntry {
        PlotEntry {
            name: self.name.to_owned(),
            files: self.files(),
            module: self.module.to_owned(),
            source: self.source(),
            doc: summary(self.doc),
            inputs: self
                .inputs
                .iter()
                .map(|input| input.written.to_owned())
                .collect(),
            optional: self.optional,
        }
    }
}

/// The first line of a doc comment.
pub(crate) fn summary(doc: &str) -> String {
    doc.trim()
        .lines()
        .next()
        .unwrap_or_default()
        .trim()
        .to_owned()
}
