//! Runs and kills one training, and ships the remaining runs at the end.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process_group};

use super::Soak;
use crate::{Finished, child};

/// The process to kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Victim {
    Trainer,
    Supervisor,
    Both,
    Sync,
}

/// Runs a training, kills the program, its supervisor or both, and waits until both have exited.
pub(super) fn run_training(soak: &Soak) {
    let (number, mut rng) = soak.next_training();
    let name = format!("{number}");
    let side = soak.project.path().join("acknowledged").join(&name);
    let mut supervisor = soak
        .command(&["exec", "--run-name", &name, "--tracking-uri", &soak.url])
        .args(["--flush-timeout", "5", "-P"])
        .arg(format!("steps={}", rng.u32(200..1500)))
        .arg("-P")
        .arg(format!("side={}", side.display()))
        .arg("--")
        .arg(soak.project.program())
        .process_group(0)
        .spawn()
        .expect("cargo-mlplots starts");
    let group = Pid::from_child(&supervisor);
    std::thread::sleep(Duration::from_millis(rng.u64(10..2200)));
    let victim = rng.choice([Victim::Trainer, Victim::Supervisor, Victim::Both]);
    if supervisor.try_wait().is_ok_and(|status| status.is_none()) {
        match victim.expect("the list is not empty") {
            Victim::Trainer => {
                let trainer = child(supervisor.id(), soak.project.name());
                let trainer = trainer.and_then(|pid| Pid::from_raw(pid as i32));
                if trainer.is_some_and(|pid| kill_process(pid, Signal::KILL).is_ok()) {
                    soak.count_kill(Victim::Trainer);
                }
                supervisor.wait().expect("the process exits");
            }
            Victim::Both => {
                let _ = kill_process_group(group, Signal::KILL);
                count_if_killed(soak, &mut supervisor, Victim::Both);
            }
            victim => {
                supervisor.kill().expect("the process can be killed");
                count_if_killed(soak, &mut supervisor, victim);
            }
        }
    }
    supervisor.wait().expect("the process exits");
    // A training continues without its supervisor.
    while test_kill_process_group(group).is_ok() {
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Counts a kill if the signal terminated the process, which may have exited just before.
pub(super) fn count_if_killed(soak: &Soak, process: &mut Child, victim: Victim) {
    if process.wait().expect("the process exits").signal() == Some(9) {
        soak.count_kill(victim);
    }
}

/// Repeats `cargo mlplots sync` until it has nothing left to ship.
pub(super) fn sync_until_complete(soak: &Soak) {
    let start = Instant::now();
    loop {
        let mut sync = soak.command(&["sync"]);
        sync.stdout(Stdio::piped()).stderr(Stdio::piped());
        let finished: Finished = sync.output().expect("cargo-mlplots starts").into();
        if finished.code == 0 && finished.stderr.contains("nothing is left to ship") {
            return;
        }
        assert!(
            start.elapsed() < Duration::from_mins(20),
            "some runs are not shipped:\n{}",
            finished.text()
        );
    }
}
