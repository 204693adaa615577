//! Journals that are damaged: what can be read of them is shipped, and the rest is reported.

use std::fs;

use mlplots_tests::Project;
use mlplots_tests::written::{close, journal, leave, open, point};
use serde_json::json;

const PROGRAM: &str = "damage";
const UUID: &str = "01980000000070008000000000000000";

#[test]
fn a_record_that_cannot_be_read_is_told_and_the_rest_is_shipped() {
    let folder = Project::new(PROGRAM);
    let unknown = json!({ "surface": [1, 2] });
    let records = [open(UUID, 1, 1), point(0, 1), unknown, point(1, 2)];
    leave(folder.path(), UUID, journal(&records));
    let sync = folder.mlplots(&["sync"]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    let words = "this version of mlplots does not know the record: unknown variant `surface`";
    assert!(sync.stderr.contains(words), "{}", sync.text());
    assert_eq!(folder.only().steps("loss"), [0, 1]);
}

#[test]
fn a_record_that_was_never_finished_is_told_and_the_rest_is_shipped() {
    let folder = Project::new(PROGRAM);
    let records = [open(UUID, 1, 1), point(0, 1), point(1, 2), point(2, 3)];
    let dir = leave(folder.path(), UUID, journal(&records));
    // Its thread was killed before the first byte, which comes last; another thread was not.
    let journal = dir.join("journal");
    let mut bytes = fs::read(&journal).expect("the journal");
    let lines = bytes.split_inclusive(|&byte| byte == b'\n');
    let third: usize = lines.take(2).map(<[u8]>::len).sum();
    bytes[third] = 0;
    bytes[third + 30..third + 60].fill(0);
    fs::write(&journal, bytes).expect("the journal");
    let sync = folder.mlplots(&["sync"]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    let words = format!("the journal is damaged at byte {third}: its writing was not finished");
    assert!(sync.stderr.contains(&words), "{}", sync.text());
    assert_eq!(folder.only().steps("loss"), [0, 2]);
}

#[test]
fn a_flipped_bit_makes_the_run_failed_and_costs_one_record() {
    let folder = Project::new(PROGRAM);
    let points = (0..100).map(|step| point(step, 1));
    let records: Vec<_> = [open(UUID, 1, 1)].into_iter().chain(points).collect();
    let (whole, end) = (journal(&records), journal(&[close(2)]));
    let at = journal(&records[..51]).len();
    let mut bytes = [whole, end].concat().into_bytes();
    bytes[at + 20] ^= 1;
    leave(folder.path(), UUID, bytes);
    let sync = folder.mlplots(&["sync"]);
    assert_eq!(sync.code, 0, "{}", sync.text());
    let words = format!("the journal is damaged at byte {at}: its checksum does not fit");
    assert!(
        sync.stderr.contains(&format!("FAILED: {words}")),
        "{}",
        sync.text()
    );
    let run = folder.only();
    assert_eq!(
        (run.status(), run.tag("mlplots.reason")),
        ("FAILED", &*words)
    );
    let steps: Vec<_> = (0..100).filter(|&step| step != 50).collect();
    assert_eq!(run.steps("loss"), steps);
}
