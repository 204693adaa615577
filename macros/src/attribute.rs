//! The two attributes: their words and their options.

use proc_macro2::TokenStream;

use crate::args::Args;
use crate::item::Function;
use crate::plot::Plot;
use crate::report::Report;
use crate::train::Train;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attribute {
    Train,
    Plot,
}

/// An option: its name, and how it is written.
pub(crate) type Usage = (&'static str, &'static str);

const TRAIN: &[Usage] = &[
    ("name", "name = \"…\""),
    ("experiment", "experiment = \"…\""),
    ("provides", "provides(TYPE, …)"),
    ("crate", "crate = PATH"),
];

const PLOT: &[Usage] = &[
    ("name", "name = \"…\""),
    ("dir", "dir = \"…\""),
    ("size", "size = (WIDTH, HEIGHT)"),
    ("formats", "formats(png, svg)"),
    ("every", "every = N"),
    ("optional", "optional"),
    ("timeout", "timeout = SECONDS"),
    ("crate", "crate = PATH"),
];

impl Attribute {
    /// The function, untouched, and after it its registration or its mistakes. It stays even when
    /// there are mistakes, so that what uses it has no errors of its own.
    pub(crate) fn expand(self, args: TokenStream, item: TokenStream) -> TokenStream {
        let mut report = Report::default();
        let mut tokens = item.clone();
        let args = Args::parse(self, args, &mut report);
        let function = Function::parse(self, item, &mut report);
        let registration = function.and_then(|function| match self {
            Self::Train => Train::check(&args, function, &mut report).map(|train| train.expand()),
            Self::Plot => Some(Plot::check(&args, function, &mut report).expand()),
        });
        tokens.extend(report.into_tokens().or(registration));
        tokens
    }

    /// As it stands in source.
    pub(crate) fn written(self) -> &'static str {
        match self {
            Self::Train => "#[train]",
            Self::Plot => "#[plot]",
        }
    }

    /// What its function is called.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Train => "a training",
            Self::Plot => "a plot",
        }
    }

    pub(crate) fn other(self) -> Self {
        match self {
            Self::Train => Self::Plot,
            Self::Plot => Self::Train,
        }
    }

    pub(crate) fn options(self) -> &'static [Usage] {
        match self {
            Self::Train => TRAIN,
            Self::Plot => PLOT,
        }
    }
}
