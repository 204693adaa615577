//! The directory of a run: `.mlplots/runs/<uuid>/` at the workspace root.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::disk;
use crate::record::{Digest, RunUuid};

/// The path of a run's directory, `.mlplots/runs/<uuid>/` at the workspace root, and the paths in
/// it.
///
/// ```
/// use mlplots_journal::record::{Record, RunUuid};
/// use mlplots_journal::{Entry, Line, Reader, RunDir, Writer};
///
/// # fn main() -> std::io::Result<()> {
/// let workspace = tempfile::tempdir()?;
/// let run = RunDir::new(workspace.path(), &RunUuid::new());
/// run.create()?;
/// let record = Record::Panic("index out of bounds".to_owned());
/// let writer = Writer::create(&run)?;
/// writer.append(&Line::of(&record)?)?;
/// writer.sync()?;
///
/// let runs = RunDir::all(workspace.path())?;
/// let mut reader = Reader::open(&runs[0].journal(), 0)?;
/// assert_eq!(reader.next_entry()?, Some(Entry::Record(record)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
    uuid: RunUuid,
}

impl RunDir {
    /// Returns the directory of the run `uuid` below the workspace root. Creates nothing.
    ///
    /// ```
    /// # use mlplots_journal::{RunDir, record::RunUuid};
    /// let uuid = RunUuid::new();
    /// let run = RunDir::new("project".as_ref(), &uuid);
    /// assert!(run.path().ends_with(&*uuid));
    /// assert!(!run.path().exists());
    /// ```
    pub fn new(root: &Path, uuid: &RunUuid) -> Self {
        Self {
            path: Self::runs(root).join(&**uuid),
            uuid: uuid.clone(),
        }
    }

    /// Returns the directory of a run at a path. The directory need not exist.
    ///
    /// # Errors
    /// Returns an error if the last part of the path is not a [`RunUuid`].
    ///
    /// ```
    /// # use mlplots_journal::RunDir;
    /// let run = RunDir::at("runs/0198c0ffee007abc8def001122334455")?;
    /// assert_eq!(*run.uuid(), "0198c0ffee007abc8def001122334455");
    /// assert!(RunDir::at("runs/latest").is_err());
    /// # Ok::<(), String>(())
    /// ```
    pub fn at(path: impl Into<PathBuf>) -> Result<Self, String> {
        let path = path.into();
        let name = path.file_name().unwrap_or_default();
        let uuid = name.to_string_lossy().parse()?;
        Ok(Self { path, uuid })
    }

    /// Returns the directory of all runs of a workspace.
    ///
    /// ```
    /// # use mlplots_journal::RunDir;
    /// # use std::path::Path;
    /// let runs = RunDir::runs(Path::new("project"));
    /// assert_eq!(runs, Path::new("project/.mlplots/runs"));
    /// ```
    pub fn runs(root: &Path) -> PathBuf {
        root.join(".mlplots").join("runs")
    }

