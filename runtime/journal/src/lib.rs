//! The journal of a training run: the records that a program writes while it trains, and that
//! `cargo mlplots` reads and ships to MLflow.
//!
//! Training programs use the crate `mlplots`, which writes the journal. This crate is for programs
//! that read journals or write them without `mlplots`.
//! [`docs/journal.md`](https://github.com/mlplots/mlplots/blob/main/docs/journal.md) specifies the
//! format.
//!
//! ```
//! use mlplots_journal::record::{Metric, Record, RunUuid, now_millis};
//! use mlplots_journal::{Entry, Line, Reader, RunDir, Writer};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let workspace = tempfile::tempdir()?;
//! let run = RunDir::new(workspace.path(), &RunUuid::new());
//! run.create()?;
//!
//! let loss = Record::Metrics(vec![Metric {
//!     key: "loss".to_owned(),
//!     value: 0.25,
//!     timestamp: now_millis(),
//!     step: 0,
//! }]);
//! let writer = Writer::create(&run)?;
//! writer.append(&Line::of(&loss)?)?;
//!
//! let mut reader = Reader::open(&run.journal(), 0)?;
//! assert_eq!(reader.next_entry()?, Some(Entry::Record(loss)));
//! assert_eq!(reader.next_entry()?, None);
//! # Ok(())
//! # }
//! ```

pub mod disk;
mod exit;
mod files;
mod host;
mod journal;
pub mod listing;
pub mod record;
pub mod request;
mod run_dir;
pub mod terminal;
mod workspace;

pub use exit::Exit;
pub use files::Files;
pub use host::Host;
pub use journal::{Entry, Line, Reader, Writer};
/// Name rules and limits. They are a separate package because `mlplots-macros` uses them too.
pub use mlplots_names as names;
pub use run_dir::RunDir;
pub use workspace::workspace_root;

/// Compiles the README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
