//! Checks the paths of a run's artifacts: no store accepts a file and a folder of the same name, and
//! the artifacts of mlplots itself are not overwritten.

use std::collections::HashMap;

use mlplots_journal::names::{RESERVED_FOLDER, is_reserved};
use mlplots_journal::record::ArtifactPath;

/// The files and folders of a run.
#[derive(Debug, Default)]
pub(super) struct Paths(HashMap<String, Kind>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
}

impl Paths {
    /// Adds a file and the folders that contain it.
    pub(super) fn add(&mut self, path: &ArtifactPath) -> Result<(), String> {
        if is_reserved(path) {
            return Err(format!(
                "the artifact path `{path}` is not free: `{RESERVED_FOLDER}` holds what mlplots logs itself"
            ));
        }
        let folders = path.match_indices('/').map(|(end, _)| &path[..end]);
        for folder in folders.clone() {
            self.check_folder(folder)
                .map_err(|why| format!("the artifact path `{path}` {why}"))?;
        }
        if self.0.get(&**path) == Some(&Kind::Folder) {
            return Err(format!(
                "the artifact path `{path}` is a folder of the run already"
            ));
        }
        for folder in folders {
            self.insert_folder(folder);
        }
        self.0.insert(path.to_string(), Kind::File);
        Ok(())
    }

    /// Adds a folder without its files.
    pub(super) fn add_folder(&mut self, folder: &str) -> Result<(), String> {
        self.check_folder(folder)?;
        self.insert_folder(folder);
        Ok(())
    }

    fn check_folder(&self, folder: &str) -> Result<(), String> {
        match self.0.get(folder) {
            Some(Kind::File) => Err(format!(
                "needs a folder `{folder}`, and the run has a file of that name"
            )),
            _ => Ok(()),
        }
    }

    fn insert_folder(&mut self, folder: &str) {
        if !self.0.contains_key(folder) {
            self.0.insert(folder.to_owned(), Kind::Folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_and_a_folder_of_one_name_are_refused_whichever_comes_first() {
        let mut paths = Paths::default();
        let mut add = |path: &str| paths.add(&path.parse().expect("a path"));
        assert_eq!(add("x"), Ok(()));
        assert_eq!(add("x"), Ok(()), "a file is replaced");
        assert!(add("x/y").is_err_and(|why| why.contains("has a file of that name")));
        assert_eq!(add("a/b/c.png"), Ok(()));
        assert_eq!(add("a/b/d.png"), Ok(()));
        for folder in ["a", "a/b"] {
            assert!(add(folder).is_err_and(|why| why.contains("is a folder of the run")));
        }
        for ours in ["mlplots", "mlplots/figures.json"] {
            assert!(add(ours).is_err_and(|why| why.contains("is not free")));
        }
        assert_eq!(add("mlplots.txt"), Ok(()));
        assert!(paths.add_folder("x").is_err());
        assert_eq!(paths.add_folder("model"), Ok(()));
        assert!(paths.add(&"model".parse().expect("a path")).is_err());
    }
}
