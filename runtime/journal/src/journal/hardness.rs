//! Reads random journals with random damage. A reader returns the records before the damage,
//! returns no record that was not written, and reports the damage.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Entry, Line, Reader, Writer};
use crate::record::{
    Artifact, Close, Digest, Metric, Param, Problem, Record, RunUuid, Status, Tag,
};
use crate::run_dir::RunDir;

fn text() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..12).prop_map(String::from_iter)
}

/// Generates a record of one of the kinds that need no registry.
fn record() -> impl Strategy<Value = Record> {
    let metric = (text(), any::<u64>(), any::<i64>(), any::<i64>()).prop_map(
        |(key, bits, timestamp, step)| Metric {
            key,
            // From bits, so that NaN with any payload, infinities, −0 and subnormal values occur.
            value: f64::from_bits(bits),
            timestamp,
            step,
        },
    );
    let param = (text(), text()).prop_map(|(key, value)| Param { key, value });
    let tag = (text(), text()).prop_map(|(key, value)| Tag { key, value });
    let artifact =
        ("[a-zé]{1,9}(/[a-z ]{1,9}[.]png)?", any::<u64>()).prop_map(|(path, bytes)| Artifact {
            sha256: Digest::of(path.as_bytes()),
            path: path.parse().unwrap(),
            bytes,
        });
    let close = (any::<i64>(), proptest::option::of(text())).prop_map(|(end_time, reason)| Close {
        status: Status::Failed,
        end_time,
        reason,
    });
    prop_oneof![
        6 => vec(metric, 0..5).prop_map(Record::Metrics),
        1 => vec(param, 0..3).prop_map(Record::Params),
        1 => vec(tag, 0..3).prop_map(Record::Tags),
        1 => artifact.prop_map(Record::Artifact),
        1 => text().prop_map(|message| Record::Problem(Problem { message })),
        1 => text().prop_map(Record::Panic),
        1 => close.prop_map(Record::Close),
    ]
}

/// Encodes a record. Lines can be compared where values cannot: NaN equals NaN, and 0 differs from
/// −0.
fn line(record: &Record) -> Vec<u8> {
    Line::of(record).unwrap().0
}

fn lines(records: &[Record]) -> Vec<Vec<u8>> {
    records.iter().map(line).collect()
}

/// Returns the lines that a reader finds in these bytes, and whether it reports damage.
fn read(bytes: &[u8]) -> (Vec<Vec<u8>>, bool) {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    fs::write(&journal, bytes).unwrap();
    read_file(&journal)
}

fn read_file(journal: &std::path::Path) -> (Vec<Vec<u8>>, bool) {
    let mut reader = Reader::open(journal, 0).unwrap();
    reader.over();
    read_on(&mut reader)
}

fn read_on(reader: &mut Reader) -> (Vec<Vec<u8>>, bool) {
    let (mut found, mut reported) = (Vec::new(), false);
    while let Some(entry) = reader.next_entry().unwrap() {
        match entry {
            Entry::Record(record) => found.push(line(&record)),
            Entry::Damaged { .. } => reported = true,
        }
    }
    (found, reported || reader.torn() > 0)
}

/// Returns the number of lines that are complete in the first `end` bytes.
fn complete(lines: &[Vec<u8>], end: usize) -> usize {
    let mut length = 0;
    lines
        .iter()
        .take_while(|line| {
            length += line.len();
            length <= end
        })
        .count()
}

/// Returns `true` if `found` is a subsequence of `written`.
fn are_some_of(found: &[Vec<u8>], written: &[Vec<u8>]) -> bool {
    let mut written = written.iter();
    found.iter().all(|line| written.any(|other| other == line))
}

/// Returns the index of the first byte in which the damaged journal differs.
fn first_damage(before: &[u8], after: &[u8]) -> usize {
    let same = before.iter().zip(after).take_while(|(a, b)| a == b);
    same.count()
}

#[test]
fn threads_write_side_by_side_and_a_reader_follows() {
    const THREADS: usize = 8;
    const LINES: usize = 20_000;
    let folder = tempfile::tempdir().unwrap();
    let run = RunDir::new(folder.path(), &RunUuid::new());
    run.create().unwrap();
    let writer = Writer::create(&run).unwrap();
    let record = |thread: usize, number: usize| {
        // Some lines are longer than the overlap of windows.
        let rest = if number % 5_000 == 4_999 {
            90_000
        } else {
            number % 50
        };
        Record::Panic(format!("{thread} {number} {}", "x".repeat(rest)))
    };
    let append = |thread| {
        (0..LINES).for_each(|number| {
            writer
                .append(&Line::of(&record(thread, number)).unwrap())
                .unwrap();
        });
    };
    let mut next = [0; THREADS];
    std::thread::scope(|threads| {
        for thread in 0..THREADS {
            threads.spawn(move || append(thread));
        }
        let mut reader = Reader::open(&run.journal(), 0).unwrap();
        while next.iter().sum::<usize>() < THREADS * LINES {
            match reader.next_entry().unwrap() {
                Some(Entry::Record(found)) => {
                    let Record::Panic(text) = &found else {
                        panic!("{found:?}")
                    };
                    let thread: usize = text.split(' ').next().unwrap().parse().unwrap();
                    assert_eq!(found, record(thread, next[thread]));
                    next[thread] += 1;
                }
                Some(damaged) => panic!("{damaged:?}"),
                None => std::thread::yield_now(),
            }
        }
    });
    drop(writer);
    let (found, reported) = read_file(&run.journal());
    assert_eq!((found.len(), reported), (THREADS * LINES, false));
    let length = found.iter().map(Vec::len).sum::<usize>() as u64;
    assert_eq!(
        run.journal().metadata().unwrap().len(),
        length,
        "the file ends at its last line"
    );
}

