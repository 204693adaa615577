//! What all threads of a run write to: the journal, the stored files, and how things stand.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::paths::Paths;
use super::pool::Drawn;
use super::problems::Problems;
use super::tables::Tables;
use super::tell;
use crate::error::Error;
use crate::figure::{Encoded, Output, with_texts};
use crate::journal::{Files, Line, RunDir, Writer};
use crate::record::{
    self, Artifact, ArtifactPath, Figure, FigureStatus, Problem, Record, Resumed, RunUuid, Tag,
    Tally, now_millis,
};

pub(super) struct Shared {
    pub(super) dir: RunDir,
    pub(super) files: Files,
    pub(super) journal: Writer,
    pub(super) state: Mutex<State>,
    /// The last steps of the run that this one goes on with.
    pub(super) steps: BTreeMap<String, i64>,
}

/// How a run stands.
#[derive(Default)]
pub(super) struct State {
    pub(super) problems: Problems,
    params: BTreeMap<String, String>,
    /// Those of the run that this one goes on with.
    kept: BTreeMap<String, String>,
    paths: Paths,
    /// Tables for MLflow's table view, by path.
    pub(super) tables: Tables,
    pub(super) tally: Tally,
    /// Which plot wrote a path, and the number of its newest drawing.
    written: HashMap<String, (String, u64)>,
}

/// What is known of a param.
pub(super) enum Known {
    New,
    Same,
    Other(String),
}

impl State {
    /// Takes note of a param; the first value of a name is the one that counts.
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
            journal,
            state: Mutex::new(State {
                kept: resumed.params,
                tables: Tables::of(resumed.tables.as_deref()),
                ..State::default()
            }),
            steps: resumed.steps,
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this process was forked from the one that began the run, and cannot log to it; said
    /// once. Nothing may be locked then: whoever held a lock is not in this process.
    pub(super) fn is_forked(&self) -> bool {
        static REPORTED: AtomicBool = AtomicBool::new(false);
        let is_forked = self.journal.is_forked();
        if is_forked && !REPORTED.swap(true, Ordering::Relaxed) {
            tell(format_args!(
                "warning: process {} was forked from the one that began the run, and what it logs \
                 is lost: log in the process that begins the run",
                std::process::id()
            ));
        }
        is_forked
    }

    /// Journals a record; a journal that cannot be written is a problem of the run.
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

    fn try_append(&self, record: &Record) -> io::Result<()> {
        let line = Line::of(record)?;
        self.journal.append(&line)
    }

    /// Brings the journal to disk.
    pub(super) fn sync(&self) {
        if let Err(why) = self.journal.sync() {
            self.problem(format!(
                "the journal `{}` could not be brought to disk: {why}",
                self.dir.journal().display()
            ));
        }
    }

    /// A journal that somebody deletes takes with it what is not shipped: that is told.
    pub(super) fn look(&self) {
        let journal = self.dir.journal();
        if matches!(journal.try_exists(), Ok(false)) {
            let journal = journal.display();
            self.problem(format!(
                "the journal `{journal}` was deleted while the run wrote to it"
            ));
        }
    }

    /// A problem of the run: printed once, listed at the end, and the run ends FAILED.
    pub(super) fn problem(&self, message: impl AsRef<str>) {
        if self.is_forked() {
            return;
        }
        let Some(message) = self.state().problems.add(message.as_ref()) else {
            return;
        };
        tell(format_args!("warning: {message}"));
        // Without room for it the run is FAILED all the same: the end says how many there were.
        let _ = self.try_append(&Record::Problem(Problem { message }));
    }

    /// The path of one of the run's files.
    fn path(&self, path: &str) -> Result<ArtifactPath, Error> {
        let path: ArtifactPath = path.parse().map_err(Error::new)?;
        if !self.is_forked() {
            self.state().paths.add(&path).map_err(Error::new)?;
        }
        Ok(path)
    }

    /// A folder of the run whose files need not be known.
    pub(super) fn folder(&self, folder: &str) -> Result<(), String> {
        if self.is_forked() {
            return Ok(());
        }
        self.state().paths.add_folder(folder)
    }

    /// Stores a file's bytes.
    pub(super) fn store(&self, path: &str, bytes: &[u8]) -> Result<Artifact, Error> {
        self.store_at(&self.path(path)?, bytes)
    }

    /// Stores a file's bytes, at a path of the run or of one of its models.
    pub(super) fn store_at(&self, path: &ArtifactPath, bytes: &[u8]) -> Result<Artifact, Error> {
        self.files
            .add_bytes(path.clone(), bytes)
            .map_err(|why| self.not_stored(path, &why))
    }

