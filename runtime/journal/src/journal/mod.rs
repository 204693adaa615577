//! The journal: the only interface between a training program and its supervisor.
//!
//! A run's directory holds `journal`, one record a line, and `artifacts/`, each file under its
//! SHA-256. A line is eight hex digits of CRC-32, a space, and the record as JSON, so that
//! `head journal` is readable. A line is in the kernel's page cache when the call returns, and survives
//! the death of the process. It is synced to disk after figures, every second and at the end.
//!
//! On Linux, threads write side by side: each reserves the range of its line, and writes the first
//! byte last. A zero where a line should begin is an unfinished line or space that was allocated in
//! advance. If the program is dead, finished lines may follow an unfinished one.

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
