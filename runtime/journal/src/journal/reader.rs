//! Reads a journal, in the supervisor, while the journal grows.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use super::line::{MAX_LINE, decode};
use crate::disk;
use crate::record::Record;

/// Number of bytes per read.
const CHUNK: u64 = 256 * 1024;

/// An entry of a journal: a record or a damaged line.
///
/// ```
/// use mlplots_journal::{Entry, Reader};
///
/// # fn main() -> std::io::Result<()> {
/// # let folder = tempfile::tempdir()?;
/// let journal = folder.path().join("journal");
/// std::fs::write(&journal, "00000000 {\"panic\":\"wrong checksum\"}\n")?;
/// let entry = Reader::open(&journal, 0)?.next_entry()?;
/// assert!(matches!(entry, Some(Entry::Damaged { offset: 0, .. })));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A valid record.
    Record(Record),
    /// A line that is not a valid record. The reader skips it and continues with the next line.
    Damaged {
        /// The offset of the line in bytes.
        offset: u64,
        /// The kind of damage, as a message for the user.
        why: String,
    },
}

/// Reads a journal from an offset on. It can follow a journal while a program writes it.
///
/// ```
/// use mlplots_journal::record::{Record, RunUuid};
/// use mlplots_journal::{Entry, Line, Reader, RunDir, Writer};
///
/// # fn main() -> std::io::Result<()> {
/// # let workspace = tempfile::tempdir()?;
/// let run = RunDir::new(workspace.path(), &RunUuid::new());
/// run.create()?;
/// let writer = Writer::create(&run)?;
/// let mut reader = Reader::open(&run.journal(), 0)?;
/// assert_eq!(reader.next_entry()?, None);
///
/// let record = Record::Panic("index out of bounds".to_owned());
/// writer.append(&Line::of(&record)?)?;
/// assert_eq!(reader.next_entry()?, Some(Entry::Record(record)));
///
/// drop(writer);
/// reader.over();
/// assert_eq!(reader.next_entry()?, None);
/// assert_eq!(reader.torn(), 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Reader {
    file: File,
    /// The bytes of the file from the offset `offset − start` on.
    buffer: Vec<u8>,
    /// The index of the next entry in the buffer.
    start: usize,
    /// The offset of the next entry in the file.
    offset: u64,
    /// The bytes before this offset were read more than once: damage there is final.
    settled: u64,
    over: bool,
    torn: u64,
}

