//! Makes a run look as if it belongs to another host, or to an earlier boot of this one.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::journal;

/// Replaces the boot ID in a run's journal, and the host name if there is one. The new file has no
/// lock, so the run looks like one of an earlier boot or of another host.
///
/// # Panics
/// The folder contains no run.
pub fn change_host(run: &Path, host: Option<&str>) {
    let path = run.join("journal");
    let bytes = fs::read(&path).expect("the journal");
    let end = bytes.iter().position(|&byte| byte == b'\n');
    let (first, rest) = bytes.split_at(end.expect("a record"));
    let mut open: Value = serde_json::from_slice(&first[9..]).expect("JSON");
    let host_record = &mut open["open"]["host"];
    host_record["boot_id"] = json!("5f0d6c1e-0000-4000-8000-000000000000");
    if let Some(host) = host {
        host_record["name"] = json!(host);
    }
    let mut changed = journal::encode(&[open]).into_bytes();
    changed.extend(&rest[1..]);
    let copy = path.with_extension("changed");
    fs::write(&copy, changed).expect("the copy is written");
    fs::rename(copy, path).expect("the copy replaces the journal");
}

/// Sets the age of a run's heartbeat.
///
/// # Panics
/// The folder contains no run.
pub fn set_heartbeat_age(run: &Path, age: Duration) {
    let heartbeat = File::options().write(true).open(run.join("heartbeat"));
    let heartbeat = heartbeat.expect("the heartbeat");
    heartbeat
        .set_modified(SystemTime::now() - age)
        .expect("the time is set");
}