proptest! {
    #[test]
    fn what_is_written_is_read_whether_the_writer_ends_or_is_killed(
        records in vec(record(), 0..20),
        large in 0_usize..200_000,
        killed in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::new(folder.path(), &RunUuid::new());
        run.create().unwrap();
        let mut records = records;
        records.insert(records.len() / 2, Record::Panic("x".repeat(large)));
        let writer = Writer::create(&run).unwrap();
        for record in &records {
            writer.append(&Line::of(record).unwrap()).unwrap();
        }
        if killed {
            // The writer does not clean up, as after SIGKILL.
            std::mem::forget(writer);
        } else {
            drop(writer);
        }
        prop_assert_eq!(read_file(&run.journal()), (lines(&records), false));
    }

    #[test]
    fn a_journal_that_was_cut_keeps_what_is_whole(
        records in vec(record(), 1..20),
        cut in any::<prop::sample::Index>(),
    ) {
        let lines = lines(&records);
        let bytes = lines.concat();
        let cut = cut.index(bytes.len());
        let complete = complete(&lines, cut);
        let is_torn = lines[..complete].concat().len() < cut;
        prop_assert_eq!(read(&bytes[..cut]), (lines[..complete].to_vec(), is_torn));
    }

    #[test]
    fn a_record_that_was_never_finished_costs_no_other(
        records in vec((record(), proptest::option::weighted(0.3, vec(any::<bool>(), 1..50))), 1..20),
    ) {
        let mut bytes = Vec::new();
        let (mut finished, mut before, mut last) = (Vec::new(), None, true);
        for (record, unfinished) in &records {
            let mut line = line(record);
            last = unfinished.is_none();
            if let Some(written) = unfinished {
                before.get_or_insert(finished.len());
                // The thread was killed while it copied. The order of the copy is unspecified, but
                // the first byte is last.
                line[0] = 0;
                let written = written.iter().cycle();
                line.iter_mut().zip(written).for_each(|(byte, written)| *byte *= u8::from(*written));
            } else {
                finished.push(line.clone());
            }
            bytes.extend(line);
        }
        let (found, reported) = read(&bytes);
        prop_assert_eq!(&found, &finished);
        let is_before_another = before.is_some_and(|before| before < finished.len());
        prop_assert!(reported == is_before_another || (reported && !last));

        // While the program lives, its thread may still finish the line: the reader waits there.
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal");
        fs::write(&journal, &bytes).unwrap();
        let (found, _) = read_on(&mut Reader::open(&journal, 0).unwrap());
        prop_assert_eq!(&found, &finished[..before.unwrap_or(finished.len())]);
    }

    #[test]
    fn flipped_bits_are_told_and_cost_only_their_lines(
        records in vec(record(), 1..20),
        bits in vec((any::<prop::sample::Index>(), 0_u8..8), 1..6),
    ) {
        let lines = lines(&records);
        let bytes = lines.concat();
        let mut damaged = bytes.clone();
        for (index, bit) in bits {
            damaged[index.index(bytes.len())] ^= 1 << bit;
        }
        prop_assume!(damaged != bytes);
        let (found, reported) = read(&damaged);
        prop_assert!(reported);
        prop_assert!(are_some_of(&found, &lines));
        let before = complete(&lines, first_damage(&bytes, &damaged));
        prop_assert!(found.starts_with(&lines[..before]));
    }

    #[test]
    fn garbage_is_told_and_costs_one_record_at_most(
        records in vec(record(), 1..20),
        index in any::<prop::sample::Index>(),
        garbage in vec(1_u8.., 1..300),
    ) {
        let lines = lines(&records);
        let mut damaged = lines.concat();
        let index = index.index(damaged.len() + 1);
        damaged.splice(index..index, garbage);
        let (found, reported) = read(&damaged);
        prop_assert!(reported);
        prop_assert!(are_some_of(&found, &lines));
        prop_assert!(found.starts_with(&lines[..complete(&lines, index)]));
        prop_assert!(found.len() + 1 >= lines.len());
    }

    #[test]
    fn bytes_that_nobody_wrote_are_no_records(
        bytes in vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(0)], 0..4000),
    ) {
        let (found, reported) = read(&bytes);
        prop_assert!(found.is_empty());
        // Zeros alone are unused space, not damage.
        prop_assert_eq!(reported, bytes.iter().any(|&byte| byte != 0));
    }

    #[test]
    fn a_line_of_anything_with_its_checksum_is_told(json in vec(any::<u8>(), 0..200)) {
        prop_assume!(!json.contains(&b'\n'));
        let mut bytes = super::line::checksum(&json).to_vec();
        bytes.extend(json);
        bytes.push(b'\n');
        prop_assert_eq!(read(&bytes), (Vec::new(), true));
    }
}
