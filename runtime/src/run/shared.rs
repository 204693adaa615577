//! The state of a run that all threads share: the journal, the stored files and the figures.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mlplots_journal::record::{Artifact, ArtifactPath, Problem, Record, Tally};
use mlplots_journal::request::Resumed;
use mlplots_journal::{Files, Line, RunDir, Writer};

use super::paths::Paths;
use super::problems::Problems;
use super::tables::Tables;
use crate::error::Error;
use crate::figure::with_texts;
use crate::stderr::print;

pub(super) struct Shared {
    pub(super) dir: RunDir,
    pub(super) files: Files,
    pub(super) journal: Arc<Writer>,
    pub(super) state: Mutex<State>,
    /// Held while a figure's files are claimed and its record is journaled, so that the newer of two
    /// drawings is the last record.
    pub(super) figures: Mutex<()>,
    /// The last steps of the run that is resumed.
    pub(super) steps: BTreeMap<String, i64>,
}

/// The mutable state of a run.
#[derive(Default)]
pub(super) struct State {
    pub(super) problems: Problems,
    params: BTreeMap<String, String>,
    /// A param of the run that is resumed.
    kept: BTreeMap<String, String>,
    paths: Paths,
    /// The tables in MLflow's table view.
    pub(super) tables: Tables,
    pub(super) tally: Tally,
    /// The plot that wrote a path, and the number of its newest drawing.
    pub(super) written: HashMap<String, (String, u64)>,
}

/// A known param.
pub(super) enum Known {
    New,
    Same,
    Other(String),
}

impl State {
    /// Records a param; the first value of a name counts.
    pub(super) fn param(&mut self, key: &str, value: &str) -> Known {
        match self.params.get(key).or_else(|| self.kept.get(key)) {
            Some(known) if known != value => return Known::Other(known.clone()),
            Some(_) if self.params.contains_key(key) => return Known::Same,
            _ => {}
        }
        self.params.insert(key.to_owned(), value.to_owned());
        Known::New
    }
}

impl Shared {
    pub(super) fn new(dir: RunDir, journal: Writer, resumed: Resumed) -> Self {
        Self {
            files: Files::of(dir.clone()),
            dir,
            journal: Arc::new(journal),
            state: Mutex::new(State {
                kept: resumed.params,
                tables: Tables::of(resumed.tables.as_deref()),
                ..State::default()
            }),
            figures: Mutex::default(),
            steps: resumed.steps,
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this process was forked from the one that began the run, and cannot log to it. Prints
    /// a warning once. No mutex may be locked then: the thread that held it is not in this process.
    pub(super) fn is_forked(&self) -> bool {
        static REPORTED: AtomicBool = AtomicBool::new(false);
        let is_forked = self.journal.is_forked();
        if is_forked && !REPORTED.swap(true, Ordering::Relaxed) {
            print(format_args!(
                "warning: process {} was forked from the one that began the run, and its \
                 records are lost: log in the process that began the run",
                std::process::id()
            ));
        }
        is_forked
    }

    /// Journals a record. If the journal cannot be written, the run has a problem.
    pub(super) fn append(&self, record: &Record) {
        if self.is_forked() {
            return;
        }
        if let Err(why) = self.try_append(record) {
            self.problem(format!(
                "the journal `{}` could not be written, and what was logged is lost: {why}",
                self.dir.journal().display()
            ));
        }
    }

    pub(super) fn try_append(&self, record: &Record) -> io::Result<()> {
        let line = Line::of(record)?;
        self.journal.append(&line)
    }

    /// Syncs the journal to disk.
    pub(super) fn sync(&self) {
        if let Err(why) = self.journal.sync() {
            self.problem(format!(
                "the journal `{}` could not be brought to disk: {why}",
                self.dir.journal().display()
            ));
        }
    }

    /// Checks that the journal still exists: deleting it loses the records that are not shipped.
    pub(super) fn look(&self) {
        let journal = self.dir.journal();
        if matches!(journal.try_exists(), Ok(false)) {
            let journal = journal.display();
            self.problem(format!(
                "the journal `{journal}` was deleted while the run wrote to it"
            ));
        }
    }

    /// Reports a problem: it is printed once and listed at the end, and the run ends FAILED.
    pub(super) fn problem(&self, message: impl AsRef<str>) {
        if self.is_forked() {
            return;
        }
        let Some(message) = self.state().problems.add(message.as_ref()) else {
            return;
        };
        print(format_args!("warning: {message}"));
        // On a full disk the run is FAILED too: its end counts the problems.
        let _ = self.try_append(&Record::Problem(Problem { message }));
    }

    /// Registers a file of the run whose content is stored.
    fn take_in(&self, file: Artifact) -> Result<Artifact, Error> {
        if !self.is_forked() {
            self.state().paths.add(&file.path).map_err(Error::new)?;
        }
        Ok(file)
    }

    /// Registers a folder of the run without its files.
    pub(super) fn folder(&self, folder: &str) -> Result<(), String> {
        if self.is_forked() {
            return Ok(());
        }
        self.state().paths.add_folder(folder)
    }

    /// Stores a file's bytes.
    pub(super) fn store(&self, path: &str, bytes: &[u8]) -> Result<Artifact, Error> {
        let path = path.parse().map_err(Error::new)?;
        self.take_in(self.store_at(&path, bytes)?)
    }

    /// Stores a file's bytes, at a path of the run or of one of its models.
    pub(super) fn store_at(&self, path: &ArtifactPath, bytes: &[u8]) -> Result<Artifact, Error> {
        self.files
            .add_bytes(path.clone(), bytes)
            .map_err(|why| self.not_stored(path, why))
    }

    /// Stores a file that the function at `source` drew. The properties of a PNG name the run.
    pub(super) fn store_drawn(
        &self,
        path: &str,
        bytes: &[u8],
        source: &str,
    ) -> Result<Artifact, Error> {
        if Path::new(path)
            .extension()
            .is_none_or(|extension| extension != "png")
        {
            return self.store(path, bytes);
        }
        let texts = [
            ("Title", path),
            ("Source", source),
            ("Software", concat!("mlplots ", env!("CARGO_PKG_VERSION"))),
            ("mlplots.run_uuid", self.dir.uuid()),
        ];
        self.store(path, &with_texts(bytes, &texts))
    }

    /// Stores a copy of a file.
    pub(super) fn store_file(&self, path: &str, source: &Path) -> Result<Artifact, Error> {
        let artifact_path = path.parse().map_err(Error::new)?;
        let stored = self.files.add_file(artifact_path, source);
        self.take_in(stored.map_err(|why| {
            let source = source.display();
            let message = format!("could not log `{source}` as the artifact `{path}`");
            Error::with_source(message, why)
        })?)
    }

    fn not_stored(&self, path: &str, why: io::Error) -> Error {
        let directory = self.dir.artifacts();
        let directory = directory.display();
        let message = format!("could not store the artifact `{path}` in `{directory}`");
        Error::with_source(message, why)
    }

    /// Journals an artifact whose content is stored.
    pub(super) fn log(&self, artifact: Artifact) {
        self.append(&Record::Artifact(artifact));
    }
}
