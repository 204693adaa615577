//! Lists the files of a directory that is logged.

use std::io;
use std::path::Path;

use crate::error::Error;

/// The paths of all files below a directory, with `/`, sorted. A symbolic link is an error: it could
/// lead out of the directory.
pub(super) fn list(directory: &Path) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    add(directory, "", &mut found)?;
    if found.is_empty() {
        return Err(Error::new(format!(
            "the directory `{}` holds no file",
            directory.display()
        )));
    }
    Ok(found)
}

fn add(directory: &Path, prefix: &str, found: &mut Vec<String>) -> Result<(), Error> {
    let failed = |why: io::Error| {
        let message = format!("could not read the directory `{}`", directory.display());
        Error::with_source(message, why)
    };
    let entries = std::fs::read_dir(directory).map_err(failed)?;
    let mut entries = entries.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let name = name.to_str().ok_or_else(|| {
            failed(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("the name `{}` is not UTF-8", name.to_string_lossy()),
            ))
        })?;
        let path = format!("{prefix}{name}");
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_symlink() {
            return Err(Error::new(format!(
                "`{}` is a symbolic link; log the file that it names",
                entry.path().display()
            )));
        } else if kind.is_dir() {
            add(&entry.path(), &format!("{path}/"), found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}
