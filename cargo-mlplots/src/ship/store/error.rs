//! The errors of stores. They have a scope, so that a delivery continues with everything that may
//! still succeed.

use std::fmt;
use std::time::Duration;

use crate::failure::{Failure, refused};

#[derive(Clone, Debug)]
pub(crate) struct StoreError {
    /// Names the failed operation and its object.
    pub(crate) message: String,
    /// Suggests what the user can do next.
    pub(crate) help: Option<String>,
    pub(crate) kind: ErrorKind,
    pub(crate) scope: Scope,
}

/// The scope of an error. Operations outside of this scope may still succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// One file or one batch.
    Item,
    /// The run or its artifact root.
    Run,
    /// The run, which no longer exists in the store.
    Gone,
    /// The whole store.
    Store,
    /// The whole store, which cannot be reached.
    Address,
}

/// Whether a call is retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// There is no response, or the response allows a retry, after the delay that it may contain.
    Retry(Option<Duration>),
    /// The store rejects the call, and would reject it again.
    Refused,
}

impl StoreError {
    /// An error that a retry does not resolve.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self {
            message: one_line(message.into()),
            help: None,
            kind: ErrorKind::Refused,
            scope: Scope::Item,
        }
    }

    /// An error that a retry may resolve.
    pub(crate) fn retry(message: impl Into<String>) -> Self {
        Self {
            message: one_line(message.into()),
            help: None,
            kind: ErrorKind::Retry(None),
            scope: Scope::Store,
        }
    }

    /// Whether the content of the call may be the cause of a failure that may be temporary.
    pub(crate) fn is_failure_of_item(&self) -> bool {
        self.scope == Scope::Item && self.kind != ErrorKind::Refused
    }

    pub(crate) fn with_scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Adds the error of an alternative that failed too.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.message = format!("{self}; another upload method failed too: {other}");
        if self.kind == ErrorKind::Refused {
            self.kind = other.kind;
        }
        self.help = self.help.or_else(|| other.help.clone());
        self.scope = self.scope.min(other.scope);
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(one_line(help.into()));
        self
    }
}

/// Escapes control characters, since parts of the text come from a server.
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
            is_unreachable: error.scope == Scope::Address,
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
