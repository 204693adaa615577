use super::super::Line;
use super::*;
use crate::record::{Metric, Param};
use std::io::Write;

fn sample() -> Vec<Record> {
    vec![
        Record::Params(vec![Param {
            key: "alpha".into(),
            value: "1\n2 \"é\"".into(),
        }]),
        Record::Metrics(vec![
            Metric {
                key: "loss".into(),
                value: 0.1 + 0.2,
                timestamp: 1,
                step: -3,
            },
            Metric {
                key: "inf".into(),
                value: f64::NEG_INFINITY,
                timestamp: 1,
                step: i64::MAX,
            },
            Metric {
                key: "tiny".into(),
                value: 5e-324,
                timestamp: 1,
                step: i64::MIN,
            },
            Metric {
                key: "minus zero".into(),
                value: -0.0,
                timestamp: 0,
                step: 0,
            },
        ]),
        Record::Panic("at src/main.rs:1".into()),
    ]
}

fn bytes() -> Vec<u8> {
    let mut bytes = Vec::new();
    for record in sample() {
        bytes.extend(Line::of(&record).unwrap().0);
    }
    bytes
}

fn read(bytes: &[u8]) -> (Vec<Entry>, u64) {
    let path = std::env::temp_dir().join(format!("mlplots-{}", uuid::Uuid::now_v7().simple()));
    std::fs::File::create(&path)
        .unwrap()
        .write_all(bytes)
        .unwrap();
    let mut reader = Reader::open(&path, 0).unwrap();
    reader.over();
    let mut entries = Vec::new();
    while let Some(entry) = reader.next_entry().unwrap() {
        entries.push(entry);
    }
    std::fs::remove_file(&path).unwrap();
    (entries, reader.torn())
}

#[test]
fn what_is_written_is_read() {
    let entries: Vec<_> = sample().into_iter().map(Entry::Record).collect();
    assert_eq!(read(&bytes()), (entries, 0));
}

#[test]
fn torn_at_every_byte_keeps_what_is_whole() {
    let bytes = bytes();
    for cut in 0..bytes.len() {
        let whole = bytes[..cut].split(|&byte| byte == b'\n').count() - 1;
        let (entries, torn) = read(&bytes[..cut]);
        let expected: Vec<_> = sample()
            .into_iter()
            .take(whole)
            .map(Entry::Record)
            .collect();
        assert_eq!(entries, expected, "cut at {cut}");
        let last = bytes[..cut]
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |at| at + 1);
        assert_eq!(torn, (cut - last) as u64, "cut at {cut}");
    }
}

#[test]
fn a_flipped_bit_anywhere_invents_nothing() {
    let bytes = bytes();
    let good: Vec<_> = sample().into_iter().map(Entry::Record).collect();
    for index in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[index / 8] ^= 1 << (index % 8);
        let (entries, torn) = read(&flipped);
        assert!(
            entries
                .iter()
                .all(|entry| matches!(entry, Entry::Damaged { .. }) || good.contains(entry))
        );
        assert!(
            torn > 0
                || entries
                    .iter()
                    .any(|entry| matches!(entry, Entry::Damaged { .. })),
            "the damage at bit {index} is not reported"
        );
    }
}

#[test]
fn a_sparse_journal_costs_neither_time_nor_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let mut file = std::fs::File::create(&path).unwrap();
    let bytes = bytes();
    file.write_all(&bytes).unwrap();
    file.seek(SeekFrom::Start(1 << 40)).unwrap();
    file.write_all(&bytes).unwrap();
    let mut reader = Reader::open(&path, 0).unwrap();
    reader.over();
    let mut entries = Vec::new();
    while let Some(entry) = reader.next_entry().unwrap() {
        entries.push(entry);
    }
    assert_eq!(entries.len(), 2 * sample().len() + 1);
    let gap = &entries[sample().len()];
    assert!(matches!(gap, Entry::Damaged { offset, .. } if *offset == bytes.len() as u64));
}

/// The reader reads each damage at most twice. A search from each damage to the end of the file
/// would take hours.
#[test]
fn a_journal_of_nothing_but_damages_is_read_in_one_pass() {
    let (entries, torn) = read(&vec![b'\n'; 1 << 22]);
    assert_eq!((entries.len(), torn), (1 << 22, 0));
    let one = Line::of(&sample()[0]).unwrap().0;
    let unfinished = [&b"unfinished\0\0"[..], &one].concat();
    let (entries, torn) = read(&unfinished.repeat(30_000));
    let records = entries.iter();
    let records = records.filter(|entry| matches!(entry, Entry::Record(_)));
    assert_eq!((records.count(), entries.len(), torn), (30_000, 60_000, 0));
}

#[test]
fn a_line_without_an_end_is_left_out() {
    let good = bytes();
    let mut long = vec![b'x'; 3 * MAX_LINE];
    long.push(b'\n');
    let (entries, torn) = read(&[&good[..], &long, &good].concat());
    assert_eq!((entries.len(), torn), (2 * sample().len() + 1, 0));
    let (entries, torn) = read(&[&good[..], &vec![b'x'; 2 * MAX_LINE]].concat());
    assert_eq!((entries.len(), torn), (sample().len(), 2 * MAX_LINE as u64));
    assert!(Line::of(&Record::Panic("x".repeat(MAX_LINE))).is_err());
}

#[test]
fn nan_comes_back() {
    let metric = Metric {
        key: "x".into(),
        value: f64::NAN,
        timestamp: 0,
        step: 0,
    };
    let line = Line::of(&Record::Metrics(vec![metric])).unwrap().0;
    let (entries, _) = read(&line);
    let [Entry::Record(Record::Metrics(metrics))] = entries.as_slice() else {
        panic!("{entries:?}")
    };
    assert!(metrics[0].value.is_nan());
}

#[test]
fn follows_a_journal_that_grows() {
    let path = std::env::temp_dir().join(format!("mlplots-{}", uuid::Uuid::now_v7().simple()));
    let bytes = bytes();
    let mut file = std::fs::File::create(&path).unwrap();
    let mut reader = Reader::open(&path, 0).unwrap();
    let mut entries = Vec::new();
    for chunk in bytes.chunks(7) {
        file.write_all(chunk).unwrap();
        while let Some(entry) = reader.next_entry().unwrap() {
            entries.push(entry);
        }
    }
    std::fs::remove_file(&path).unwrap();
    assert_eq!(
        entries,
        sample().into_iter().map(Entry::Record).collect::<Vec<_>>()
    );
    assert_eq!(reader.offset(), bytes.len() as u64);
}
