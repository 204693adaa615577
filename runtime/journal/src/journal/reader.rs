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
mod tests {
    use super::super::Line;
    use super::*;
    use crate::record::{Metric, Param};
    use std::io::Write;

    fn sample() -> Vec<Record> {
        vec![
            Record::Params(vec![Param {
                key: "alpha".into(),
                value: "1\n2 \"é\"".into(),
            }]),
            Record::Metrics(vec![
                Metric {
                    key: "loss".into(),
                    value: 0.1 + 0.2,
                    timestamp: 1,
                    step: -3,
                },
                Metric {
                    key: "inf".into(),
                    value: f64::NEG_INFINITY,
                    timestamp: 1,
                    step: i64::MAX,
                },
                Metric {
                    key: "tiny".into(),
                    value: 5e-324,
                    timestamp: 1,
                    step: i64::MIN,
                },
                Metric {
                    key: "minus zero".into(),
                    value: -0.0,
                    timestamp: 0,
                    step: 0,
                },
            ]),
            Record::Panic("at src/main.rs:1".into()),
        ]
    }

    fn bytes() -> Vec<u8> {
        let mut bytes = Vec::new();
        for record in sample() {
            bytes.extend(Line::of(&record).unwrap().0);
        }
        bytes
    }

    fn read(bytes: &[u8]) -> (Vec<Entry>, u64) {
        let path = std::env::temp_dir().join(format!("mlplots-{}", uuid::Uuid::now_v7().simple()));
        std::fs::File::create(&path)
            .unwrap()
            .write_all(bytes)
            .unwrap();
        let mut reader = Reader::open(&path, 0).unwrap();
        reader.over();
        let mut entries = Vec::new();
        while let Some(entry) = reader.next_entry().unwrap() {
            entries.push(entry);
        }
        std::fs::remove_file(&path).unwrap();
        (entries, reader.torn())
    }

    #[test]
    fn what_is_written_is_read() {
        let entries: Vec<_> = sample().into_iter().map(Entry::Record).collect();
        assert_eq!(read(&bytes()), (entries, 0));
    }

    #[test]
    fn torn_at_every_byte_keeps_what_is_whole() {
        let bytes = bytes();
        for cut in 0..bytes.len() {
            let whole = bytes[..cut].split(|&byte| byte == b'\n').count() - 1;
            let (entries, torn) = read(&bytes[..cut]);
            let expected: Vec<_> = sample()
                .into_iter()
                .take(whole)
                .map(Entry::Record)
                .collect();
            assert_eq!(entries, expected, "cut at {cut}");
            let last = bytes[..cut]
                .iter()
                .rposition(|&byte| byte == b'\n')
                .map_or(0, |at| at + 1);
            assert_eq!(torn, (cut - last) as u64, "cut at {cut}");
        }
    }

    #[test]
    fn a_flipped_bit_anywhere_invents_nothing() {
        let bytes = bytes();
        let good: Vec<_> = sample().into_iter().map(Entry::Record).collect();
        for index in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[index / 8] ^= 1 << (index % 8);
            let (entries, torn) = read(&flipped);
            assert!(
                entries
                    .iter()
                    .all(|entry| matches!(entry, Entry::Damaged { .. }) || good.contains(entry))
            );
            assert!(
                torn > 0
                    || entries
                        .iter()
                        .any(|entry| matches!(entry, Entry::Damaged { .. })),
                "the damage at bit {index} is not reported"
            );
        }
    }

    #[test]
    fn a_sparse_journal_costs_neither_time_nor_memory() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut file = std::fs::File::create(&path).unwrap();
        let bytes = bytes();
        file.write_all(&bytes).unwrap();
        file.seek(SeekFrom::Start(1 << 40)).unwrap();
        file.write_all(&bytes).unwrap();
        let mut reader = Reader::open(&path, 0).unwrap();
        reader.over();
        let mut entries = Vec::new();
        while let Some(entry) = reader.next_entry().unwrap() {
            entries.push(entry);
        }
        assert_eq!(entries.len(), 2 * sample().len() + 1);
        let gap = &entries[sample().len()];
        assert!(matches!(gap, Entry::Damaged { offset, .. } if *offset == bytes.len() as u64));
    }

    /// The reader reads each damage at most twice. A search from each damage to the end of the file
    /// would take hours.
    #[test]
    fn a_journal_of_nothing_but_damages_is_read_in_one_pass() {
        let (entries, torn) = read(&vec![b'\n'; 1 << 22]);
        assert_eq!((entries.len(), torn), (1 << 22, 0));
        let one = Line::of(&sample()[0]).unwrap().0;
        let unfinished = [&b"unfinished\0\0"[..], &one].concat();
        let (entries, torn) = read(&unfinished.repeat(30_000));
        let records = entries.iter();
        let records = records.filter(|entry| matches!(entry, Entry::Record(_)));
        assert_eq!((records.count(), entries.len(), torn), (30_000, 60_000, 0));
    }

    #[test]
    fn a_line_without_an_end_is_left_out() {
        let good = bytes();
        let mut long = vec![b'x'; 3 * MAX_LINE];
        long.push(b'\n');
        let (entries, torn) = read(&[&good[..], &long, &good].concat());
        assert_eq!((entries.len(), torn), (2 * sample().len() + 1, 0));
        let (entries, torn) = read(&[&good[..], &vec![b'x'; 2 * MAX_LINE]].concat());
        assert_eq!((entries.len(), torn), (sample().len(), 2 * MAX_LINE as u64));
        assert!(Line::of(&Record::Panic("x".repeat(MAX_LINE))).is_err());
    }

    #[test]
    fn nan_comes_back() {
        let metric = Metric {
            key: "x".into(),
            value: f64::NAN,
            timestamp: 0,
            step: 0,
        };
        let line = Line::of(&Record::Metrics(vec![metric])).unwrap().0;
        let (entries, _) = read(&line);
        let [Entry::Record(Record::Metrics(metrics))] = entries.as_slice() else {
            panic!("{entries:?}")
        };
        assert!(metrics[0].value.is_nan());
    }

    #[test]
    fn follows_a_journal_that_grows() {
        let path = std::env::temp_dir().join(format!("mlplots-{}", uuid::Uuid::now_v7().simple()));
        let bytes = bytes();
        let mut file = std::fs::File::create(&path).unwrap();
        let mut reader = Reader::open(&path, 0).unwrap();
        let mut entries = Vec::new();
        for chunk in bytes.chunks(7) {
            file.write_all(chunk).unwrap();
            while let Some(entry) = reader.next_entry().unwrap() {
                entries.push(entry);
            }
        }
        std::fs::remove_file(&path).unwrap();
        assert_eq!(
            entries,
            sample().into_iter().map(Entry::Record).collect::<Vec<_>>()
        );
        assert_eq!(reader.offset(), bytes.len() as u64);
    }
}
