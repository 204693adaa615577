//! The user and the program of a run.

use std::path::Path;

use mlplots_journal::names::MAX_USER;

/// The name of the user, as Python's `getpass.getuser`.
pub(super) fn user() -> String {
    ["LOGNAME", "USER", "LNAME", "USERNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .or_else(passwd)
        .map_or_else(
            || "unknown".to_owned(),
            |user| user.chars().take(MAX_USER).collect(),
        )
}

#[cfg(unix)]
fn passwd() -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let uid = std::fs::metadata("/proc/self").ok()?.uid().to_string();
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid).then(|| name.to_owned())
    })
}

#[cfg(not(unix))]
fn passwd() -> Option<String> {
    None
}

/// The file name of this program.
pub(crate) fn program() -> String {
    std::env::args_os()
        .next()
        .and_then(|path| Some(Path::new(&path).file_stem()?.to_string_lossy().into_owned()))
        .unwrap_or_else(|| "unknown".to_owned())
}
