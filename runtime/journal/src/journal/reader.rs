//! The reading side of the journal, in the supervisor. It follows a journal while it grows.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use super::line::{MAX_LINE, decode};
use crate::disk;
use crate::record::Record;

/// Number of bytes per read.
const CHUNK: u64 = 256 * 1024;

/// An entry of a journal.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A record.
    Record(Record),
    /// A damaged line. It is skipped and reported.
    Damaged {
        /// Its offset in bytes.
        offset: u64,
        /// The kind of damage.
        why: String,
    },
}

/// Reads a journal from an offset on, and continues while it grows.
#[derive(Debug)]
pub struct Reader {
    file: File,
    /// The bytes of the file from `offset − start` on, when they were last read.
    buffer: Vec<u8>,
    start: usize,
    offset: u64,
    /// The bytes before this offset were read more than once.
    settled: u64,
    over: bool,
    torn: u64,
}

impl Reader {
    /// Opens a journal at `offset`, which was returned by [`Reader::offset`], or 0.
    ///
    /// # Errors
    /// It is missing, not a regular file, or may not be read.
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

    /// Declares that the writer is dead. Since threads write side by side, finished records may follow
    /// an unfinished one: the reader searches for them from now on.
    pub fn over(&mut self) {
        if !self.over {
            self.over = true;
            self.forget();
        }
    }

    /// The offset of the next entry.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next entry, or `None` if there is no complete line yet.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        let Some(line) = self.next_line()? else {
            return if self.over { self.gap() } else { Ok(None) };
        };
        let mut found = (decode(&self.buffer[line.clone()]), line);
        if found.0.is_err() && self.offset + found.1.len() as u64 >= self.settled {
            // It may have been read while it was written.
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
        // Without a writer, zeros are final.
        let is_gap = self.over && self.buffer.get(self.start) == Some(&0);
        match self.line(self.start) {
            None if !is_gap => self.look_again(),
            line => Ok(line),
        }
    }

    /// The next complete line of the buffer, without its newline, which is searched from `from` on.
    /// Zeros are space that was allocated in advance, or a record that is being written.
    fn line(&self, from: usize) -> Option<Range<usize>> {
        if self.buffer.get(self.start) == Some(&0) {
            return None;
        }
        let ends = |byte| byte == b'\n' || (byte == 0 && self.over);
        let end = from + self.buffer[from..].iter().position(|&byte| ends(byte))?;
        (self.buffer[end] != 0).then_some(self.start..end)
    }

    /// Reads from the next entry on until there is a complete line.
    fn look_again(&mut self) -> io::Result<Option<Range<usize>>> {
        self.forget();
        self.file.seek(SeekFrom::Start(self.offset))?;
        loop {
            let before = self.buffer.len();
            let read = self.read_chunk()?;
            if let Some(line) = self.line(before) {
                return Ok(Some(line));
            }
            // Allocated space, the end of the file, or no line at all: there are no more lines.
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

    /// Finds the next complete record behind invalid bytes. An unfinished record ends with its newline
    /// or with zeros.
    fn gap(&mut self) -> io::Result<Option<Entry>> {
        let (begin, mut at) = (self.offset, self.offset);
        let mut piece = Vec::new();
        self.torn = 0;
        loop {
            for place in self.start..self.buffer.len() {
                let byte = self.buffer[place];
                at += 1;
                if byte == b'\n' && decode(&piece).is_ok() {
                    self.offset = at - piece.len() as u64 - 1;
                    self.torn = 0;
                    match place.checked_sub(piece.len()) {
                        Some(start) => self.start = start,
                        // It began in an earlier chunk.
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

    /// Number of invalid bytes behind the last record, once the writer is dead and no entry is left.
    pub fn torn(&self) -> u64 {
        self.torn
    }
}

/// The offset of the next bytes from `at` on; holes of the file are skipped.
#[cfg(target_os = "linux")]
fn data_from(file: &File, at: u64) -> io::Result<u64> {
    use rustix::io::Errno;
    match rustix::fs::seek(file, rustix::fs::SeekFrom::Data(at)) {
        Ok(data) => Ok(data),
        // There are none up to the end.
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
        for place in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[place / 8] ^= 1 << (place % 8);
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
                "the damage at bit {place} is not reported"
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

    /// Each damage is looked at twice at most: looked at anew from each one, these would take hours.
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
