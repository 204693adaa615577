//! Runs of another machine, or of this one before it was started anew.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::written;

/// Makes a run look as if a program had begun it before this machine was started, or on another
/// one: no lock is on its journal, and the machine that the journal names is not this one now.
///
/// # Panics
/// The folder holds no run.
pub fn moved(run: &Path, host: Option<&str>) {
    let journal = run.join("journal");
    let bytes = fs::read(&journal).expect("the journal");
    let end = bytes.iter().position(|&byte| byte == b'\n');
    let (first, rest) = bytes.split_at(end.expect("a record"));
    let mut open: Value = serde_json::from_slice(&first[9..]).expect("JSON");
    let machine = &mut open["open"]["host"];
    machine["boot_id"] = json!("5f0d6c1e-0000-4000-8000-000000000000");
    if let Some(host) = host {
        machine["name"] = json!(host);
    }
    let mut moved = written::journal(&[open]).into_bytes();
    moved.extend(&rest[1..]);
    let copy = journal.with_extension("moved");
    fs::write(&copy, moved).expect("a copy");
    fs::rename(copy, journal).expect("it takes the place");
}

/// Makes a run's last sign of life this old.
///
/// # Panics
/// The folder holds no run.
pub fn silent(run: &Path, since: Duration) {
    let beat = File::options().write(true).open(run.join("heartbeat"));
    let beat = beat.expect("the heartbeat");
    beat.set_modified(SystemTime::now() - since)
        .expect("its time can be set");
}
