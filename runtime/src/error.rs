//! The error of all public functions.

use std::error::Error as StdError;
use std::fmt;

use plotters::drawing::DrawingAreaErrorKind;

/// What failed, on what, and what to do next.
///
/// [`source`](StdError::source) is the error behind it, if there is one. `{}` shows this error
/// alone; `{:#}` and `{:?}` show the whole chain, separated by colons.
///
/// ```
/// use mlplots::Figure;
/// use std::error::Error;
///
/// let figure = Figure::draw((640, 480), |_| Ok(()))?;
/// let error = figure.save("/no/such/folder/loss.png").unwrap_err();
/// assert_eq!(error.to_string(), "could not save `/no/such/folder/loss.png`");
/// assert!(error.source().is_some());
/// assert!(format!("{error:#}").contains("No such file or directory"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub struct Error(Repr);

enum Repr {
    Message(String, Option<Box<dyn StdError + Send + Sync>>),
    /// An error of other code, which speaks for itself.
    Other(Box<dyn StdError + Send + Sync>),
}

impl Error {
    /// An error with this message.
    ///
    /// ```
    /// let error = mlplots::Error::new("the validation set is empty");
    /// assert_eq!(error.to_string(), "the validation set is empty");
    /// ```
    pub fn new(message: impl Into<String>) -> Self {
        Self(Repr::Message(message.into(), None))
    }

    /// An error with this message and the error behind it.
    ///
    /// ```
    /// use mlplots::Error;
    ///
    /// let why = "1,5".parse::<f64>().unwrap_err();
    /// let error = Error::with_source("row 7 is not a number", why);
    /// assert_eq!(format!("{error:#}"), "row 7 is not a number: invalid float literal");
    /// ```
    pub fn with_source(
        message: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self(Repr::Message(message.into(), Some(source.into())))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Message(message, _) => f.write_str(message)?,
            Repr::Other(error) => write!(f, "{error}")?,
        }
        if f.alternate() {
            let mut source = self.source();
            while let Some(error) = source {
                write!(f, ": {error}")?;
                source = error.source();
            }
        }
        Ok(())
    }
}

// `fn main() -> Result<(), Error>` prints an error by `Debug`.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#}")
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0 {
            Repr::Message(_, source) => Some(source.as_deref()?),
            Repr::Other(error) => error.source(),
        }
    }
}

impl From<String> for Error {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

impl From<&str> for Error {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}

impl From<Box<dyn StdError + Send + Sync>> for Error {
    fn from(error: Box<dyn StdError + Send + Sync>) -> Self {
        match error.downcast::<Self>() {
            Ok(error) => *error,
            Err(error) => Self(Repr::Other(error)),
        }
    }
}

impl<E: StdError + Send + Sync + 'static> From<DrawingAreaErrorKind<E>> for Error {
    fn from(error: DrawingAreaErrorKind<E>) -> Self {
        Self(Repr::Other(Box::new(error)))
    }
}

/// Errors that plot functions meet often: `?` takes them.
macro_rules! from {
    ($($error:ty),*) => {$(
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self(Repr::Other(Box::new(error)))
            }
        }
    )*};
}

from!(
    std::io::Error,
    std::fmt::Error,
    std::num::ParseFloatError,
    std::num::ParseIntError,
    serde_json::Error
);
