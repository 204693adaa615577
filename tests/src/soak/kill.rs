//! One training that dies, or not; and the last words of `cargo mlplots sync`.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process_group};

use super::Scene;
use crate::{Finished, child};

/// Who is hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Victim {
    Trainer,
    Supervisor,
    Both,
    Sync,
}

/// Runs a training, kills somebody, and waits until all of it is dead.
pub(super) fn one_training(scene: &Scene) {
    let (number, mut rng) = scene.next_training();
    let name = format!("{number}");
    let side = scene.project.path().join("acknowledged").join(&name);
    let mut supervisor = scene
        .command(&["exec", "--run-name", &name, "--tracking-uri", &scene.url])
        .args(["--flush-timeout", "5", "-P"])
        .arg(format!("steps={}", rng.u32(200..1500)))
        .arg("-P")
        .arg(format!("side={}", side.display()))
        .arg("--")
        .arg(scene.project.program())
        .process_group(0)
        .spawn()
        .expect("cargo-mlplots starts");
    let group = Pid::from_child(&supervisor);
    std::thread::sleep(Duration::from_millis(rng.u64(10..2200)));
    let victim = rng.choice([Victim::Trainer, Victim::Supervisor, Victim::Both]);
    if supervisor.try_wait().is_ok_and(|ended| ended.is_none()) {
        match victim.expect("there are three") {
            Victim::Trainer => {
                let trainer = child(supervisor.id(), scene.project.name());
                let trainer = trainer.and_then(|pid| Pid::from_raw(pid as i32));
                if trainer.is_some_and(|pid| kill_process(pid, Signal::KILL).is_ok()) {
                    scene.killed(Victim::Trainer);
                }
                supervisor.wait().expect("it ends");
            }
            Victim::Both => {
                let _ = kill_process_group(group, Signal::KILL);
                count_dead(scene, &mut supervisor, Victim::Both);
            }
            victim => {
                supervisor.kill().expect("it can be killed");
                count_dead(scene, &mut supervisor, victim);
            }
        }
    }
    supervisor.wait().expect("it ends");
    // A training whose supervisor is dead goes on to its end.
    while test_kill_process_group(group).is_ok() {
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Counts a kill that did hit: the process may have ended just before.
pub(super) fn count_dead(scene: &Scene, process: &mut Child, victim: Victim) {
    if process.wait().expect("it ends").signal() == Some(9) {
        scene.killed(victim);
    }
}

/// Ships until there is nothing left to ship.
pub(super) fn finished_syncing(scene: &Scene) {
    let since = Instant::now();
    loop {
        let mut sync = scene.command(&["sync"]);
        sync.stdout(Stdio::piped()).stderr(Stdio::piped());
        let finished: Finished = sync.output().expect("cargo-mlplots starts").into();
        if finished.code == 0 && finished.stderr.contains("nothing is left to ship") {
            return;
        }
        assert!(
            since.elapsed() < Duration::from_mins(20),
            "not everything is shipped:\n{}",
            finished.text()
        );
    }
}
