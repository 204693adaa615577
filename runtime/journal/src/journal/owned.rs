//! The journal's file, in the process that created it.

use std::fs::File;
use std::io;
#[cfg(unix)]
use std::os::unix::fs::MetadataExt;

/// An open file that is checked before each use. A program may close descriptors that it does not
/// know, as daemons do, and open other files with the same numbers.
#[derive(Debug)]
pub(super) struct OwnedFile {
    file: File,
    #[cfg(unix)]
    identity: (u64, u64),
}

impl OwnedFile {
    pub(super) fn new(file: File) -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            identity: identity(&file)?,
            file,
        })
    }

    /// Returns a second handle of the same file.
    pub(super) fn try_clone(&self) -> io::Result<Self> {
        Self::new(self.checked()?.try_clone()?)
    }

    /// Returns the file, if its descriptor still refers to it.
    pub(super) fn checked(&self) -> io::Result<&File> {
        #[cfg(unix)]
        if identity(&self.file).ok() != Some(self.identity) {
            return Err(io::Error::other(
                "the program closed the journal's file descriptor",
            ));
        }
        Ok(&self.file)
    }
}

#[cfg(unix)]
fn identity(file: &File) -> io::Result<(u64, u64)> {
    let found = file.metadata()?;
    Ok((found.dev(), found.ino()))
}
