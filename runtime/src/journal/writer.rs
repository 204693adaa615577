//! The writing side, in the training program.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};

#[cfg(target_os = "linux")]
use super::window::Window;
use super::{Line, RunDir};

/// Appends records to a journal. There is one writer for a journal, ever.
#[derive(Debug)]
pub struct Writer {
    file: File,
    end: u64,
    dirty: bool,
    #[cfg(target_os = "linux")]
    window: Option<Window>,
    /// Lines are put into a window of the file, and not written.
    is_mapped: bool,
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
            end: 0,
            dirty: false,
            #[cfg(target_os = "linux")]
            window: None,
            is_mapped: cfg!(target_os = "linux"),
        })
    }

    /// Appends a record; it is in the kernel when this returns.
    #[cfg_attr(not(target_os = "linux"), allow(unused_variables))]
    pub fn append(&mut self, Line(line, spare): &Line) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if self.is_mapped && !self.put(line, *spare)? {
            self.is_mapped = false;
            self.window = None;
            self.file.set_len(self.end)?;
            self.file.seek(SeekFrom::Start(self.end))?;
        }
        if !self.is_mapped {
            self.write(line)?;
        }
        self.end += line.len() as u64;
        self.dirty = true;
        Ok(())
    }

    /// Puts the line into the window, or into a new one. Tells whether files can be mapped here; a
    /// full disk is an error.
    #[cfg(target_os = "linux")]
    fn put(&mut self, line: &[u8], spare: usize) -> io::Result<bool> {
        if let Some(window) = &mut self.window
            && window.put(self.end, line, spare)
        {
            return Ok(true);
        }
        let room = line.len() + spare;
        match Window::open(&self.file, self.end, room, self.window.as_ref()) {
            Ok(window) => Ok(self.window.insert(window).put(self.end, line, spare)),
            Err(why) if is_full(&why) => Err(why),
            Err(_) => Ok(false),
        }
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        self.file.write_all(line).inspect_err(|_| {
            // Half a line must not meet the next one: a full disk may have room again later.
            let _ = self.file.set_len(self.end);
            let _ = self.file.seek(SeekFrom::Start(self.end));
        })
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

impl Drop for Writer {
    /// Gives back the room that was taken ahead; a reader does without that too.
    fn drop(&mut self) {
        #[cfg(target_os = "linux")]
        if self.window.take().is_some() {
            let _ = self.file.set_len(self.end);
        }
    }
}

/// Whether there is no room, as against a file system that cannot map or reserve.
#[cfg(target_os = "linux")]
fn is_full(why: &io::Error) -> bool {
    matches!(
        why.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}

/// How files of a run's directory are opened to be written: for their owner only.
pub fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
