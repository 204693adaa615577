//! Writes runs record by record, as programs without a supervisor leave them. Tests use this for
//! journals that no program of this version writes.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// Encodes records as the text of a journal.
pub fn encode(records: &[Value]) -> String {
    let line = |record: &Value| {
        let json = record.to_string();
        format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()))
    };
    records.iter().map(line).collect()
}

/// The first record of a journal.
pub fn open(uuid: &str, format: u32, start_time: i64) -> Value {
    json!({ "open": {
        "format": format, "run_uuid": uuid, "mlplots": "9.9.9", "experiment": "By hand",
        "run_name": "by hand", "train": null, "pid": 1, "start_time": start_time, "user": "ada",
        "program": "train", "figures": [],
    } })
}

/// A point of the metric `loss`.
pub fn point(step: i64, timestamp: i64) -> Value {
    json!({ "metrics": [{ "key": "loss", "value": 0.5, "timestamp": timestamp, "step": step }] })
}

/// The last record of a journal.
pub fn close(end_time: i64) -> Value {
    json!({ "close": { "status": "FINISHED", "end_time": end_time } })
}

/// Writes a run with this journal below a folder and returns the path of the run.
///
/// # Panics
/// The folder is not writable.
pub fn write_run(folder: &Path, uuid: &str, journal: impl AsRef<[u8]>) -> PathBuf {
    let dir = folder.join(".mlplots").join("runs").join(uuid);
    fs::create_dir_all(dir.join("artifacts")).expect("the folder of the run is created");
    fs::write(dir.join("journal"), journal).expect("the journal is written");
    dir
}
