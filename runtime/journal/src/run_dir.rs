//! Where journals are: `.mlplots/runs/<uuid>/` at the workspace root.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::disk;
use crate::record::{Digest, RunUuid};

/// One run's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
    uuid: RunUuid,
}

impl RunDir {
    /// The directory of the run `uuid` below the workspace root. Makes nothing.
    pub fn new(root: &Path, uuid: &RunUuid) -> Self {
        Self {
            path: Self::runs(root).join(&**uuid),
            uuid: uuid.clone(),
        }
    }

    /// A run's directory whose path is known.
    ///
    /// # Errors
    /// The directory's name is not the id of a run.
    pub fn at(path: impl Into<PathBuf>) -> Result<Self, String> {
        let path = path.into();
        let name = path.file_name().unwrap_or_default();
        let uuid = name.to_string_lossy().parse()?;
        Ok(Self { path, uuid })
    }

    /// Where all runs of a workspace are.
    pub fn runs(root: &Path) -> PathBuf {
        root.join(".mlplots").join("runs")
    }

    /// All runs of a workspace that have a journal or had one coming, oldest first.
    ///
    /// # Errors
    /// `.mlplots` cannot be read, or others could have written what is in it; see
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

    /// Checks that the run's directory is ours alone; see
    /// [`check_directory`](disk::check_directory).
    pub fn check(&self) -> io::Result<()> {
        disk::check_directory(&self.path)?;
        match disk::check_directory(&self.artifacts()) {
            // They are removed once all of them are shipped.
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()),
            checked => checked,
        }
    }

    /// Whether the run has a journal. One that may not be looked at is an error.
    pub fn has_journal(&self) -> io::Result<bool> {
        match fs::symlink_metadata(self.journal()) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(false),
            found => found.map(|_| true),
        }
    }

    /// The runs of the same workspace that began after this one, oldest first.
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
                // Whatever else lies there is not ours.
                runs.extend(Self::at(entry.path()));
            }
        }
        // The names are time-ordered UUIDs.
        runs.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(runs)
    }

    /// Makes the directory, for its owner only, and hides `.mlplots` from git.
    ///
    /// # Errors
    /// It cannot be made, or others could write to it; see
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

    /// The journal's file.
    pub fn journal(&self) -> PathBuf {
        self.path.join("journal")
    }

    /// What the supervisor asks of the program.
    pub fn request(&self) -> PathBuf {
        self.path.join("request.json")
    }

    /// What the run is that this one goes on with; only there if it does.
    pub fn resumed(&self) -> PathBuf {
        self.path.join("resumed.json")
    }

    /// Writes down that the program lives: the file's time is what counts.
    pub fn beat(&self) {
        let file = disk::open_or_create(&self.heartbeat());
        // A disk without room for it is told by what needs the room.
        let _ = file.and_then(|mut file| {
            file.set_len(0)?;
            file.write_all(b".")
        });
    }

    /// A file that is written anew every second while the program lives.
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

    /// Where the contents of artifacts are, each under its SHA-256.
    pub fn artifacts(&self) -> PathBuf {
        self.path.join("artifacts")
    }

    /// The content of an artifact.
    pub fn content(&self, digest: &Digest) -> PathBuf {
        self.artifacts().join(&**digest)
    }
}