    /// Returns all runs of a workspace, oldest first. A workspace without `.mlplots` has none. A
    /// run may have no journal yet; see [`has_journal`](Self::has_journal).
    ///
    /// # Errors
    /// Returns an error if `.mlplots` or `.mlplots/runs` cannot be read, or if
    /// [`check_directory`](disk::check_directory) refuses one of them.
    ///
    /// ```
    /// # use mlplots_journal::{RunDir, record::RunUuid};
    /// # fn main() -> std::io::Result<()> {
    /// # let workspace = tempfile::tempdir()?;
    /// assert_eq!(RunDir::all(workspace.path())?, []);
    /// let run = RunDir::new(workspace.path(), &RunUuid::new());
    /// run.create()?;
    /// assert_eq!(RunDir::all(workspace.path())?, [run]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn all(root: &Path) -> io::Result<Vec<Self>> {
        let runs = Self::runs(root);
        for directory in [runs.parent().unwrap_or(&runs), &runs] {
            match disk::check_directory(directory) {
                Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
                checked => checked?,
            }
        }
        Self::list(&runs)
    }

    /// Checks that only the current user may write to the run's directory and to its
    /// [`artifacts`](Self::artifacts), which may be missing.
    ///
    /// # Errors
    /// Returns an error if the run's directory is missing, or if
    /// [`check_directory`](disk::check_directory) refuses one of the two directories.
    ///
    /// ```
    /// # use mlplots_journal::{RunDir, record::RunUuid};
    /// # fn main() -> std::io::Result<()> {
    /// # let workspace = tempfile::tempdir()?;
    /// let run = RunDir::new(workspace.path(), &RunUuid::new());
    /// assert!(run.check().is_err());
    /// run.create()?;
    /// assert!(run.check().is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub fn check(&self) -> io::Result<()> {
        disk::check_directory(&self.path)?;
        match disk::check_directory(&self.artifacts()) {
            // The supervisor removes it when all artifacts are shipped.
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()),
            checked => checked,
        }
    }

    /// Returns `true` if the run has a journal.
    ///
    /// # Errors
    /// Returns an error if the current user may not read the run's directory. A missing directory
    /// is not an error.
    ///
    /// ```
    /// # use mlplots_journal::{RunDir, Writer, record::RunUuid};
    /// # fn main() -> std::io::Result<()> {
    /// # let workspace = tempfile::tempdir()?;
    /// let run = RunDir::new(workspace.path(), &RunUuid::new());
    /// run.create()?;
    /// assert!(!run.has_journal()?);
    /// Writer::create(&run)?;
    /// assert!(run.has_journal()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn has_journal(&self) -> io::Result<bool> {
        match fs::symlink_metadata(self.journal()) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(false),
            found => found.map(|_| true),
        }
    }

    /// Returns the runs of the same workspace that began after this run, oldest first.
    ///
    /// # Errors
    /// Returns an error if the directory of all runs cannot be read.
    ///
    /// ```
    /// # use mlplots_journal::{RunDir, record::RunUuid};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let workspace = tempfile::tempdir()?;
    /// let first = RunDir::new(workspace.path(), &"0198c0ffee007abc8def001122334455".parse()?);
    /// let second = RunDir::new(workspace.path(), &RunUuid::new());
    /// first.create()?;
    /// second.create()?;
    /// assert_eq!(second.later()?, []);
    /// assert_eq!(first.later()?, [second]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn later(&self) -> io::Result<Vec<Self>> {
        let folder = self.path.parent().unwrap_or(&self.path);
        let mut runs = Self::list(folder)?;
        runs.retain(|run| run.path > self.path);
        Ok(runs)
    }

    fn list(folder: &Path) -> io::Result<Vec<Self>> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut runs = Vec::new();
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                // `.mlplots/runs` may contain directories of other origin.
                runs.extend(Self::at(entry.path()));
            }
        }
        // The names are time-ordered UUIDs, so this is the order of the runs' starts.
        runs.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(runs)
    }

    /// Creates the run's directory and [`artifacts`](Self::artifacts) in it, with access for their
    /// owner only. Creates `.mlplots` and `runs` too if they are missing. A new `.gitignore` in
    /// `.mlplots` hides all of it from git. The workspace root must exist.
    ///
    /// # Errors
    /// Returns an error if one of the directories cannot be created, or if it exists and
    /// [`check_directory`](disk::check_directory) refuses it.
    ///
    /// ```
    /// # use mlplots_journal::{RunDir, record::RunUuid};
    /// # fn main() -> std::io::Result<()> {
    /// # let workspace = tempfile::tempdir()?;
    /// let run = RunDir::new(workspace.path(), &RunUuid::new());
    /// run.create()?;
    /// assert!(run.artifacts().is_dir());
    /// assert!(workspace.path().join(".mlplots/.gitignore").is_file());
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(&self) -> io::Result<()> {
        let above: Vec<_> = self.path.ancestors().take(3).collect();
        for directory in above.into_iter().rev() {
            disk::create_directory(directory)?;
        }
        disk::create_directory(&self.artifacts())?;
        let top = self.path.ancestors().nth(2);
        if let Some(top) = top.filter(|top| top.ends_with(".mlplots")) {
            match disk::create_new(&top.join(".gitignore")) {
                Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {}
                made => made?.write_all(b"*\n")?,
            }
        }
        Ok(())
    }

    /// Returns the path of the directory.
    ///
    /// ```
    /// # use mlplots_journal::RunDir;
    /// let run = RunDir::at("runs/0198c0ffee007abc8def001122334455")?;
    /// assert_eq!(run.path().file_name(), Some("0198c0ffee007abc8def001122334455".as_ref()));
    /// # Ok::<(), String>(())
    /// ```
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the run's UUID, which is the name of the directory.
    ///
    /// ```
    /// # use mlplots_journal::RunDir;
    /// let run = RunDir::at("runs/0198c0ffee007abc8def001122334455")?;
    /// assert_eq!(*run.uuid(), "0198c0ffee007abc8def001122334455");
    /// # Ok::<(), String>(())
    /// ```
    pub fn uuid(&self) -> &RunUuid {
        &self.uuid
    }

    /// Returns the first twelve digits of the run's UUID; see [`RunUuid::short`].
    ///
    /// ```
    /// # use mlplots_journal::RunDir;
    /// let run = RunDir::at("runs/0198c0ffee007abc8def001122334455")?;
    /// assert_eq!(run.short(), "0198c0ffee00");
    /// # Ok::<(), String>(())
    /// ```
    pub fn short(&self) -> &str {
        self.uuid.short()
    }

    /// Returns the path of the journal, which a [`Writer`](crate::Writer) creates.
    ///
    /// ```
    /// # use mlplots_journal::RunDir;
    /// let run = RunDir::at("runs/0198c0ffee007abc8def001122334455")?;
    /// assert_eq!(run.journal(), run.path().join("journal"));
    /// # Ok::<(), String>(())
    /// ```
    pub fn journal(&self) -> PathBuf {
        self.path.join("journal")
    }

    /// Returns the path of the supervisor's [`Request`](crate::request::Request).
    ///
    /// ```
    /// # use mlplots_journal::RunDir;
    /// let run = RunDir::at("runs/0198c0ffee007abc8def001122334455")?;
    /// assert_eq!(run.request(), run.path().join("request.json"));
    /// # Ok::<(), String>(())
    /// ```
    pub fn request(&self) -> PathBuf {
        self.path.join("request.json")
    }

    /// Returns the path of the file with the state of the run that is resumed:
    /// [`Resumed`](crate::request::Resumed).
    ///
    /// ```
    /// # use mlplots_journal::RunDir;
    /// let run = RunDir::at("runs/0198c0ffee007abc8def001122334455")?;
    /// assert_eq!(run.resumed(), run.path().join("resumed.json"));
    /// # Ok::<(), String>(())
    /// ```
    pub fn resumed(&self) -> PathBuf {
        self.path.join("resumed.json")
    }

    /// Rewrites the [heartbeat](Self::heartbeat). Ignores errors, because the calls that write
    /// records report a full disk.
    ///
    /// ```
    /// # use mlplots_journal::{RunDir, record::RunUuid};
    /// # fn main() -> std::io::Result<()> {
    /// # let workspace = tempfile::tempdir()?;
    /// let run = RunDir::new(workspace.path(), &RunUuid::new());
    /// run.create()?;
    /// run.beat();
    /// assert!(run.heartbeat().metadata()?.modified().is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub fn beat(&self) {
        let file = disk::open_or_create(&self.heartbeat());
        let _ = file.and_then(|mut file| {
            file.set_len(0)?;
            file.write_all(b".")
        });
    }

    /// Returns the path of the heartbeat. The program rewrites this file every second while it
    /// lives. Only the modification time of the file matters.
    ///
    /// ```
    /// # use mlplots_journal::RunDir;
    /// let run = RunDir::at("runs/0198c0ffee007abc8def001122334455")?;
    /// assert_eq!(run.heartbeat(), run.path().join("heartbeat"));
    /// # Ok::<(), String>(())
    /// ```
    pub fn heartbeat(&self) -> PathBuf {
        self.path.join("heartbeat")
    }

    /// Returns the directory of another run of the same workspace.
    ///
    /// ```
    /// # use mlplots_journal::{RunDir, record::RunUuid};
    /// let run = RunDir::at("runs/0198c0ffee007abc8def001122334455")?;
    /// let other = run.sibling(&RunUuid::new());
    /// assert_eq!(other.path().parent(), run.path().parent());
    /// # Ok::<(), String>(())
    /// ```
    pub fn sibling(&self, uuid: &RunUuid) -> Self {
        Self {
            path: self.path.with_file_name(&**uuid),
            uuid: uuid.clone(),
        }
    }

    /// Returns the directory with the bytes of the artifacts. The name of each file is the SHA-256
    /// of its bytes.
    ///
    /// ```
    /// # use mlplots_journal::RunDir;
    /// let run = RunDir::at("runs/0198c0ffee007abc8def001122334455")?;
    /// assert_eq!(run.artifacts(), run.path().join("artifacts"));
    /// # Ok::<(), String>(())
    /// ```
    pub fn artifacts(&self) -> PathBuf {
        self.path.join("artifacts")
    }

    /// Returns the path of the file with the bytes of an artifact.
    ///
    /// ```
    /// # use mlplots_journal::{RunDir, record::Digest};
    /// let run = RunDir::at("runs/0198c0ffee007abc8def001122334455")?;
    /// let content = run.content(&Digest::of(b"1,2,3"));
    /// assert_eq!(content.parent(), Some(run.artifacts().as_path()));
    /// # Ok::<(), String>(())
    /// ```
    pub fn content(&self, digest: &Digest) -> PathBuf {
        self.artifacts().join(&**digest)
    }
}
