//! The errors of stores, with their scope and whether a retry can help.

use std::fmt;
use std::time::Duration;

use crate::failure::{Failure, refused};

/// An error of a store.
#[derive(Clone, Debug)]
pub(crate) struct StoreError {
    /// What failed, on what.
    pub(crate) message: String,
    /// What to do next.
    pub(crate) help: Option<String>,
    /// Whether a retry can help.
    pub(crate) kind: ErrorKind,
    /// The scope of the error.
    pub(crate) concerns: Concern,
}

/// The scope of an error: everything outside of it may still succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Concern {
    /// The item: this file, or this batch.
    Item,
    /// The run, or its artifact root.
    Run,
    /// The run, which the store no longer has.
    Gone,
    /// Everything at this store.
    Store,
    /// Everything at this address, which does not answer.
    Nobody,
}

/// Whether a call is retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// There is no answer, or the answer asks for a retry, after a delay if it states one.
    Retry(Option<Duration>),
    /// The store refuses the call, and would refuse it again.
    Refused,
}

impl StoreError {
    /// An error that a retry does not mend.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self {
            message: one_line(message.into()),
            help: None,
            kind: ErrorKind::Refused,
            concerns: Concern::Item,
        }
    }

    /// An error that a retry may mend.
    pub(crate) fn retry(message: impl Into<String>) -> Self {
        Self {
            message: one_line(message.into()),
            help: None,
            kind: ErrorKind::Retry(None),
            concerns: Concern::Store,
        }
    }

    /// Whether the store failed because of the content of the call, perhaps temporarily.
    pub(crate) fn is_failure_of_item(&self) -> bool {
        self.concerns == Concern::Item && self.kind != ErrorKind::Refused
    }

    /// Sets the scope.
    pub(crate) fn concerning(mut self, concern: Concern) -> Self {
        self.concerns = concern;
        self
    }

    /// This error together with that of an alternative that failed too.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.message = format!("{self}; the other way: {other}");
        if self.kind == ErrorKind::Refused {
            self.kind = other.kind;
        }
        self.help = self.help.or_else(|| other.help.clone());
        self.concerns = self.concerns.min(other.concerns);
        self
    }

    /// Adds what to do next.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(one_line(help.into()));
        self
    }
}

/// Escapes control characters: parts of the text come from a server.
fn one_line(text: String) -> String {
    if !text.contains(char::is_control) {
        return text;
    }
    let escaped = |c: char| match c {
        c if c.is_control() => c.escape_default().collect(),
        c => String::from(c),
    };
    text.chars().map(escaped).collect()
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StoreError {}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self {
            help: error.help,
            is_unreachable: error.concerns == Concern::Nobody,
            ..refused(error.message)
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        let error = Self::refused(failure.message);
        match failure.help {
            Some(help) => error.help(help),
            None => error,
        }
    }
}
