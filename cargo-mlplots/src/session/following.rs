//! Follows a run that a process other than the started one writes.

use std::thread;
use std::time::{Duration, Instant, SystemTime};

use mlplots_journal::RunDir;

use super::unreadable;
use crate::failure::Failure;
use crate::ledger::Ledger;
use crate::ship::{SILENCE, has_writer};
use crate::supervise::{Ending, GRACE, Stop};
use crate::view;

/// Maximum delay of a run that a child begins after the program has ended.
const LATE_BEGINNING: Duration = Duration::from_secs(2);

/// Whether the program ended without a journal. A child in the background may begin one a little
/// later.
pub(super) fn is_without_run(dir: &RunDir, ending: &Ending) -> bool {
    let since = Instant::now();
    let has_none = || matches!(dir.has_journal(), Ok(false));
    // A journal is created, then locked, then written.
    let is_begun = || !has_none() && (has_writer(dir) || !is_empty(dir));
    while !is_begun() {
        let may_begin = ending.status.success() && dir.path().exists();
        if !may_begin || since.elapsed() > LATE_BEGINNING {
            return has_none();
        }
        thread::sleep(Duration::from_millis(20));
    }
    false
}

fn is_empty(dir: &RunDir) -> bool {
    let journal = dir.journal().symlink_metadata();
    journal.is_ok_and(|journal| journal.len() == 0)
}

/// Follows a run that another process writes, such as a wrapper's child in the background, until
/// that process ends.
pub(super) fn outlived(dir: &RunDir, ending: &Ending, stop: &Stop) -> Result<Outlived, Failure> {
    if !has_writer(dir) {
        return Ok(Outlived::No);
    }
    let ledger = Ledger::read(dir).map_err(|why| unreadable(dir, &why))?;
    // A process that was forked from the program may hold the lock and write nothing.
    let is_its_own = ledger.open.is_some_and(|open| open.pid == ending.pid);
    if ledger.close.is_some() || is_its_own {
        return Ok(Outlived::No);
    }
    let (since, times) = (Instant::now(), stop.times());
    let mut last = (heartbeat(dir), since);
    let mut reported = false;
    while has_writer(dir) {
        stop.sleep_unless(stop.events(), Duration::from_millis(100));
        if !reported && since.elapsed() > Duration::from_secs(1) {
            reported = true;
            view::status("Following", "the run continues in another process");
        }
        let is_late = ending.asked.is_some() && since.elapsed() > GRACE;
        if stop.times() > times || is_late || last.1.elapsed() > SILENCE {
            return Ok(Outlived::Left);
        }
        let beat = heartbeat(dir);
        if beat != last.0 {
            last = (beat, Instant::now());
        }
    }
    Ok(Outlived::Followed)
}

/// Whether another process writes the run.
pub(super) enum Outlived {
    /// No other process does.
    No,
    /// Another process did, and has ended.
    Followed,
    /// Another process may still write, but is no longer followed.
    Left,
}

fn heartbeat(dir: &RunDir) -> Option<SystemTime> {
    dir.heartbeat().symlink_metadata().ok()?.modified().ok()
}
