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
