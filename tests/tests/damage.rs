//! Damaged journals: sync ships all valid records and reports the others.

use std::fs;

use mlplots_tests::Project;
use mlplots_tests::journal::{close, encode, open, point, write_run};
use serde_json::json;

const PROGRAM: &str = "damage";
const UUID: &str = "01980000000070008000000000000000";

#[test]
fn an_unknown_record_is_reported_and_the_rest_is_shipped() {
    let folder = Project::new(PROGRAM);
    let unknown = json!({ "surface": [1, 2] });
    let records = [open(UUID, 1, 1), point(0, 1), unknown, point(1, 2)];
    write_run(folder.path(), UUID, encode(&records));
    let sync = folder.mlplots(&["sync"]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    let expected = "this version of mlplots does not know the record: unknown variant `surface`";
    assert!(sync.stderr.contains(expected), "{}", sync.text());
    assert_eq!(folder.only().steps("loss"), [0, 1]);
}

#[test]
fn an_unfinished_record_is_reported_and_the_rest_is_shipped() {
    let folder = Project::new(PROGRAM);
    let records = [open(UUID, 1, 1), point(0, 1), point(1, 2), point(2, 3)];
    let dir = write_run(folder.path(), UUID, encode(&records));
    // A thread writes the first byte of a record last. It was killed before, while another thread
    // completed a later record.
    let journal = dir.join("journal");
    let mut bytes = fs::read(&journal).expect("the journal");
    let lines = bytes.split_inclusive(|&byte| byte == b'\n');
    let third: usize = lines.take(2).map(<[u8]>::len).sum();
    bytes[third] = 0;
    bytes[third + 30..third + 60].fill(0);
    fs::write(&journal, bytes).expect("the journal");
    let sync = folder.mlplots(&["sync"]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    let expected = format!("the journal is damaged at byte {third}: its writing was not finished");
    assert!(sync.stderr.contains(&expected), "{}", sync.text());
    assert_eq!(folder.only().steps("loss"), [0, 2]);
}

#[test]
fn a_flipped_bit_loses_one_record_and_fails_the_run() {
    let folder = Project::new(PROGRAM);
    let points = (0..100).map(|step| point(step, 1));
    let records: Vec<_> = [open(UUID, 1, 1)].into_iter().chain(points).collect();
    let (start, end) = (encode(&records), encode(&[close(2)]));
    let offset = encode(&records[..51]).len();
    let mut bytes = [start, end].concat().into_bytes();
    bytes[offset + 20] ^= 1;
    write_run(folder.path(), UUID, bytes);
    let sync = folder.mlplots(&["sync"]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    let expected = format!("the journal is damaged at byte {offset}: its checksum does not fit");
    assert!(
        sync.stderr.contains(&format!("FAILED: {expected}")),
        "{}",
        sync.text()
    );
    let run = folder.only();
    assert_eq!(
        (run.status(), run.tag("mlplots.reason")),
        ("FAILED", &*expected)
    );
    let steps: Vec<_> = (0..100).filter(|&step| step != 50).collect();
    assert_eq!(run.steps("loss"), steps);
}
