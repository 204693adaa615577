//! The writing side, in the training program.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};

#[cfg(target_os = "linux")]
use super::ahead::Ahead;
#[cfg(target_os = "linux")]
use super::window::{Place, Window};
use super::{Line, RunDir};

/// Appends records to a journal. There is one writer for a journal, ever.
#[derive(Debug)]
pub struct Writer {
    file: File,
    end: u64,
    dirty: bool,
    #[cfg(target_os = "linux")]
    window: Option<Window>,
    /// Makes the next window ready, from the second on: small journals need none.
    #[cfg(target_os = "linux")]
    ahead: Option<Ahead>,
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
            #[cfg(target_os = "linux")]
            ahead: None,
            is_mapped: cfg!(target_os = "linux"),
        })
    }

    /// Appends a record; it is in the kernel when this returns.
    #[cfg_attr(not(target_os = "linux"), allow(unused_variables))]
    pub fn append(&mut self, Line(line, spare): &Line) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if self.is_mapped && !self.put(line, *spare)? {
            self.is_mapped = false;
            self.ahead = None;
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
        let ready = self.ahead.as_mut().and_then(Ahead::take);
        let ready = ready.filter(|window| window.has_room(self.end, room));
        let window = ready.map_or_else(
            || {
                let place = Place::of(self.end, room, self.window.as_ref());
                Window::open(&self.file, place)
            },
            Ok,
        );
        let window = match window {
            Ok(window) => window,
            Err(why) if is_full(&why) => return Err(why),
            Err(_) => return Ok(false),
        };
        let end = self.end;
        Ok(self.turn_to(window).put(end, line, spare))
    }

    /// Makes a window the current one, and has the one after it made ready.
    #[cfg(target_os = "linux")]
    fn turn_to(&mut self, window: Window) -> &mut Window {
        let following = window.following();
        let used = self.window.take();
        if self.ahead.is_none() && used.is_some() {
            // Without a thread each window is made when it is needed.
            let file = self.file.try_clone();
            self.ahead = file.and_then(Ahead::start).ok();
        }
        if let Some(ahead) = &mut self.ahead {
            ahead.ask(following, used);
        }
        self.window.insert(window)
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
        {
            self.ahead = None;
            if self.window.take().is_some() {
                let _ = self.file.set_len(self.end);
            }
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
