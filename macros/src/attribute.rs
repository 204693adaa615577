//! The two attributes and their options.

use syn::{Error, Ident};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attribute {
    Train,
    Plot,
}

/// An option with its syntax and meaning.
pub(crate) struct Usage {
    pub(crate) key: &'static str,
    pub(crate) written: &'static str,
    pub(crate) what: &'static str,
}

const fn usage(key: &'static str, written: &'static str, what: &'static str) -> Usage {
    Usage { key, written, what }
}

const LITERAL: &str = "a literal, since constants are not known yet";
const FROM_ONE: &str = "a whole number from 1";
const ROOT: Usage = usage(
    "crate",
    "crate = PATH",
    "where `mlplots` is, without quotes",
);

const TRAIN: &[Usage] = &[
    usage("name", "name = \"…\"", LITERAL),
    usage("experiment", "experiment = \"…\"", LITERAL),
    usage(
        "provides",
        "provides(TYPE, …)",
        "the types that it provides before it returns",
    ),
    ROOT,
];

const PLOT: &[Usage] = &[
    usage("name", "name = \"…\"", LITERAL),
    usage("dir", "dir = \"…\"", LITERAL),
    usage(
        "size",
        "size = (WIDTH, HEIGHT)",
        "two whole numbers of pixels",
    ),
    usage("formats", "formats(png, svg, pdf)", "one or more of these"),
    usage("every", "every = N", FROM_ONE),
    usage("optional", "optional", "a flag, which stands alone"),
    usage("timeout", "timeout = SECONDS", FROM_ONE),
    ROOT,
];

impl Attribute {
    /// Its text in the source.
    pub(crate) fn written(self) -> &'static str {
        match self {
            Self::Train => "#[train]",
            Self::Plot => "#[plot]",
        }
    }

    /// The noun for its function.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Train => "a training",
            Self::Plot => "a plot",
        }
    }

    fn options(self) -> &'static [Usage] {
        match self {
            Self::Train => TRAIN,
            Self::Plot => PLOT,
        }
    }

    fn find(self, key: &Ident) -> Option<&'static Usage> {
        self.options().iter().find(|usage| key == usage.key)
    }

    /// The option with a name.
    pub(crate) fn usage(self, key: &Ident) -> Result<&'static Usage, Error> {
        let other = match self {
            Self::Train => Self::Plot,
            Self::Plot => Self::Train,
        };
        self.find(key).ok_or_else(|| {
            let takes = self.takes();
            let message = match other.find(key) {
                Some(_) => format!("`{key}` is an option of `{}`; {takes}", other.written()),
                None => format!("there is no option `{key}`; {takes}"),
            };
            Error::new_spanned(key, message)
        })
    }

    /// All options, for an error message.
    pub(crate) fn takes(self) -> String {
        let keys: Vec<&str> = self.options().iter().map(|usage| usage.key).collect();
        format!("`{}` takes `{}`", self.written(), keys.join("`, `"))
    }
}
