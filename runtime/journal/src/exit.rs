//! How `cargo mlplots` and training programs exit.

use std::process::ExitCode;

/// An exit code with its meaning.
///
/// ```
/// use mlplots_journal::Exit;
///
/// assert_eq!(Exit::Unshipped.code(), 4);
/// assert!(Exit::ALL.contains(&Exit::Unshipped));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[non_exhaustive]
pub enum Exit {
    /// The run is FINISHED and MLflow has all of it, or the command did its work.
    Success = 0,
    /// The run is FAILED or KILLED, or the command failed.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// Nothing is registered, or a check before the training failed: nothing was trained.
    Refused = 3,
    /// MLflow does not have everything yet; `cargo mlplots sync` ships the rest.
    Unshipped = 4,
    /// The build failed.
    BuildFailed = 101,
}

impl Exit {
    /// All exit codes, in ascending order.
    pub const ALL: [Self; 6] = [
        Self::Success,
        Self::Failed,
        Self::Usage,
        Self::Refused,
        Self::Unshipped,
        Self::BuildFailed,
    ];

    /// The number that the process exits with.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// What the code means, in a few words; the help, the man page and the README show them.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Success => "the run is FINISHED and shipped",
            Self::Failed => "the run is FAILED or KILLED, or the command failed",
            Self::Usage => "the command line is wrong",
            Self::Refused => "nothing is registered, or a check before the training failed",
            Self::Unshipped => "not everything is shipped yet; `cargo mlplots sync` ships it",
            Self::BuildFailed => "the build failed",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
