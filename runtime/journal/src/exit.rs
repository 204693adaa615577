//! The exit codes of `cargo mlplots` and of training programs.

use std::process::ExitCode;

/// An exit code of `cargo mlplots` or of a training program. It converts into
/// [`std::process::ExitCode`].
///
/// ```
/// use mlplots_journal::Exit;
/// use std::process::ExitCode;
///
/// assert_eq!(Exit::Unshipped.code(), 4);
/// assert_eq!(Exit::ALL.len(), 6);
/// assert_eq!(ExitCode::from(Exit::Success), ExitCode::SUCCESS);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[non_exhaustive]
pub enum Exit {
    /// The run is FINISHED and all of it is shipped to MLflow, or the command succeeded.
    Success = 0,
    /// The run is FAILED or KILLED, or the command failed.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// Nothing is registered, or a check before the training failed. The training did not start.
    Refused = 3,
    /// A part of the run is not shipped to MLflow yet. `cargo mlplots sync` ships it.
    Unshipped = 4,
    /// The build failed.
    BuildFailed = 101,
}

impl Exit {
    /// All exit codes, in ascending order.
    ///
    /// ```
    /// use mlplots_journal::Exit;
    ///
    /// assert!(Exit::ALL.is_sorted_by_key(|exit| exit.code()));
    /// ```
    pub const ALL: [Self; 6] = [
        Self::Success,
        Self::Failed,
        Self::Usage,
        Self::Refused,
        Self::Unshipped,
        Self::BuildFailed,
    ];

    /// Returns the number that the process exits with.
    ///
    /// ```
    /// assert_eq!(mlplots_journal::Exit::BuildFailed.code(), 101);
    /// ```
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Returns the meaning of the code in one line. The help, the man page and the README show it.
    ///
    /// ```
    /// assert_eq!(mlplots_journal::Exit::Usage.meaning(), "the command line is wrong");
    /// ```
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
