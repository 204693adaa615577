//! What may happen to a journal's file while a program writes to it: a file system that reserves no
//! room, a fork, and descriptors that the program closes.

use std::fs;
use std::process::Command;

use mlplots_tests::{Project, kept, program};

/// Logs from eight threads, so that windows are turned while others write.
const THREADS: &str = r#"
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let run = mlplots::Run::start("Reserving")?;
    std::thread::scope(|threads| {
        for thread in 0..8 {
            let run = &run;
            threads.spawn(move || {
                for step in 0..5_000_i64 {
                    run.log_metric_at(format!("m{thread}"), 1.0, step);
                }
            });
        }
    });
    Ok(run.finish()?)
}
"#;

/// Answers as a file system does that cannot reserve room; `posix_fallocate` writes as the C library
/// does for want of it, and slowly.
const RESERVING: &str = r#"
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>
int fallocate(int fd, int mode, off_t at, off_t size) { errno = EOPNOTSUPP; return -1; }
int fallocate64(int fd, int mode, off_t at, off_t size) { errno = EOPNOTSUPP; return -1; }
int posix_fallocate(int fd, off_t at, off_t size) {
    char byte;
    for (off_t i = at; i < at + size; i += 512) {
        if (pread(fd, &byte, 1, i) == 1 && byte != 0) continue;
        usleep(100);
        pwrite(fd, "", 1, i);
    }
    return 0;
}
int posix_fallocate64(int fd, off_t at, off_t size) { return posix_fallocate(fd, at, size); }
"#;

#[test]
fn a_file_system_that_reserves_no_room_costs_no_point() {
    let folder = kept("interposed");
    let (source, library) = (folder.join("reserving.c"), folder.join("libreserving.so"));
    fs::write(&source, RESERVING).expect("a source");
    let made = Command::new("cc")
        .args(["-shared", "-fPIC", "-w", "-o"])
        .arg(&library)
        .arg(&source)
        .status()
        .expect("cc, the C compiler: `apt-get install -y gcc`");
    assert!(made.success());
    let project = Project::new("descriptors");
    let mut command = project.command(&["exec", "--", "env"]);
    command.arg(format!("LD_PRELOAD={}", library.display()));
    let run: mlplots_tests::Finished = command
        .arg(program("reserving", THREADS))
        .output()
        .expect("it starts")
        .into();
    assert_eq!(run.code, 0, "{}", run.text());
    let stored = project.only();
    assert_eq!(stored.status(), "FINISHED");
    for thread in 0..8 {
        assert_eq!(
            stored.steps(&format!("m{thread}")),
            (0..5_000).collect::<Vec<_>>()
        );
    }
}

/// Forks while it logs; the child does all that a run does.
const FORKING: &str = r#"
unsafe extern "C" {
    fn fork() -> i32;
    fn waitpid(pid: i32, status: *mut i32, options: i32) -> i32;
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let run = mlplots::Run::start("Forking")?;
    for step in 0..2_000_i64 {
        run.log_metric_at("parent", 1.0, step);
    }
    let child = unsafe { fork() };
    if child == 0 {
        for step in 0..2_000_i64 {
            run.log_metric_at("child", 1.0, step);
        }
        run.log_param("of", "the child");
        run.set_tag("of", "the child");
        let _ = run.log_text("the child's", "child.txt");
        run.provide(1_u8);
        // As a program does that ends well: the run is dropped.
        return Ok(());
    }
    for step in 2_000..40_000_i64 {
        run.log_metric_at("parent", 1.0, step);
    }
    let ended = unsafe { waitpid(child, std::ptr::null_mut(), 0) };
    assert_eq!(ended, child);
    for step in 40_000..42_000_i64 {
        run.log_metric_at("parent", 1.0, step);
    }
    Ok(run.finish()?)
}
"#;

#[test]
fn a_fork_cannot_write_over_the_lines_of_its_parent() {
    let project = Project::new("descriptors");
    let run = project.exec(&["--timeout", "60"], &[program("forking", FORKING)]);
    assert_eq!(run.code, 0, "{}", run.text());
    assert!(
        run.stderr
            .contains("was forked from the one that began the run"),
        "{}",
        run.text()
    );
    let stored = project.only();
    assert_eq!(stored.steps("parent"), (0..42_000).collect::<Vec<_>>());
    assert!(stored.steps("child").is_empty());
}

/// Closes descriptors that it does not know, as daemons do, and opens a file of its own.
const CLOSING: &str = r#"
use std::io::Write;

unsafe extern "C" {
    fn close(descriptor: i32) -> i32;
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let run = mlplots::Run::start("Closing")?;
    run.log_metric("before", 1.0);
    for descriptor in 3..100 {
        unsafe { close(descriptor) };
    }
    let mut mine: Vec<_> = (0..20)
        .map(|number| std::fs::File::create(format!("mine-{number}")).unwrap())
        .collect();
    mine.iter_mut().for_each(|file| file.write_all(b"mine").unwrap());
    for step in 0..200_000_i64 {
        run.log_metric_at("after", 1.0, step);
    }
    drop(mine);
    let _ = run.finish();
    Ok(())
}
"#;

#[test]
fn a_file_that_takes_the_journals_descriptor_is_left_alone() {
    let project = Project::new("descriptors");
    let run = project.exec(&["--timeout", "60"], &[program("closing", CLOSING)]);
    assert_eq!(run.code, 1, "{}", run.text());
    let words = "the program closed the journal's file descriptor";
    assert!(run.stderr.contains(words), "{}", run.text());
    for number in 0..20 {
        let mine = fs::read(project.path().join(format!("mine-{number}"))).expect("a file");
        assert_eq!(mine, b"mine", "{number}");
    }
    let stored = project.only();
    assert_eq!(stored.status(), "FAILED");
    assert_eq!(stored.steps("before"), [0]);
}
