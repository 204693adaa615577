//! The journal: the only place where a training program and its supervisor meet.
//!
//! A run's directory holds `journal`, one record a line, and `artifacts/`, each file under its
//! SHA-256. A line is eight hex digits of CRC-32, a space, and the record as JSON, so that
//! `head journal` reads well. A line is in the kernel when the call returns and survives the death
//! of the process; it is on disk at figures, every second and at the end.
//!
//! On Linux threads put their lines in side by side: each takes room for its line, and fills in the
//! line's first byte last. A zero where a line should begin is a line that is not finished, or room
//! taken ahead; in a journal whose program is dead, finished lines may stand behind such a one.

#[cfg(target_os = "linux")]
mod ahead;
mod directory;
mod disk;
mod files;
mod fork;
#[cfg(test)]
mod hardness;
mod host;
mod owned;
mod reader;
#[cfg(target_os = "linux")]
mod window;
#[cfg(target_os = "linux")]
mod windows;
mod workspace;
mod writer;

pub use directory::RunDir;
pub use disk::{check_directory, create_new, open, open_or_create, read, replace};
pub use files::Files;
pub use host::here;
pub use reader::{Entry, Reader};
pub use workspace::workspace_root;
pub use writer::Writer;

use std::io;

use crate::record::Record;

/// Length of a line's checksum with the space behind it.
const HEAD: usize = 9;

/// The longest line of a journal, in bytes: no reader takes more memory for one.
const MAX_LINE: usize = 16 * 1024 * 1024;

/// Room that a full disk leaves to the last words.
const LAST_WORDS: usize = 8 * 1024;

/// A record as the journal holds it, and how much room it must leave behind it.
#[derive(Debug)]
pub struct Line(Vec<u8>, usize);

impl Line {
    /// Encodes a record.
    ///
    /// # Errors
    /// It is larger than a line of the journal may be.
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
            // How the run ended: if nothing else, that.
            Record::Close(_) => 0,
            // And what went wrong.
            Record::Problem(_) | Record::Panic(_) => LAST_WORDS / 2,
            _ => LAST_WORDS,
        };
        Ok(Self(line, spare))
    }
}

/// Reads a line of the journal, without its newline.
fn decode(line: &[u8]) -> Result<Record, String> {
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
fn checksum(json: &[u8]) -> [u8; HEAD] {
    let checksum = crc32fast::hash(json);
    let mut head = [b' '; HEAD];
    for (digit, place) in head[..8].iter_mut().zip((0..8).rev()) {
        *digit = b"0123456789abcdef"[(checksum >> (4 * place)) as usize & 15];
    }
    head
}
