//! One record as a line of the journal: a checksum, a space, JSON and a newline.

use std::io;

use crate::record::Record;

/// Length of a line's checksum and the space behind it.
const HEAD: usize = 9;

/// Maximum length of a line in bytes, which bounds the memory of readers.
pub(super) const MAX_LINE: usize = 16 * 1024 * 1024;

/// Space that is reserved on a full disk for the last records.
const LAST_WORDS: usize = 8 * 1024;

/// An encoded record, and the number of bytes that must stay free behind it.
#[derive(Debug)]
pub struct Line(pub(super) Vec<u8>, pub(super) usize);

impl Line {
    /// Encodes a record.
    ///
    /// # Errors
    /// The record is longer than 16 MiB.
    pub fn of(record: &Record) -> io::Result<Self> {
        let mut line = Vec::with_capacity(160);
        line.extend_from_slice(&[b' '; HEAD]);
        serde_json::to_writer(&mut line, record)?;
        let checksum = checksum(&line[HEAD..]);
        line[..HEAD].copy_from_slice(&checksum);
        if line.len() > MAX_LINE {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "a record of {} bytes; a record has at most {MAX_LINE}",
                    line.len()
                ),
            ));
        }
        line.push(b'\n');
        let spare = match record {
            // The end of the run comes first.
            Record::Close(_) => 0,
            // Then the reasons.
            Record::Problem(_) | Record::Panic(_) => LAST_WORDS / 2,
            _ => LAST_WORDS,
        };
        Ok(Self(line, spare))
    }
}

/// Reads a line of the journal, without its newline.
pub(super) fn decode(line: &[u8]) -> Result<Record, String> {
    let (head, json) = line
        .split_at_checked(HEAD)
        .ok_or("it is too short for a record")?;
    if head != checksum(json) {
        return Err("its checksum does not fit".to_owned());
    }
    serde_json::from_slice(json)
        .map_err(|error| format!("this version of mlplots does not know the record: {error}"))
}

/// CRC-32 as eight hex digits and a space.
pub(super) fn checksum(json: &[u8]) -> [u8; HEAD] {
    let checksum = crc32fast::hash(json);
    let mut head = [b' '; HEAD];
    for (digit, place) in head[..8].iter_mut().zip((0..8).rev()) {
        *digit = b"0123456789abcdef"[(checksum >> (4 * place)) as usize & 15];
    }
    head
}
