//! Where journals are: `.mlplots/runs/<uuid>/` at the workspace root.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::private_options;
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
    pub fn all(root: &Path) -> io::Result<Vec<Self>> {
        Self::list(&Self::runs(root))
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

    /// Makes the directory, readable by its owner only, and hides `.mlplots` from git.
    pub fn create(&self) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(self.artifacts())?;
        if let Some(top) = self
            .path
            .ancestors()
            .nth(2)
            .filter(|top| top.ends_with(".mlplots"))
        {
            let ignore = top.join(".gitignore");
            if !ignore.exists() {
                fs::write(ignore, "*\n")?;
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

    /// What the run is that this one goes on with; only there if it does.
    pub fn resumed(&self) -> PathBuf {
        self.path.join("resumed.json")
    }

    /// Writes down that the program lives: the file's time is what counts.
    pub fn beat(&self) {
        let file = private_options()
            .create(true)
            .truncate(true)
            .open(self.heartbeat());
        // A disk without room for it is told by what needs the room.
        let _ = file.and_then(|mut file| file.write_all(b"."));
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

/// The workspace root above `from`: the nearest folder up that holds a `Cargo.lock` or
/// `.mlplots`, or else `from` itself.
pub fn workspace_root(from: &Path) -> PathBuf {
    from.ancestors()
        .find(|folder| folder.join("Cargo.lock").is_file() || folder.join(".mlplots").is_dir())
        .unwrap_or(from)
        .to_path_buf()
}
