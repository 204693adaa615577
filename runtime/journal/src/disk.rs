//! Opens, creates and replaces the files in a run's directory. A cloned repository or another user
//! may have put files there. These functions therefore do not follow symbolic links, do not block
//! on pipes, and refuse a directory that other users may write to.
//!
//! ```
//! use mlplots_journal::disk;
//!
//! # fn main() -> std::io::Result<()> {
//! let folder = tempfile::tempdir()?;
//! disk::check_directory(folder.path())?;
//! let cursor = folder.path().join("cursor.json");
//! assert_eq!(disk::read(&cursor)?, None);
//! disk::replace(&cursor, b"{}")?;
//! assert_eq!(disk::read(&cursor)?.as_deref(), Some(&b"{}"[..]));
//! # Ok(())
//! # }
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use crate::record::RunUuid;

/// Maximum size of a small file of a run, such as its cursor or its outcome.
const MAX_SMALL_FILE: u64 = 64 * 1024 * 1024;

/// Opens a regular file for reading.
///
/// # Errors
/// Returns an error if the file is missing or cannot be opened, or if it is a symbolic link, a
/// pipe, a device or a directory.
///
/// ```
/// use mlplots_journal::disk;
///
/// # fn main() -> std::io::Result<()> {
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("notes");
/// std::fs::write(&path, "text")?;
/// assert_eq!(std::io::read_to_string(disk::open(&path)?)?, "text");
/// assert!(disk::open(folder.path()).is_err());
/// # Ok(())
/// # }
/// ```
pub fn open(path: &Path) -> io::Result<File> {
    regular(OpenOptions::new().read(true), path)
}

/// Opens a regular file for writing, at its start and without truncating it. A missing file is
/// created with access for its owner only.
///
/// # Errors
/// Returns an error if the file cannot be opened or created, or if it is a symbolic link, a pipe, a
/// device or a directory.
///
/// ```
/// use mlplots_journal::disk;
/// use std::io::Write;
///
/// # fn main() -> std::io::Result<()> {
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("heartbeat");
/// disk::open_or_create(&path)?.write_all(b"12")?;
/// disk::open_or_create(&path)?.write_all(b"3")?;
/// assert_eq!(std::fs::read(&path)?, b"32");
/// # Ok(())
/// # }
/// ```
pub fn open_or_create(path: &Path) -> io::Result<File> {
    regular(private().create(true), path)
}

/// Creates a file with access for its owner only, and opens it for reading and writing.
///
/// # Errors
/// Returns an error if the file cannot be created, or if the path already exists, even as a
/// symbolic link.
///
/// ```
/// use mlplots_journal::disk;
///
/// # fn main() -> std::io::Result<()> {
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("request.json");
/// assert_eq!(disk::create_new(&path)?.metadata()?.len(), 0);
/// let again = disk::create_new(&path).unwrap_err();
/// assert_eq!(again.kind(), std::io::ErrorKind::AlreadyExists);
/// # Ok(())
/// # }
/// ```
pub fn create_new(path: &Path) -> io::Result<File> {
    private().read(true).create_new(true).open(path)
}

/// Reads a file of at most 64 MiB. Returns `None` if the file is missing.
///
/// # Errors
/// Returns an error if the file cannot be read, is not a regular file, or has more than 64 MiB.
///
/// ```
/// use mlplots_journal::disk;
///
/// # fn main() -> std::io::Result<()> {
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("outcome.json");
/// assert_eq!(disk::read(&path)?, None);
/// std::fs::write(&path, "{}")?;
/// assert_eq!(disk::read(&path)?, Some(b"{}".to_vec()));
/// # Ok(())
/// # }
/// ```
pub fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match open(path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut bytes = Vec::new();
    file.take(MAX_SMALL_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_SMALL_FILE {
        return Err(invalid("it is too large"));
    }
    Ok(Some(bytes))
}

/// Creates or replaces a file atomically: a reader sees the old content or the new content, even
/// after a power failure. The content is synced to disk when this function returns.
///
/// # Errors
/// Returns an error if the new content cannot be written, and keeps the old content. Also returns
/// an error if the directory cannot be synced; the file then has the new content, which a power
/// failure may undo.
///
/// ```
/// use mlplots_journal::disk;
///
/// # fn main() -> std::io::Result<()> {
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("outcome.json");
/// disk::replace(&path, b"old")?;
/// disk::replace(&path, b"new")?;
/// assert_eq!(std::fs::read(&path)?, b"new");
/// # Ok(())
/// # }
/// ```
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_file_name(temporary_name());
    let written = create_new(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let renamed = written.and_then(|()| fs::rename(&temporary, path));
    if renamed.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    renamed?;
    // The parent of a file name alone is the empty path.
    match path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        Some(parent) => sync_directory(parent),
        None => sync_directory(Path::new(".")),
    }
}

