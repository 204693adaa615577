//! Threats to the journal while a program writes to it: a file system without `fallocate`, a fork,
//! and closed file descriptors.

use std::fs;
use std::process::Command;

use mlplots_tests::{Project, cache_dir, program};

/// Logs from eight threads, so that a thread maps the next window of the journal while others
/// write.
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

/// Starts a program in which the system call `fallocate` fails, as on a file system without it.
const LAUNCHER: &str = r"
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int count, char **arguments) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fallocate, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        return 90;
    if (!syscall(SYS_fallocate, 1, 0, 0, 1) || errno != EOPNOTSUPP) return 91;
    execvp(arguments[1], arguments + 1);
    return 92;
}
";

#[test]
fn no_point_is_lost_without_fallocate() {
    let folder = cache_dir("launcher");
    let (source, launcher) = (folder.join("launcher.c"), folder.join("launcher"));
    fs::write(&source, LAUNCHER).expect("the source is written");
    let status = Command::new("cc")
        .args(["-w", "-o"])
        .arg(&launcher)
        .arg(&source)
        .status()
        .expect("the C compiler `cc` starts; it comes with `apt-get install -y gcc`");
    assert!(status.success());
    let project = Project::new("descriptors");
    let run = project.exec(&[], &[launcher.as_path(), program("reserving", THREADS)]);
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

/// Forks while it logs. The child process calls all methods of the run.
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
        // Drops the run, as at the end of a successful program.
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
fn a_forked_child_cannot_write_to_the_journal_of_its_parent() {
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

/// Closes the journal's file descriptor, as daemons close all that they inherited, and opens files
/// that reuse it. Other descriptors of mlplots are open only for a moment, and not closed here.
const CLOSING: &str = r#"
use std::io::Write;

unsafe extern "C" {
    fn close(descriptor: i32) -> i32;
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let run = mlplots::Run::start("Closing")?;
    run.log_metric("before", 1.0);
    for entry in std::fs::read_dir("/proc/self/fd")?.flatten() {
        let is_journal = std::fs::read_link(entry.path()).is_ok_and(|file| file.ends_with("journal"));
        if let (true, Some(descriptor)) = (is_journal, entry.file_name().to_str()) {
            unsafe { close(descriptor.parse()?) };
        }
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
fn a_file_that_reuses_the_journals_descriptor_stays_unchanged() {
    let project = Project::new("descriptors");
    let run = project.exec(&["--timeout", "60"], &[program("closing", CLOSING)]);
    assert_eq!(run.code, 1, "{}", run.text());
    let expected = "the program closed the journal's file descriptor";
    assert!(run.stderr.contains(expected), "{}", run.text());
    for number in 0..20 {
        let mine = fs::read(project.path().join(format!("mine-{number}"))).expect("a file");
        assert_eq!(mine, b"mine", "{number}");
    }
    let stored = project.only();
    assert_eq!(stored.status(), "FAILED");
    assert_eq!(stored.steps("before"), [0]);
}
