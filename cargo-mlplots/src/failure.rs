//! Why a command failed: what the user reads, and the exit code.

use std::fmt;

use mlplots_journal::Exit;

/// An error of a command.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What failed, on what.
    pub(crate) message: String,
    /// What to do next.
    pub(crate) help: Option<String>,
    /// How the command exits.
    pub(crate) exit: Exit,
    /// The store's address does not answer.
    pub(crate) is_unreachable: bool,
}

/// A failure that exits with [`Exit::Failed`].
pub(crate) fn failure(message: impl Into<String>) -> Failure {
    Failure {
        message: message.into(),
        help: None,
        exit: Exit::Failed,
        is_unreachable: false,
    }
}

/// A failure before the training, such as settings that cannot be used.
pub(crate) fn refused(message: impl Into<String>) -> Failure {
    failure(message).exit(Exit::Refused)
}

impl Failure {
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
