//! Who works on a run: its program holds a lock on the journal, its supervisor one on the run.
//! The kernel lets go of both when the process dies, however it dies, and keeps neither over a
//! restart of the machine: no process id is looked at, which another process may have by then.

use std::fs::{File, TryLockError};
use std::io;

use mlplots::journal::{RunDir, private_options};

use crate::outcome::Outcome;

/// The right to ship a run, until it is dropped.
pub(crate) struct Claim {
    _lock: File,
}

impl Claim {
    /// Takes it, unless another process has it.
    pub(crate) fn take(dir: &RunDir) -> io::Result<Self> {
        let mut options = private_options();
        let lock = options.create(true).open(dir.path().join("lock"))?;
        lock.try_lock()?;
        Ok(Self { _lock: lock })
    }
}

/// Whether the program of a run still writes to its journal. What its supervisor has seen counts
/// more than the lock, which a process that the program has forked may hold on to.
pub(crate) fn is_alive(dir: &RunDir) -> bool {
    let locked = File::open(dir.journal())
        .is_ok_and(|journal| matches!(journal.try_lock_shared(), Err(TryLockError::WouldBlock)));
    locked && Outcome::saved(dir).is_none()
}
