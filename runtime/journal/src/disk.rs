//! Opens, creates and replaces the files of a run's directory. These files may come with a cloned
//! repository or from another user: symbolic links are not followed, pipes do not block, and a
//! directory that other users may write to is refused.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use crate::record::RunUuid;

/// Maximum size of a small file of a run, such as its cursor or its outcome.
const MAX_SMALL_FILE: u64 = 64 * 1024 * 1024;

/// Opens a regular file for reading.
///
/// # Errors
/// It cannot be opened, or it is a symbolic link, a pipe, a device or a directory.
pub fn open(path: &Path) -> io::Result<File> {
    regular(OpenOptions::new().read(true), path)
}

/// Opens a regular file for writing, and creates it with access for its owner only if it is missing.
///
/// # Errors
/// It cannot be opened, or it is a symbolic link, a pipe, a device or a directory.
pub fn open_or_create(path: &Path) -> io::Result<File> {
    regular(private().create(true), path)
}

/// Creates a file with access for its owner only.
///
/// # Errors
/// It cannot be created, or the path exists, even as a symbolic link.
pub fn create_new(path: &Path) -> io::Result<File> {
    private().read(true).create_new(true).open(path)
}

/// Reads a small file; `None` if it is missing.
///
/// # Errors
/// It cannot be read, is not a regular file, or has more than 64 MiB.
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

/// Replaces a small file atomically: a reader sees the old or the new content, even after a power
/// failure.
///
/// # Errors
/// The new content cannot be written; the old one stays.
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
    sync_directory(path.parent().unwrap_or(path))
}

/// Syncs the names in a directory to disk.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    // Other systems cannot open a directory, and sync its names themselves.
    if cfg!(unix) {
        File::open(path)?.sync_all()?;
    }
    Ok(())
}

/// A unique name for an unfinished file.
pub(crate) fn temporary_name() -> String {
    format!("{}.part", RunUuid::new())
}

/// Creates a directory with access for its owner only, or checks the existing one.
pub(crate) fn create_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(why) if why.kind() == io::ErrorKind::AlreadyExists => check_directory(path),
        made => made,
    }
}

/// Checks that the current user owns a directory and that nobody else may write to it, as git does
/// for a repository. Another writer could make mlplots read or overwrite any file of the user.
///
/// # Errors
/// It cannot be read, is not a directory, is a symbolic link, belongs to another user, or is writable
/// for its group or others. The message says what to do.
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

/// Options for files with access for their owner only.
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
