//! The directory of a run: `.mlplots/runs/<uuid>/` at the workspace root.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::disk;
use crate::record::{Digest, RunUuid};

/// The directory of a run, and the paths in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
    uuid: RunUuid,
}

impl RunDir {
    /// The directory of the run `uuid` below the workspace root. Creates nothing.
    pub fn new(root: &Path, uuid: &RunUuid) -> Self {
        Self {
            path: Self::runs(root).join(&**uuid),
            uuid: uuid.clone(),
        }
    }

    /// The directory of a run at a path.
    ///
    /// # Errors
    /// The directory's name is not the id of a run.
    pub fn at(path: impl Into<PathBuf>) -> Result<Self, String> {
        let path = path.into();
        let name = path.file_name().unwrap_or_default();
        let uuid = name.to_string_lossy().parse()?;
        Ok(Self { path, uuid })
    }

    /// The directory of all runs of a workspace.
    pub fn runs(root: &Path) -> PathBuf {
        root.join(".mlplots").join("runs")
    }

    /// All runs of a workspace, oldest first; some may have no journal yet.
    ///
    /// # Errors
    /// `.mlplots` cannot be read, or other users may write to it; see
    /// [`check_directory`](disk::check_directory).
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

    /// Checks that only the current user may write to the run's directory.
    ///
    /// # Errors
    /// See [`check_directory`](disk::check_directory).
    pub fn check(&self) -> io::Result<()> {
        disk::check_directory(&self.path)?;
        match disk::check_directory(&self.artifacts()) {
            // It is removed once all artifacts are shipped.
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()),
            checked => checked,
        }
    }

    /// Whether the run has a journal.
    ///
    /// # Errors
    /// The directory may not be read.
    pub fn has_journal(&self) -> io::Result<bool> {
        match fs::symlink_metadata(self.journal()) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(false),
            found => found.map(|_| true),
        }
    }

    /// The runs of the same workspace that began after this one, oldest first.
    ///
    /// # Errors
    /// The directory of all runs cannot be read.
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
                // Other directories are ignored.
                runs.extend(Self::at(entry.path()));
            }
        }
        // The names are time-ordered UUIDs.
        runs.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(runs)
    }

    /// Creates the directory with access for its owner only, and hides `.mlplots` from git.
    ///
    /// # Errors
    /// It cannot be created, or other users may write to it; see
    /// [`check_directory`](disk::check_directory).
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

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The run's UUID: the directory's name.
    pub fn uuid(&self) -> &RunUuid {
        &self.uuid
    }

    /// The first digits of its UUID.
    pub fn short(&self) -> &str {
        self.uuid.short()
    }

    /// The journal.
    pub fn journal(&self) -> PathBuf {
        self.path.join("journal")
    }

    /// The supervisor's request, [`Request`](crate::request::Request).
    pub fn request(&self) -> PathBuf {
        self.path.join("request.json")
    }

    /// Params and last steps of the run that is resumed, [`Resumed`](crate::request::Resumed).
    pub fn resumed(&self) -> PathBuf {
        self.path.join("resumed.json")
    }

    /// Updates the heartbeat. Errors are ignored: a full disk is reported by what needs the space.
    pub fn beat(&self) {
        let file = disk::open_or_create(&self.heartbeat());
        let _ = file.and_then(|mut file| {
            file.set_len(0)?;
            file.write_all(b".")
        });
    }

    /// A file that is rewritten every second while the program lives; its modification time counts.
    pub fn heartbeat(&self) -> PathBuf {
        self.path.join("heartbeat")
    }

    /// Another run of the same workspace.
    pub fn sibling(&self, uuid: &RunUuid) -> Self {
        Self {
            path: self.path.with_file_name(&**uuid),
            uuid: uuid.clone(),
        }
    }

    /// The directory of the contents of artifacts, each named by its SHA-256.
    pub fn artifacts(&self) -> PathBuf {
        self.path.join("artifacts")
    }

    /// The content of an artifact.
    pub fn content(&self, digest: &Digest) -> PathBuf {
        self.artifacts().join(&**digest)
    }
}
