//! The writing side, in the training program.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

#[cfg(target_os = "linux")]
use super::windows::Windows;
use super::{Line, RunDir};

/// Appends records to a journal, from any thread. There is one writer for a journal, ever.
#[derive(Debug)]
pub struct Writer {
    file: File,
    /// Something was appended that may not be on disk.
    dirty: AtomicBool,
    #[cfg(target_os = "linux")]
    windows: Windows,
    /// Where the next line is written, once lines are written and not put into a window.
    written: Mutex<Option<u64>>,
}

impl Writer {
    /// Makes the journal and locks it for as long as the writer lives.
    pub fn create(run: &RunDir) -> io::Result<Self> {
        let file = private_options()
            .read(true)
            .create_new(true)
            .open(run.journal())?;
        file.lock()?;
        Ok(Self {
            file,
            dirty: AtomicBool::new(false),
            #[cfg(target_os = "linux")]
            windows: Windows::default(),
            written: Mutex::new(None),
        })
    }

    /// Appends a record; it is in the kernel when this returns.
    #[cfg_attr(not(target_os = "linux"), allow(unused_variables))]
    pub fn append(&self, Line(line, spare): &Line) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        let end = self.windows.put(&self.file, line, *spare)?;
        #[cfg(not(target_os = "linux"))]
        let end = Some(0);
        if let Some(end) = end {
            self.write(line, end)?;
        }
        // It is true nearly always, and then no thread takes it from another.
        if !self.dirty.load(Ordering::Acquire) {
            self.dirty.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Writes a line behind those before; the first one is written at `end`.
    fn write(&self, line: &[u8], end: u64) -> io::Result<()> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = &self.file;
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
        if self.dirty.swap(false, Ordering::AcqRel) {
            self.file.sync_data()?;
        }
        Ok(())
    }
}

impl Drop for Writer {
    /// Gives back the room that was taken ahead; a reader does without that too.
    fn drop(&mut self) {
        #[cfg(target_os = "linux")]
        if let Some(end) = self.windows.close() {
            let _ = self.file.set_len(end);
        }
    }
}

/// Makes a file end here, and goes on there.
fn cut(mut file: &File, end: u64) -> io::Result<()> {
    file.set_len(end)?;
    file.seek(SeekFrom::Start(end))?;
    Ok(())
}

/// How files of a run's directory are opened to be written: for their owner only.
pub fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
