//! The journal: the only interface between a training program and its supervisor.
//!
//! A run's directory contains `journal`, with one record per line, and `artifacts/`, with each file
//! under its SHA-256. A line is eight hexadecimal digits of CRC-32, a space and the record as JSON,
//! so that a user can read the journal with `head`. A line is in the kernel's page cache when the
//! call returns, and survives the death of the process. It is synced to disk after figures, every
//! second and at the end.
//!
//! On Linux, threads write in parallel: each thread reserves the range of its line, and writes the
//! first byte last. A zero byte at the beginning of a line is an unfinished line or space that was
//! allocated in advance. If the program is dead, finished lines may follow an unfinished line.

#[cfg(target_os = "linux")]
mod ahead;
mod fork;
#[cfg(test)]
mod hardness;
mod line;
mod owned;
mod reader;
#[cfg(target_os = "linux")]
mod window;
#[cfg(target_os = "linux")]
mod windows;
mod writer;

pub use line::Line;
pub use reader::{Entry, Reader};
pub use writer::Writer;