    /// Stores what a function at `source` has drawn. A PNG says in its properties whose it is.
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
        let artifact_path = self.path(path)?;
        self.files.add_file(artifact_path, source).map_err(|why| {
            Error::new(format!(
                "could not log `{}` as the artifact `{path}`: {why}",
                source.display()
            ))
        })
    }

    fn not_stored(&self, path: &str, why: &io::Error) -> Error {
        Error::new(format!(
            "could not store the artifact `{path}` in `{}`: {why}",
            self.dir.artifacts().display()
        ))
    }

    /// Journals an artifact whose content is stored.
    pub(super) fn log(&self, artifact: Artifact) {
        self.append(&Record::Artifact(artifact));
    }

    /// Stores what a plot drew and journals how it ended.
    pub(super) fn take(&self, drawn: Drawn) {
        let plot = drawn.plot;
        let mut figure = Figure {
            name: plot.name.to_owned(),
            status: FigureStatus::Logged,
            reason: None,
            step: drawn.step,
            files: Vec::new(),
            millis: drawn.took.as_millis() as u64,
            source: plot.source(),
            optional: plot.optional,
        };
        let stored = drawn.output.and_then(|output| match output {
            Output::Files(files) => self.take_files(plot, drawn.number, drawn.step, files),
            Output::Saved(path, _guard) => {
                let name = path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                self.store_file(&plot.path(&name), &path)
                    .map(|artifact| vec![artifact])
                    .map_err(|error| error.to_string())
            }
            Output::Directory(path, _guard) => list_directory(&path)
                .and_then(|names| {
                    let store =
                        |name: String| self.store_file(&plot.path(&name), &path.join(&name));
                    names.into_iter().map(store).collect()
                })
                .map_err(|error| error.to_string()),
        });
        match stored.and_then(|files| self.claim(plot.name, drawn.number, files)) {
            Ok(files) => figure.files = files,
            Err(why) => {
                let why = match drawn.step {
                    Some(step) => format!("at step {step}: {why}"),
                    None => why,
                };
                tell(format_args!(
                    "warning: the figure `{}` failed ({}): {why}",
                    figure.name, figure.source
                ));
                figure.status = FigureStatus::Failed;
                figure.reason = Some(why);
            }
        }
        self.figure(figure);
    }

    /// Journals how a figure ended, and brings it to disk.
    pub(super) fn figure(&self, figure: Figure) {
        if self.is_forked() {
            return;
        }
        self.state().tally.add(&figure);
        self.append(&Record::Figure(figure));
        self.sync();
    }

    fn take_files(
        &self,
        plot: &super::Plot,
        number: u64,
        step: Option<i64>,
        files: Vec<Encoded>,
    ) -> Result<Vec<Artifact>, String> {
        let mut stored = Vec::new();
        for Encoded { extension, bytes } in files {
            let path = plot.path(&format!("{}.{extension}", plot.name));
            let artifact = self
                .store_drawn(&path, &bytes, &plot.source())
                .map_err(|error| error.to_string())?;
            if let (Some(step), "png") = (step, extension) {
                let key = plot.path(plot.name);
                stored.extend(self.grid_images(&key, step, &artifact)?);
            }
            // Drawings of two steps may end in either order; the file shows the later one.
            if self
                .state()
                .written
                .get(&path)
                .is_none_or(|(_, newest)| *newest <= number)
            {
                stored.push(artifact);
            }
        }
        Ok(stored)
    }

    /// The two names under which MLflow's image grid finds a stepped image, for a stored PNG.
    pub(super) fn grid_images(
        &self,
        key: &str,
        step: i64,
        png: &Artifact,
    ) -> Result<[Artifact; 2], String> {
        record::check_image_key(key)?;
        self.append(&Record::Tags(vec![Tag {
            key: "mlflow.loggedImages".to_owned(),
            value: "True".to_owned(),
        }]));
        let name = format!(
            "images/{}+step+{step}+timestamp+{}+{}",
            key.replace('/', "~"),
            now_millis(),
            RunUuid::new(),
        );
        self.folder("images")
            .map_err(|why| format!("the image `{key}` {why}"))?;
        let file = |end: &str| {
            format!("{name}{end}").parse().map(|path| Artifact {
                path,
                ..png.clone()
            })
        };
        // The grid shows the second name; a browser reads PNG bytes under it as well.
        Ok([file(".png")?, file("+compressed.webp")?])
    }

    /// Two plots must not write one path: the later would hide the earlier.
    fn claim(
        &self,
        plot: &str,
        number: u64,
        files: Vec<Artifact>,
    ) -> Result<Vec<Artifact>, String> {
        let mut state = self.state();
        for file in &files {
            if let Some((other, _)) = state.written.get(&*file.path)
                && other != plot
            {
                return Err(format!(
                    "it writes `{}`, which the figure `{other}` wrote",
                    file.path
                ));
            }
        }
        for file in &files {
            state
                .written
                .insert(file.path.to_string(), (plot.to_owned(), number));
        }
        Ok(files)
    }
}

/// Names of the files below a directory, with `/`, in order. Symbolic links are refused: they could
/// lead out of it.
pub(super) fn list_directory(directory: &Path) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    list(directory, "", &mut found)?;
    if found.is_empty() {
        return Err(Error::new(format!(
            "the directory `{}` holds no file",
            directory.display()
        )));
    }
    Ok(found)
}

fn list(directory: &Path, prefix: &str, found: &mut Vec<String>) -> Result<(), Error> {
    let failed = |why: &dyn std::fmt::Display| {
        Error::new(format!(
            "could not read the directory `{}`: {why}",
            directory.display()
        ))
    };
    let entries = std::fs::read_dir(directory).map_err(|why| failed(&why))?;
    let mut entries = entries
        .collect::<Result<Vec<_>, _>>()
        .map_err(|why| failed(&why))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let name = name.to_str().ok_or_else(|| {
            failed(&format!(
                "the name `{}` is not UTF-8",
                name.to_string_lossy()
            ))
        })?;
        let path = format!("{prefix}{name}");
        let kind = entry.file_type().map_err(|why| failed(&why))?;
        if kind.is_symlink() {
            return Err(Error::new(format!(
                "`{}` is a symbolic link; log the file that it names",
                entry.path().display()
            )));
        } else if kind.is_dir() {
            list(&entry.path(), &format!("{path}/"), found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}
