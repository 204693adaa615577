//! `docs/journal.md` specifies the journal. Its sample is a valid one.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;

use mlplots_journal::record::Record;
use mlplots_journal::{Entry, Reader};

#[test]
fn the_sample_in_the_specification_is_a_journal() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/journal.md");
    let document = fs::read_to_string(path).expect("the specification");
    let sample = document.split("```text\n").nth(1).expect("a sample");
    let sample = sample.split("```").next().unwrap_or_default();

    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), sample).expect("the sample is written");
    let mut reader = Reader::open(file.path(), 0).expect("the file");
    reader.over();
    let mut kinds = Vec::new();
    for line in sample.lines() {
        let entry = reader.next_entry().expect("the file can be read");
        let Some(Entry::Record(record)) = entry else {
            panic!("{line} is {entry:?}");
        };
        // The writer would write the same bytes.
        let json = serde_json::to_string(&record).expect("JSON");
        assert_eq!(&line[9..], json);
        kinds.push(json.split('"').nth(1).unwrap_or_default().to_owned());
        if let Record::Open(open) = record {
            assert_eq!(open.format, mlplots_journal::record::FORMAT);
        }
    }
    assert_eq!(reader.next_entry().expect("the file can be read"), None);
    assert_eq!(kinds.first().map(String::as_str), Some("open"));
    assert_eq!(kinds.last().map(String::as_str), Some("close"));
    for kind in &kinds {
        assert!(document.contains(&format!("| `{kind}` |")), "{kind}");
    }
}
