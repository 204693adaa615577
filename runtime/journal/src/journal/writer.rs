//! The writing side, in the training program.

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

/// How often the journal is brought to disk after an append. A thread that appends may still see
/// the mark of an append before, in the moment in which another thread takes it: the next time
/// covers its record.
const SYNCS: u8 = 2;

/// Appends records to a journal, from any thread. There is one writer for a journal, ever.
#[derive(Debug)]
pub struct Writer {
    file: OwnedFile,
    process: Process,
    /// How often the file is still to be brought to disk.
    dirty: AtomicU8,
    #[cfg(target_os = "linux")]
    windows: Windows,
    /// Where the next line is written, once lines are written and not put into a window.
    written: Mutex<Option<u64>>,
}

impl Writer {
    /// Makes the journal and locks it for as long as the writer lives.
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

    /// Whether this process was forked from the one that made the journal, and may not write to it.
    /// Its locks may be held by threads that it does not have.
    pub fn is_forked(&self) -> bool {
        !self.process.is_this()
    }

    /// Appends a record; it is in the kernel when this returns.
    ///
    /// # Errors
    /// The disk is full, or this process was forked from the one that made the journal.
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
        // It is set nearly always, and then no thread takes it from another.
        if self.dirty.load(Ordering::Acquire) != SYNCS {
            self.dirty.store(SYNCS, Ordering::Release);
        }
        Ok(())
    }

    /// Writes a line behind those before; the first one is written at `end`.
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
            // Half a line must not meet the next one: a full disk may have room again later.
            let _ = cut(file, end);
        })?;
        *written = Some(end + line.len() as u64);
        Ok(())
    }

    /// Brings what was appended to disk, which takes milliseconds; other threads append meanwhile.
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
            // Nothing is on disk yet: the next time tries again.
            self.dirty.store(SYNCS, Ordering::Release);
        }
        synced
    }
}

impl Drop for Writer {
    /// Gives back the room that was taken ahead; a reader does without that too.
    fn drop(&mut self) {
        if self.is_forked() {
            // The thread that makes windows ready is not in this process: nothing joins it.
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

/// Makes a file end here, and goes on there.
fn cut(mut file: &File, end: u64) -> io::Result<()> {
    file.set_len(end)?;
    file.seek(SeekFrom::Start(end))?;
    Ok(())
}
