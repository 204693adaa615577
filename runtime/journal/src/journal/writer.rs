//! The writing side of the journal, in the training program.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};

use super::fork::Process;
use super::line::Line;
use super::owned::OwnedFile;
#[cfg(target_os = "linux")]
use super::windows::Windows;
use crate::disk;
use crate::run_dir::RunDir;

/// Number of syncs after an append. A thread that appends may see the mark of an earlier append
/// while another thread clears it; the second sync covers its record.
const SYNCS: u8 = 2;

/// Appends records to a journal, from any thread. A journal has one writer, once.
#[derive(Debug)]
pub struct Writer {
    file: OwnedFile,
    process: Process,
    /// Number of syncs that are due.
    dirty: AtomicU8,
    #[cfg(target_os = "linux")]
    windows: Windows,
    /// The offset of the next line, once lines are written without a window.
    written: Mutex<Option<u64>>,
}

impl Writer {
    /// Creates the journal and locks it for the lifetime of the writer.
    ///
    /// # Errors
    /// It exists already, or it cannot be created or locked.
    pub fn create(run: &RunDir) -> io::Result<Self> {
        let file = disk::create_new(&run.journal())?;
        file.lock()?;
        Ok(Self {
            file: OwnedFile::new(file)?,
            process: Process::this(),
            dirty: AtomicU8::new(0),
            #[cfg(target_os = "linux")]
            windows: Windows::default(),
            written: Mutex::new(None),
        })
    }

    /// Whether this process was forked from the one that created the journal, and may not write to
    /// it. Its mutexes may be held by threads that it does not have.
    pub fn is_forked(&self) -> bool {
        !self.process.is_this()
    }

    /// Appends a record. The record is in the kernel's page cache when this returns.
    ///
    /// # Errors
    /// The disk is full, or this process was forked from the one that created the journal.
    #[cfg_attr(not(target_os = "linux"), allow(unused_variables))]
    pub fn append(&self, Line(line, spare): &Line) -> io::Result<()> {
        if self.is_forked() {
            return Err(io::Error::other(
                "this process was forked from the one that began the run",
            ));
        }
        #[cfg(target_os = "linux")]
        let end = self.windows.put(&self.file, line, *spare)?;
        #[cfg(not(target_os = "linux"))]
        let end = Some(0);
        if let Some(end) = end {
            self.write(line, end)?;
        }
        // It is nearly always set; then no thread writes to the cache line.
        if self.dirty.load(Ordering::Acquire) != SYNCS {
            self.dirty.store(SYNCS, Ordering::Release);
        }
        Ok(())
    }

    /// Writes a line behind the last one; the first one at `end`.
    fn write(&self, line: &[u8], end: u64) -> io::Result<()> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = self.file.checked()?;
        let end = if let Some(end) = *written {
            end
        } else {
            cut(file, end)?;
            *written.insert(end)
        };
        file.write_all(line).inspect_err(|_| {
            // No half a line before the next one: a full disk may have space again later.
            let _ = cut(file, end);
        })?;
        *written = Some(end + line.len() as u64);
        Ok(())
    }

    /// Syncs appended records to disk. This takes milliseconds, while other threads may append.
    ///
    /// # Errors
    /// The disk reports an error; the next call tries again.
    pub fn sync(&self) -> io::Result<()> {
        let left = self.dirty.load(Ordering::Acquire);
        if left == 0 || self.is_forked() {
            return Ok(());
        }
        let taken =
            self.dirty
                .compare_exchange(left, left - 1, Ordering::AcqRel, Ordering::Relaxed);
        let synced = self.file.checked().and_then(File::sync_data);
        if synced.is_err() && taken.is_ok() {
            // Nothing is on disk yet: the next call tries again.
            self.dirty.store(SYNCS, Ordering::Release);
        }
        synced
    }
}

impl Drop for Writer {
    /// Truncates the space that was allocated in advance. Readers do not need this.
    fn drop(&mut self) {
        if self.is_forked() {
            // The thread that prepares windows is not in this process and cannot be joined.
            #[cfg(target_os = "linux")]
            std::mem::forget(std::mem::take(&mut self.windows));
            return;
        }
        #[cfg(target_os = "linux")]
        if let Some(end) = self.windows.close()
            && let Ok(file) = self.file.checked()
        {
            let _ = file.set_len(end);
        }
    }
}

/// Truncates a file, and seeks to its end.
fn cut(mut file: &File, end: u64) -> io::Result<()> {
    file.set_len(end)?;
    file.seek(SeekFrom::Start(end))?;
    Ok(())
}
