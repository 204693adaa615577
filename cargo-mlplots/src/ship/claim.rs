//! Who works on a run: its program holds a lock on the journal, its supervisor one on the run.
//! The kernel lets go of both when the process dies, however it dies, and keeps neither over a
//! restart of the machine: no process id is looked at, which another process may have by then.
//!
//! A file system that machines share may not tell one of another's locks. So a program also writes
//! down, every second, that it lives, and a run of another machine is left alone.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use mlplots_journal::record::Record;
use mlplots_journal::{Entry, Host, Reader, RunDir, disk};

use crate::outcome::Outcome;

/// After so long without a sign of life a program is not taken for a living one.
pub(crate) const SILENCE: Duration = Duration::from_mins(1);

/// A living program shows itself in this time.
const TWO_BEATS: Duration = Duration::from_secs(2);

/// The right to ship a run, until it is dropped.
pub(crate) struct Claim {
    _lock: File,
}

impl Claim {
    /// Takes it. An error of kind `WouldBlock` says that another process has it.
    pub(crate) fn take(dir: &RunDir) -> io::Result<Self> {
        dir.check()?;
        let lock = disk::open_or_create(&Self::path(dir))?;
        lock.try_lock().map_err(|why| match why {
            TryLockError::WouldBlock => io::Error::new(
                io::ErrorKind::WouldBlock,
                "another `cargo mlplots` ships it",
            ),
            TryLockError::Error(why) => why,
        })?;
        Ok(Self { _lock: lock })
    }

    /// The file that is locked.
    pub(crate) fn path(dir: &RunDir) -> PathBuf {
        dir.path().join("lock")
    }
}

/// Whether a run's program lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// It writes to the journal.
    Alive,
    /// It does so on another machine, as it seems.
    Elsewhere(Beat),
    /// It ran on another machine, which says nothing of it any more.
    Silent(Beat),
    /// It has ended, or died.
    Over,
}

/// A program's last sign of life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Beat {
    /// The name of its machine.
    pub(crate) host: String,
    /// How long ago it was; none if there was none that can be true.
    pub(crate) ago: Option<Duration>,
}

/// Whether the program of a run still writes to its journal. What its supervisor has seen counts
/// more than the lock, which a process that the program has forked may hold on to.
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
        // Clocks of two machines differ by a little: it is as good as now.
        Err(ahead) if ahead.duration() < SILENCE => Some(Duration::ZERO),
        // By more, only another beat tells that it lives.
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
        // It was started anew meanwhile.
        false if beat.host == here.name => Life::Over,
        false => Life::Silent(beat),
    }
}

/// Whether a process of this machine holds the journal open to write to it.
pub(crate) fn has_writer(dir: &RunDir) -> bool {
    disk::open(&dir.journal())
        .is_ok_and(|journal| matches!(journal.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// The machine on which a run's program was started.
fn host(dir: &RunDir) -> Host {
    let first = Reader::open(&dir.journal(), 0).and_then(|mut reader| reader.next_entry());
    match first {
        Ok(Some(Entry::Record(Record::Open(open)))) => open.host,
        _ => Host::default(),
    }
}
