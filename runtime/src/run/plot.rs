//! What a run can draw: a plot function with the types it looks at.

use std::any::{Any, TypeId};
use std::sync::Arc;

use mlplots_journal::listing::PlotEntry;

use crate::figure::{Format, Output, Spec};

/// A value that plots share.
pub(crate) type Value = Arc<dyn Any + Send + Sync>;

/// A type that a plot looks at or a training provides.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    /// The type as the source writes it.
    pub written: &'static str,
    /// The type itself.
    pub id: TypeId,
}

impl Input {
    /// The input `&T`, written so.
    pub const fn of<T: Send + Sync + 'static>(written: &'static str) -> Self {
        Self::named::<T>(written)
    }

    /// The type `T`, whatever it is.
    pub(crate) const fn named<T: 'static>(written: &'static str) -> Self {
        Self {
            written,
            id: TypeId::of::<T>(),
        }
    }
}

/// The values that a plot function is called with.
#[derive(Clone)]
pub struct Inputs(pub(crate) Vec<Value>);

impl Inputs {
    /// The value of the input at `place`.
    ///
    /// # Panics
    /// If `T` is not the type that was registered at that place: generated code names both from
    /// one list.
    pub fn get<T: 'static>(&self, place: usize) -> &T {
        self.0[place]
            .downcast_ref()
            .expect("an input has the type it was registered with")
    }
}

/// A registered plot function.
#[derive(Debug)]
pub struct Plot {
    /// Its name: the file name of its figure without the extension.
    pub name: &'static str,
    /// Folder below the run's artifact root.
    pub dir: Option<&'static str>,
    /// Size of the PNG in pixels.
    pub size: Option<(u32, u32)>,
    /// Formats to write.
    pub formats: &'static [Format],
    /// Of the values provided with a step, every how manieth is drawn.
    pub every: u32,
    /// Whether a failure leaves the run whole.
    pub optional: bool,
    /// Seconds that drawing may take.
    pub timeout: Option<u64>,
    /// Where it is defined.
    pub module: &'static str,
    /// Source file.
    pub file: &'static str,
    /// Line of its name.
    pub line: u32,
    /// Its doc comment.
    pub doc: &'static str,
    /// The types it looks at.
    pub inputs: &'static [Input],
    /// Calls it.
    pub draw: fn(&Inputs, &Spec) -> Result<Output, String>,
}

impl Plot {
    /// `file:line`.
    pub fn source(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }

    /// Where the file `name` of this plot goes.
    pub fn path(&self, name: &str) -> String {
        match self.dir {
            Some(dir) => format!("{dir}/{name}"),
            None => name.to_owned(),
        }
    }

    /// Files it draws, one for each format.
    pub fn files(&self) -> Vec<String> {
        self.formats
            .iter()
            .map(|format| self.path(&format!("{}.{}", self.name, format.extension())))
            .collect()
    }

    /// What a listing says of it.
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
