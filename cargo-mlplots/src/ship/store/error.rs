//! What goes wrong at a store, whether it may pass, and whom it concerns.

use std::fmt;
use std::time::Duration;

use crate::failure::{Failure, refused};

/// What went wrong at a store.
#[derive(Clone, Debug)]
pub(crate) struct StoreError {
    /// What failed, on what.
    pub(crate) message: String,
    /// What to do next.
    pub(crate) help: Option<String>,
    /// Whether trying again can help.
    pub(crate) kind: ErrorKind,
    /// What else would go wrong in the same way.
    pub(crate) concerns: Concern,
}

/// Whom an error concerns: what is outside may still succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Concern {
    /// The item: this file, or this batch.
    Item,
    /// The run, or where its artifacts go.
    Run,
    /// The run, which the store does not have any more.
    Gone,
    /// Everything at this store.
    Store,
    /// Everything at this address: nobody can be reached there.
    Nobody,
}

/// What an error means for the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// Nobody answers, or the answer says "later": try again, after this long if it says so.
    Retry(Option<Duration>),
    /// The store answered and refuses; the same call will be refused again.
    Refused,
}

impl StoreError {
    /// The store refuses.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self {
            message: one_line(message.into()),
            help: None,
            kind: ErrorKind::Refused,
            concerns: Concern::Item,
        }
    }

    /// It may work later.
    pub(crate) fn retry(message: impl Into<String>) -> Self {
        Self {
            message: one_line(message.into()),
            help: None,
            kind: ErrorKind::Retry(None),
            concerns: Concern::Store,
        }
    }

    /// Whether the store failed at what the call carries, and may not another time.
    pub(crate) fn is_failure_of_item(&self) -> bool {
        self.concerns == Concern::Item && self.kind != ErrorKind::Refused
    }

    /// Says whom it concerns.
    pub(crate) fn concerning(mut self, concern: Concern) -> Self {
        self.concerns = concern;
        self
    }

    /// The same where another way was tried too, in vain.
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

/// Parts of the text are a server's: none of it moves a cursor or begins a line.
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
            nobody_answers: error.concerns == Concern::Nobody,
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
