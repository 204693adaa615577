//! A run that is written by another process than the one that was started.

use std::thread;
use std::time::{Duration, Instant, SystemTime};

use mlplots::journal::RunDir;
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::unreadable;
use crate::failure::Failure;
use crate::ledger::Ledger;
use crate::ship::{SILENCE, has_writer};
use crate::supervise::{Ending, GRACE, Stop};
use crate::view;

/// How long after the program a process that it has started may begin the run.
const LATE_BEGINNING: Duration = Duration::from_secs(2);

/// After so long without a sign of life a process is dead that is not to be found either.
const BRIEF_SILENCE: Duration = Duration::from_secs(5);

/// Whether the program ended and left no journal. What it started in the background may be about to
/// begin one.
pub(super) fn is_without_run(dir: &RunDir, ending: &Ending) -> bool {
    let since = Instant::now();
    while matches!(dir.has_journal(), Ok(false)) {
        let may_begin = ending.status.success() && dir.path().exists();
        if !may_begin || since.elapsed() > LATE_BEGINNING {
            return true;
        }
        thread::sleep(Duration::from_millis(20));
    }
    false
}

/// Follows a run that another process writes than the one that was started, such as a wrapper's
/// child in the background, until that has ended.
pub(super) fn outlived(dir: &RunDir, ending: &Ending, stop: &Stop) -> Result<Outlived, Failure> {
    if !has_writer(dir) {
        return Ok(Outlived::No);
    }
    let ledger = Ledger::read(dir).map_err(|why| unreadable(dir, &why))?;
    // A process that was forked from the program may hold the lock, and writes nothing.
    let writer = ledger.open.map(|open| open.pid);
    if ledger.close.is_some() || writer == Some(ending.pid) {
        return Ok(Outlived::No);
    }
    let (since, times) = (Instant::now(), stop.times());
    let mut last = (heartbeat(dir), since);
    let mut told = false;
    while has_writer(dir) {
        stop.sleep_unless(stop.events(), Duration::from_millis(100));
        if !told && since.elapsed() > Duration::from_secs(1) {
            told = true;
            view::status("Following", "the run goes on in another process");
        }
        let silent = last.1.elapsed();
        if silent > BRIEF_SILENCE && writer.is_some_and(is_gone) {
            break;
        }
        let is_late = ending.asked.is_some() && since.elapsed() > GRACE;
        if stop.times() > times || is_late || silent > SILENCE {
            return Ok(Outlived::Left);
        }
        let beat = heartbeat(dir);
        if beat != last.0 {
            last = (beat, Instant::now());
        }
    }
    Ok(Outlived::Followed)
}

/// Whether a process other than the one that was started writes the run.
pub(super) enum Outlived {
    /// None does.
    No,
    /// One did, and has ended.
    Followed,
    /// One may still do, and nobody waits for it any longer.
    Left,
}

/// Whether there is no process of this id; one in a container has another id in there.
fn is_gone(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| test_kill_process(pid) == Err(Errno::SRCH))
}

fn heartbeat(dir: &RunDir) -> Option<SystemTime> {
    dir.heartbeat().symlink_metadata().ok()?.modified().ok()
}
