//! The writing side, in the training program.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};

use super::{RunDir, encode};
use crate::record::Record;

/// Appends records to a journal. There is one writer for a journal, ever.
#[derive(Debug)]
pub struct Writer {
    file: File,
    line: Vec<u8>,
    end: u64,
    dirty: bool,
}

impl Writer {
    /// Makes the journal and locks it for as long as the writer lives.
    pub fn create(run: &RunDir) -> io::Result<Self> {
        let file = private_options()
            .append(true)
            .create_new(true)
            .open(run.journal())?;
        file.lock()?;
        Ok(Self {
            file,
            line: Vec::with_capacity(256),
            end: 0,
            dirty: false,
        })
    }

    /// Appends a record; it is in the kernel when this returns.
    pub fn append(&mut self, record: &Record) -> io::Result<()> {
        self.line.clear();
        encode(record, &mut self.line)?;
        if let Err(error) = self.file.write_all(&self.line) {
            // Half a line must not meet the next one: a full disk may have room again later.
            let _ = self.file.set_len(self.end);
            return Err(error);
        }
        self.end += self.line.len() as u64;
        self.dirty = true;
        Ok(())
    }

    /// A second handle to the journal if there is something to bring to disk: syncing it takes
    /// milliseconds and needs no lock on the writer.
    pub fn to_sync(&mut self) -> io::Result<Option<File>> {
        if !std::mem::take(&mut self.dirty) {
            return Ok(None);
        }
        self.file.try_clone().map(Some)
    }
}

/// Files of a journal are for their owner only.
pub(super) fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
