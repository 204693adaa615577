//! The reading side, in the supervisor: follows a journal while it grows.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use super::decode;
use crate::record::Record;

/// How much is read at a time.
const CHUNK: u64 = 256 * 1024;

/// What a journal says at one place.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A record.
    Record(Record),
    /// A line that is not what was written: it is left out and said so.
    Damaged {
        /// Where it begins, in bytes.
        offset: u64,
        /// What is wrong with it.
        why: String,
    },
}

/// Reads a journal from a place on; asks again for what has been added since.
#[derive(Debug)]
pub struct Reader {
    file: File,
    /// What the file held from `offset − start` on, when it was last looked at.
    buffer: Vec<u8>,
    start: usize,
    offset: u64,
    over: bool,
}

impl Reader {
    /// Opens a journal at `offset`, which was returned by [`Reader::offset`], or 0.
    pub fn open(journal: &Path, offset: u64) -> io::Result<Self> {
        Ok(Self {
            file: File::open(journal)?,
            buffer: Vec::new(),
            start: 0,
            offset,
            over: false,
        })
    }

    /// No writer lives any more. Threads write side by side, so that one may have died before it
    /// had finished a record, and others after they had finished theirs behind it: those are read.
    pub fn over(&mut self) {
        self.over = true;
    }

    /// Where the next entry begins.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next entry, or `None` when there is no complete line yet.
    pub fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        let found = match self.line() {
            Some(line) => Some(line),
            None => self.look_again()?,
        };
        let Some(mut line) = found else {
            return if self.over { self.gap() } else { Ok(None) };
        };
        let mut decoded = decode(&self.buffer[line.clone()]);
        if decoded.is_err() {
            // It may have been looked at in the very moment in which it was put there.
            let Some(again) = self.look_again()? else {
                return Ok(None);
            };
            line = again;
            decoded = decode(&self.buffer[line.clone()]);
        }
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

    /// The next complete line of the buffer, without its newline. Zeros are room that the writer
    /// has taken ahead, or a record that is being written.
    fn line(&self) -> Option<Range<usize>> {
        let rest = &self.buffer[self.start..];
        if rest.first() == Some(&0) {
            return None;
        }
        let ends = |byte| byte == b'\n' || (byte == 0 && self.over);
        let length = rest.iter().position(|&byte| ends(byte))?;
        (rest[length] != 0).then(|| self.start..self.start + length)
    }

    /// Goes on with the next whole record behind one that was never finished. What is left of that
    /// ends with its newline or with zeros.
    fn gap(&mut self) -> io::Result<Option<Entry>> {
        self.file.seek(SeekFrom::Start(self.offset))?;
        let mut rest = BufReader::with_capacity(CHUNK as usize, &self.file);
        let (mut piece, mut end) = (Vec::new(), self.offset);
        loop {
            piece.clear();
            end += rest.read_until(b'\n', &mut piece)? as u64;
            if piece.pop() != Some(b'\n') {
                return Ok(None);
            }
            let line = piece.rsplit(|&byte| byte == 0).next().unwrap_or_default();
            if decode(line).is_err() {
                continue;
            }
            let offset = std::mem::replace(&mut self.offset, end - line.len() as u64 - 1);
            (self.start, self.buffer) = (0, Vec::new());
            return Ok(Some(Entry::Damaged {
                offset,
                why: "its writing was not finished".to_owned(),
            }));
        }
    }

    /// Reads from the next entry on, as much as one line needs.
    fn look_again(&mut self) -> io::Result<Option<Range<usize>>> {
        self.start = 0;
        self.buffer.clear();
        self.file.seek(SeekFrom::Start(self.offset))?;
        loop {
            let before = self.buffer.len();
            let read = Read::by_ref(&mut self.file)
                .take(CHUNK)
                .read_to_end(&mut self.buffer)?;
            if let Some(line) = self.line() {
                return Ok(Some(line));
            }
            // Written ahead or not at all: there is no more line.
            if read == 0 || self.buffer[before..].contains(&0) {
                return Ok(None);
            }
        }
    }

    /// Bytes of a last line that was cut off, once no writer lives.
    pub fn torn(&self) -> usize {
        let rest = &self.buffer[self.start..];
        rest.iter()
            .rposition(|&byte| byte != 0)
            .map_or(0, |last| last + 1)
    }
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

    fn read(bytes: &[u8]) -> (Vec<Entry>, usize) {
        let path = std::env::temp_dir().join(format!("mlplots-{}", uuid::Uuid::now_v7().simple()));
        std::fs::File::create(&path)
            .unwrap()
            .write_all(bytes)
            .unwrap();
        let mut reader = Reader::open(&path, 0).unwrap();
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
            assert_eq!(torn, cut - last, "cut at {cut}");
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