impl Reader {
    /// Opens a journal at an offset in bytes: 0, or a value that [`Reader::offset`] returned.
    ///
    /// # Errors
    /// Returns an error if the journal is missing, is not a regular file or cannot be opened.
    ///
    /// ```
    /// # use mlplots_journal::Reader;
    /// # fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// let journal = folder.path().join("journal");
    /// assert!(Reader::open(&journal, 0).is_err());
    /// std::fs::write(&journal, "")?;
    /// assert!(Reader::open(&journal, 0).is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub fn open(journal: &Path, offset: u64) -> io::Result<Self> {
        Ok(Self {
            file: disk::open(journal)?,
            buffer: Vec::new(),
            start: 0,
            offset,
            settled: 0,
            over: false,
            torn: 0,
        })
    }

    /// Declares that the writer is dead, so that an unfinished line stays unfinished. From now on,
    /// the reader reports an unfinished line as damage if finished lines follow it, which is
    /// possible because threads write in parallel.
    ///
    /// ```
    /// # use mlplots_journal::{Entry, Reader};
    /// # fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let journal = folder.path().join("journal");
    /// let line = "fca81ac5 {\"params\":[{\"key\":\"alpha\",\"value\":\"0.5\"}]}\n";
    /// std::fs::write(&journal, format!("\0unfinished\0{line}"))?;
    /// let mut reader = Reader::open(&journal, 0)?;
    /// assert_eq!(reader.next_entry()?, None);
    /// reader.over();
    /// assert!(matches!(reader.next_entry()?, Some(Entry::Damaged { offset: 0, .. })));
    /// assert!(matches!(reader.next_entry()?, Some(Entry::Record(_))));
    /// # Ok(())
    /// # }
    /// ```
    pub fn over(&mut self) {
        if !self.over {
            self.over = true;
            self.forget();
        }
    }

    /// Returns the offset of the next entry in bytes. A later [`Reader::open`] can resume there.
    ///
    /// ```
    /// # use mlplots_journal::Reader;
    /// # fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let journal = folder.path().join("journal");
    /// let line = "fca81ac5 {\"params\":[{\"key\":\"alpha\",\"value\":\"0.5\"}]}\n";
    /// std::fs::write(&journal, line)?;
    /// let mut reader = Reader::open(&journal, 0)?;
    /// reader.next_entry()?;
    /// assert_eq!(reader.offset(), line.len() as u64);
    /// assert_eq!(Reader::open(&journal, reader.offset())?.next_entry()?, None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns the next entry, or `None` if there is no complete line. The program may write a line
    /// later, so a later call may return an entry.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read. Damage is not an error; see [`Entry::Damaged`].
    ///
    /// ```
    /// # use mlplots_journal::{Entry, Reader, record::Record};
    /// # fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let journal = folder.path().join("journal");
    /// let line = "fca81ac5 {\"params\":[{\"key\":\"alpha\",\"value\":\"0.5\"}]}\n";
    /// std::fs::write(&journal, line)?;
    /// let mut reader = Reader::open(&journal, 0)?;
    /// let Some(Entry::Record(Record::Params(params))) = reader.next_entry()? else { panic!() };
    /// assert_eq!(params[0].key, "alpha");
    /// assert_eq!(reader.next_entry()?, None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        let Some(line) = self.next_line()? else {
            return if self.over { self.gap() } else { Ok(None) };
        };
        let mut found = (decode(&self.buffer[line.clone()]), line);
        if found.0.is_err() && self.offset + found.1.len() as u64 >= self.settled {
            // The line may have been read while a thread was writing it.
            let seen = &self.buffer[self.start..];
            let seen = seen
                .iter()
                .position(|&byte| byte == 0)
                .unwrap_or(seen.len());
            self.settled = self.offset + seen as u64;
            let Some(again) = self.look_again()? else {
                return if self.over { self.gap() } else { Ok(None) };
            };
            found = (decode(&self.buffer[again.clone()]), again);
        }
        let (decoded, line) = found;
        let entry = match decoded {
            Ok(record) => Entry::Record(record),
            Err(why) => Entry::Damaged {
                offset: self.offset,
                why,
            },
        };
        self.offset += (line.len() + 1) as u64;
        self.start = line.end + 1;
        Ok(Some(entry))
    }

    fn next_line(&mut self) -> io::Result<Option<Range<usize>>> {
        // Without a writer, zeros stay zeros: reading again is useless.
        let is_gap = self.over && self.buffer.get(self.start) == Some(&0);
        match self.line(self.start) {
            None if !is_gap => self.look_again(),
            line => Ok(line),
        }
    }

    /// Returns the range of the next complete line in the buffer, without its newline. Searches for
    /// the newline from the index `from` on. Zeros are space that was allocated in advance, or a
    /// line that a thread is writing.
    fn line(&self, from: usize) -> Option<Range<usize>> {
        if self.buffer.get(self.start) == Some(&0) {
            return None;
        }
        let ends = |byte| byte == b'\n' || (byte == 0 && self.over);
        let end = from + self.buffer[from..].iter().position(|&byte| ends(byte))?;
        (self.buffer[end] != 0).then_some(self.start..end)
    }

    /// Reads the file from the next entry on, until the buffer has a complete line.
    fn look_again(&mut self) -> io::Result<Option<Range<usize>>> {
        self.forget();
        self.file.seek(SeekFrom::Start(self.offset))?;
        loop {
            let before = self.buffer.len();
            let read = self.read_chunk()?;
            if let Some(line) = self.line(before) {
                return Ok(Some(line));
            }
            // At zeros, at the end of the file, and after the maximum length of a line, there is no
            // complete line.
            let is_line = read > 0 && !self.buffer[before..].contains(&0);
            if !is_line || self.buffer.len() > MAX_LINE {
                return Ok(None);
            }
        }
    }

    fn read_chunk(&mut self) -> io::Result<usize> {
        let mut chunk = Read::by_ref(&mut self.file).take(CHUNK);
        chunk.read_to_end(&mut self.buffer)
    }

    /// Finds the next complete record after invalid bytes. An unfinished record ends at its newline
    /// or at zeros.
    fn gap(&mut self) -> io::Result<Option<Entry>> {
        let (begin, mut at) = (self.offset, self.offset);
        let mut piece = Vec::new();
        self.torn = 0;
        loop {
            for index in self.start..self.buffer.len() {
                let byte = self.buffer[index];
                at += 1;
                if byte == b'\n' && decode(&piece).is_ok() {
                    self.offset = at - piece.len() as u64 - 1;
                    self.torn = 0;
                    match index.checked_sub(piece.len()) {
                        Some(start) => self.start = start,
                        // The record began in an earlier chunk.
                        None => self.forget(),
                    }
                    return Ok(Some(Entry::Damaged {
                        offset: begin,
                        why: "its writing was not finished".to_owned(),
                    }));
                }
                if byte != 0 {
                    self.torn = at - begin;
                }
                if byte == b'\n' || byte == 0 || piece.len() >= MAX_LINE {
                    piece.clear();
                } else {
                    piece.push(byte);
                }
            }
            let data = data_from(&self.file, at)?;
            if data > at {
                piece.clear();
            }
            at = data;
            self.file.seek(SeekFrom::Start(at))?;
            self.forget();
            if self.read_chunk()? == 0 {
                return Ok(None);
            }
        }
    }

    fn forget(&mut self) {
        self.start = 0;
        self.buffer.clear();
    }

    /// Returns the number of invalid bytes after the last record, such as an unfinished line. The
    /// number is valid after [`Reader::over`], when [`Reader::next_entry`] returned `None`; before,
    /// it is 0.
    ///
    /// ```
    /// # use mlplots_journal::Reader;
    /// # fn main() -> std::io::Result<()> {
    /// # let folder = tempfile::tempdir()?;
    /// # let journal = folder.path().join("journal");
    /// std::fs::write(&journal, "fca81ac5 {\"par\0\0")?;
    /// let mut reader = Reader::open(&journal, 0)?;
    /// reader.over();
    /// assert_eq!(reader.next_entry()?, None);
    /// assert_eq!(reader.torn(), 14);
    /// # Ok(())
    /// # }
    /// ```
    pub fn torn(&self) -> u64 {
        self.torn
    }
}

/// Returns the offset of the next bytes from `at` on. Skips holes of the file.
#[cfg(target_os = "linux")]
fn data_from(file: &File, at: u64) -> io::Result<u64> {
    use rustix::io::Errno;
    match rustix::fs::seek(file, rustix::fs::SeekFrom::Data(at)) {
        Ok(data) => Ok(data),
        // The rest of the file is a hole.
        Err(Errno::NXIO) => Ok(file.metadata()?.len().max(at)),
        Err(Errno::INVAL) => Ok(at),
        Err(why) => Err(why.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn data_from(_file: &File, at: u64) -> io::Result<u64> {
    Ok(at)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
