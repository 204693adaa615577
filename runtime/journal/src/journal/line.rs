//! Encodes a record as a line of the journal: a checksum, a space, JSON and a newline.

use std::io;

use crate::record::Record;

/// Length in bytes of a line's checksum and the space after it.
const HEAD: usize = 9;

/// Maximum length of a line in bytes, without the newline. It bounds the memory of readers.
pub(super) const MAX_LINE: usize = 16 * 1024 * 1024;

/// Number of bytes that are reserved for the last records, in case the disk is full.
const LAST_WORDS: usize = 8 * 1024;

/// An encoded record: a line of the journal. A [`Writer`](crate::Writer) appends it.
///
/// ```
/// use mlplots_journal::record::{Param, Record};
/// use mlplots_journal::{Line, RunDir, Writer};
///
/// # fn main() -> std::io::Result<()> {
/// # let workspace = tempfile::tempdir()?;
/// # let run = RunDir::new(workspace.path(), &mlplots_journal::record::RunUuid::new());
/// # run.create()?;
/// let alpha = Param { key: "alpha".to_owned(), value: "0.5".to_owned() };
/// let line = Line::of(&Record::Params(vec![alpha]))?;
/// Writer::create(&run)?.append(&line)?;
/// let journal = std::fs::read_to_string(run.journal())?;
/// assert_eq!(journal, "fca81ac5 {\"params\":[{\"key\":\"alpha\",\"value\":\"0.5\"}]}\n");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Line(
    pub(super) Vec<u8>,
    /// Number of bytes that must stay free after the line.
    pub(super) usize,
);

impl Line {
    /// Encodes a record.
    ///
    /// # Errors
    /// Returns an error if the line is longer than 16 MiB.
    ///
    /// ```
    /// # use mlplots_journal::{Line, record::Record};
    /// assert!(Line::of(&Record::Panic("index out of bounds".to_owned())).is_ok());
    /// assert!(Line::of(&Record::Panic("x".repeat(16 << 20))).is_err());
    /// ```
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
            // Without the end of the run, its status is unknown: this record may use the whole
            // reserve.
            Record::Close(_) => 0,
            // The reasons of a failure leave space for the end of the run.
            Record::Problem(_) | Record::Panic(_) => LAST_WORDS / 2,
            _ => LAST_WORDS,
        };
        Ok(Self(line, spare))
    }
}

/// Decodes a line of the journal without its newline.
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

/// Returns the CRC-32 as eight hexadecimal digits, and a space.
pub(super) fn checksum(json: &[u8]) -> [u8; HEAD] {
    let checksum = crc32fast::hash(json);
    let mut head = [b' '; HEAD];
    for (digit, place) in head[..8].iter_mut().zip((0..8).rev()) {
        *digit = b"0123456789abcdef"[(checksum >> (4 * place)) as usize & 15];
    }
    head
}
