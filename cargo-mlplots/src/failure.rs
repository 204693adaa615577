//! What a person is told when a command cannot do its work.

use std::fmt;

use crate::ship::store::{Concern, StoreError};

/// An error with what to do next and the exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    pub(crate) code: u8,
    /// Nobody answers at the store's address.
    pub(crate) nobody_answers: bool,
}

/// A failure with exit code 1.
pub(crate) fn failure(message: impl Into<String>) -> Failure {
    Failure {
        message: message.into(),
        help: None,
        code: 1,
        nobody_answers: false,
    }
}

impl Failure {
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn code(mut self, code: u8) -> Self {
        self.code = code;
        self
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        // Settings that cannot be used are told before the training.
        Self {
            message: error.message,
            help: error.help,
            code: 3,
            nobody_answers: error.concerns == Concern::Nobody,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
