//! Locks of a run. The program locks the journal, and the supervisor locks the file `lock`, so that
//! only one process ships the run. The kernel releases both locks when the process dies. Process
//! ids are not used, since the system reuses them.
//!
//! A shared file system may not share locks between machines. Therefore the program also updates a
//! heartbeat every second, and a run of another machine is not touched while its heartbeat is
//! recent.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use mlplots_journal::record::Record;
use mlplots_journal::{Entry, Host, Reader, RunDir, disk};

use crate::outcome::Outcome;

/// A program whose heartbeat is older than this is considered dead.
pub(crate) const SILENCE: Duration = Duration::from_mins(1);

/// The interval in which a running program updates its heartbeat at least once.
const TWO_BEATS: Duration = Duration::from_secs(2);

/// The right to ship a run, until it is dropped.
pub(crate) struct Claim {
    _lock: File,
}

impl Claim {
    /// Takes the claim. Returns an error of kind `WouldBlock` if another process has it.
    pub(crate) fn take(dir: &RunDir) -> io::Result<Self> {
        dir.check()?;
        let lock = disk::open_or_create(&Self::path(dir))?;
        lock.try_lock().map_err(|why| match why {
            TryLockError::WouldBlock => io::Error::new(
                io::ErrorKind::WouldBlock,
                "another `cargo mlplots` is shipping it",
            ),
            TryLockError::Error(why) => why,
        })?;
        Ok(Self { _lock: lock })
    }

    /// The lock file.
    pub(crate) fn path(dir: &RunDir) -> PathBuf {
        dir.path().join("lock")
    }
}

/// The state of the program of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// It holds the lock of the journal.
    Alive,
    /// It runs on another machine: its heartbeat is recent.
    Elsewhere(Beat),
    /// It ran on another machine, and its heartbeat is old.
    Silent(Beat),
    /// It has ended or died.
    Over,
}

/// The last heartbeat of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Beat {
    /// The name of the machine.
    pub(crate) host: String,
    /// The age of the heartbeat. `None` if there is no plausible one.
    pub(crate) ago: Option<Duration>,
}

/// Determines the state of the program of a run. The supervisor's outcome takes precedence over the
/// lock, which a forked process may still hold.
pub(crate) fn life(dir: &RunDir) -> Life {
    if matches!(Outcome::saved(dir), Ok(Some(_))) {
        return Life::Over;
    }
    if has_writer(dir) {
        return Life::Alive;
    }
    let (there, here) = (host(dir), Host::current());
    if there.is_unknown() || there.boot_id == here.boot_id {
        return Life::Over;
    }
    let beat = || {
        let heartbeat = fs::symlink_metadata(dir.heartbeat());
        heartbeat.and_then(|beat| beat.modified()).ok()
    };
    let ago = beat().and_then(|seen| match seen.elapsed() {
        Ok(ago) => Some(ago),
        // The clocks of two machines differ slightly.
        Err(ahead) if ahead.duration() < SILENCE => Some(Duration::ZERO),
        // If they differ more, only a new heartbeat proves that the program runs.
        Err(_) => {
            thread::sleep(TWO_BEATS);
            (beat() != Some(seen)).then_some(Duration::ZERO)
        }
    });
    let beat = Beat {
        host: there.name,
        ago,
    };
    match ago.is_some_and(|ago| ago < SILENCE) {
        true => Life::Elsewhere(beat),
        // This machine has been rebooted since.
        false if beat.host == here.name => Life::Over,
        false => Life::Silent(beat),
    }
}

/// Whether a process of this machine holds the lock of the journal.
pub(crate) fn has_writer(dir: &RunDir) -> bool {
    disk::open(&dir.journal())
        .is_ok_and(|journal| matches!(journal.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// The machine on which the program of a run was started.
fn host(dir: &RunDir) -> Host {
    let first = Reader::open(&dir.journal(), 0).and_then(|mut reader| reader.next_entry());
    match first {
        Ok(Some(Entry::Record(Record::Open(open)))) => open.host,
        _ => Host::default(),
    }
}
