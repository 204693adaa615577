//! Writes a journal, in the training program.

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
/// while another thread clears the mark; the second sync then covers the new record.
const SYNCS: u8 = 2;

/// Appends records to a journal, from any thread. A journal has exactly one writer: no second
/// writer can open it, even after the first one is dropped.
///
/// ```
/// use mlplots_journal::record::{Record, RunUuid, Tag};
/// use mlplots_journal::{Entry, Line, Reader, RunDir, Writer};
///
/// # fn main() -> std::io::Result<()> {
/// # let workspace = tempfile::tempdir()?;
/// let run = RunDir::new(workspace.path(), &RunUuid::new());
/// run.create()?;
/// let tag = Tag { key: "team".to_owned(), value: "fruit".to_owned() };
/// let record = Record::Tags(vec![tag]);
///
/// let writer = Writer::create(&run)?;
/// writer.append(&Line::of(&record)?)?;
/// writer.sync()?;
/// drop(writer);
/// assert_eq!(Reader::open(&run.journal(), 0)?.next_entry()?, Some(Entry::Record(record)));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Writer {
    file: OwnedFile,
    process: Process,
    /// Number of syncs that are due.
    dirty: AtomicU8,
    #[cfg(target_os = "linux")]
    windows: Windows,
    /// The offset of the next line. It is set when the first line is written without a window.
    written: Mutex<Option<u64>>,
}

impl Writer {
    /// Creates the run's journal, and holds an exclusive lock on it for the lifetime of the writer.
    /// The run's directory must exist; see [`RunDir::create`].
    ///
    /// # Errors
    /// Returns an error if the journal already exists, or if it cannot be created or locked.
    ///
    /// ```
    /// # use mlplots_journal::{RunDir, Writer, record::RunUuid};
    /// # fn main() -> std::io::Result<()> {
    /// # let workspace = tempfile::tempdir()?;
    /// # let run = RunDir::new(workspace.path(), &RunUuid::new());
    /// # run.create()?;
    /// let writer = Writer::create(&run)?;
    /// assert!(Writer::create(&run).is_err());
    /// # Ok(())
    /// # }
    /// ```
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

    /// Returns `true` if this process is a fork of the process that created the journal. A fork may
    /// not write to the journal. A fork should not lock a mutex of the program either, because a
    /// thread that exists only in the original process may hold it.
    ///
    /// ```
    /// # use mlplots_journal::{RunDir, Writer, record::RunUuid};
    /// # fn main() -> std::io::Result<()> {
    /// # let workspace = tempfile::tempdir()?;
    /// # let run = RunDir::new(workspace.path(), &RunUuid::new());
    /// # run.create()?;
    /// assert!(!Writer::create(&run)?.is_forked());
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_forked(&self) -> bool {
        !self.process.is_this()
    }

    /// Appends a record. The record is in the kernel's page cache when this method returns, so it
    /// survives the death of the process, but not a power failure; see [`Writer::sync`].
    ///
    /// # Errors
    /// Returns an error if the disk is full or the file cannot be written, if the program closed
    /// the journal's file descriptor, or if this process [is a fork](Writer::is_forked). The
    /// journal stays valid without the record, and a later call may succeed.
    ///
    /// ```
    /// # use mlplots_journal::{Line, RunDir, Writer, record::{Record, RunUuid}};
    /// # fn main() -> std::io::Result<()> {
    /// # let workspace = tempfile::tempdir()?;
    /// # let run = RunDir::new(workspace.path(), &RunUuid::new());
    /// # run.create()?;
    /// let writer = Writer::create(&run)?;
    /// writer.append(&Line::of(&Record::Params(Vec::new()))?)?;
    /// drop(writer);
    /// assert!(std::fs::read_to_string(run.journal())?.ends_with(" {\"params\":[]}\n"));
    /// # Ok(())
    /// # }
    /// ```
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
        // The mark is nearly always set already. Without this check, each append would take the
        // cache line from the other threads.
        if self.dirty.load(Ordering::Acquire) != SYNCS {
            self.dirty.store(SYNCS, Ordering::Release);
        }
        Ok(())
    }

    /// Writes a line after the last line. The first line that this method writes begins at `end`.
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
            // A full disk may have space again later, and the next line must not follow half a
            // line.
            let _ = cut(file, end);
        })?;
        *written = Some(end + line.len() as u64);
        Ok(())
    }

    /// Syncs the appended records to disk, so that they survive a power failure. This takes
    /// milliseconds; meanwhile, other threads may append. Does nothing if no append is new, or if
    /// this process [is a fork](Writer::is_forked).
    ///
    /// # Errors
    /// Returns an error if the disk reports one, or if the program closed the journal's file
    /// descriptor. The next call tries again.
    ///
    /// ```
    /// # use mlplots_journal::{Line, RunDir, Writer, record::{Record, RunUuid}};
    /// # fn main() -> std::io::Result<()> {
    /// # let workspace = tempfile::tempdir()?;
    /// # let run = RunDir::new(workspace.path(), &RunUuid::new());
    /// # run.create()?;
    /// let writer = Writer::create(&run)?;
    /// writer.append(&Line::of(&Record::Params(Vec::new()))?)?;
    /// assert!(writer.sync().is_ok());
    /// # Ok(())
    /// # }
    /// ```
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
            // Possibly no record is on disk: the next call must sync again.
            self.dirty.store(SYNCS, Ordering::Release);
        }
        synced
    }
}

impl Drop for Writer {
    /// Removes the space that was allocated in advance, to save disk space. Readers ignore it.
    fn drop(&mut self) {
        if self.is_forked() {
            // Dropping them would join the thread that prepares windows, which a fork does not
            // have.
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

/// Truncates a file at the offset `end`, and seeks to it.
fn cut(mut file: &File, end: u64) -> io::Result<()> {
    file.set_len(end)?;
    file.seek(SeekFrom::Start(end))?;
    Ok(())
}