/// Syncs the entries of a directory to disk.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    // Other systems cannot open a directory as a file, and sync its entries themselves.
    if cfg!(unix) {
        File::open(path)?.sync_all()?;
    }
    Ok(())
}

/// Returns a unique name for an unfinished file.
pub(crate) fn temporary_name() -> String {
    format!("{}.part", RunUuid::new())
}

/// Creates a directory with access for its owner only, or checks an existing directory.
pub(crate) fn create_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(why) if why.kind() == io::ErrorKind::AlreadyExists => check_directory(path),
        made => made,
    }
}

/// Checks that the current user owns a directory and that no other user may write to it. Otherwise
/// another user could make mlplots read or overwrite any file of the current user. Systems other
/// than Unix check only that the path is a directory.
///
/// # Errors
/// Returns an error if the path is missing or cannot be read, is not a directory or is a symbolic
/// link, or if the directory belongs to another user or is writable for its group or for others.
/// Except for a missing or unreadable path, the message says what the user can do.
///
/// ```
/// use mlplots_journal::disk;
///
/// # fn main() -> std::io::Result<()> {
/// let folder = tempfile::tempdir()?;
/// assert!(disk::check_directory(folder.path()).is_ok());
/// let file = folder.path().join("file");
/// std::fs::write(&file, "")?;
/// assert!(disk::check_directory(&file).is_err());
/// # Ok(())
/// # }
/// ```
pub fn check_directory(path: &Path) -> io::Result<()> {
    let found = fs::symlink_metadata(path)?;
    if !found.is_dir() {
        let what = if found.is_symlink() {
            "is a symbolic link"
        } else {
            "is not a directory"
        };
        return Err(untrusted(format!(
            "`{}` {what}; mlplots uses only a directory that you own. Remove it",
            path.display()
        )));
    }
    #[cfg(unix)]
    check_owner(path, &found)?;
    Ok(())
}

#[cfg(unix)]
fn check_owner(path: &Path, found: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let (owner, user) = (found.uid(), rustix::process::geteuid().as_raw());
    if owner != user {
        return Err(untrusted(format!(
            "`{0}` belongs to another user (uid {owner}; you are uid {user}), who could make \
             mlplots overwrite your files. Run as that user, or take it over: \
             `sudo chown -R {user} '{0}'`",
            path.display()
        )));
    }
    if found.permissions().mode() & 0o022 != 0 {
        return Err(untrusted(format!(
            "other users may write to `{0}`, and could make mlplots overwrite your files. \
             Look at what is in it, then type `chmod go-w '{0}'`",
            path.display()
        )));
    }
    Ok(())
}

fn regular(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        // Opening a pipe without a peer would block.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags.bits() as i32);
    }
    let file = options.open(path).map_err(|why| {
        if fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
            return invalid("it is a symbolic link");
        }
        why
    })?;
    if !file.metadata()?.is_file() {
        return Err(invalid("it is not a regular file"));
    }
    Ok(file)
}

/// Returns options that create a file with access for its owner only.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

fn untrusted(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_link_is_neither_read_nor_written_nor_replaced_through() {
        let folder = tempfile::tempdir().unwrap();
        let (secret, link) = (folder.path().join("secret"), folder.path().join("link"));
        fs::write(&secret, "mine").unwrap();
        symlink(&secret, &link).unwrap();
        for refused in [open(&link), open_or_create(&link), create_new(&link)] {
            assert!(refused.is_err());
        }
        assert_eq!(
            open(&link).unwrap_err().to_string(),
            "it is a symbolic link"
        );
        assert!(read(&link).is_err());
        replace(&link, b"new").unwrap();
        assert_eq!(fs::read_to_string(&secret).unwrap(), "mine");
        assert_eq!(read(&link).unwrap().unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_pipe_and_a_directory_are_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        for path in [&pipe, folder.path()] {
            assert!(read(path).is_err());
            assert!(open_or_create(path).is_err());
        }
        assert_eq!(read(&folder.path().join("none")).unwrap(), None);
    }

    #[test]
    fn a_directory_that_others_may_write_to_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs");
        create_directory(&path).unwrap();
        for (mode, refused) in [
            (0o700, false),
            (0o755, false),
            (0o775, true),
            (0o1777, true),
        ] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let checked = create_directory(&path);
            assert_eq!(checked.is_err(), refused, "{mode:o}");
            if let Err(why) = checked {
                assert!(why.to_string().contains("chmod go-w"), "{why}");
            }
        }
        let link = folder.path().join("link");
        symlink(&path, &link).unwrap();
        let why = create_directory(&link).unwrap_err().to_string();
        assert!(why.contains("is a symbolic link"), "{why}");
    }
}
