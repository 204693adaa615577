//! The soak test: kills trainings at random and checks that MLflow has everything they logged.

mod count;
mod kill;
mod report;

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::{FaultyProxy, MlflowServer, Project, at_random};
use kill::{Victim, run_training, sync_until_complete};
pub use report::SoakReport;

/// The number of parallel trainings. Most of the time they sleep.
const TRAININGS: usize = 6;
/// The number of parallel `cargo mlplots sync` processes. Each ships a different run.
const SYNCS: u64 = 3;
/// The probability that a request meets a fault. A run sends about 30 requests.
const FAULT_PROBABILITY: f64 = 0.1;

/// The state that the threads of a soak test share.
struct Soak {
    project: Project,
    url: String,
    target_kills: usize,
    kills: [AtomicUsize; 4],
    trainings: AtomicUsize,
    seed: u64,
}

impl Soak {
    fn kills(&self) -> usize {
        let count = |kills: &AtomicUsize| kills.load(Ordering::Relaxed);
        self.kills.iter().map(count).sum()
    }

    fn is_running(&self) -> bool {
        self.kills() < self.target_kills
    }

    /// The command `cargo mlplots ARGUMENTS` with a short request timeout.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.project.command(arguments);
        command
            .env("MLFLOW_HTTP_REQUEST_TIMEOUT", "3")
            .env("MLFLOW_TRACKING_URI", &self.url)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn count_kill(&self, victim: Victim) {
        self.kills[victim as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// The number of the next training, and its random numbers, which do not depend on the thread.
    fn next_training(&self) -> (usize, Rng) {
        let number = self.trainings.fetch_add(1, Ordering::Relaxed);
        (
            number,
            Rng::with_seed(self.seed.wrapping_add(number as u64 + 1)),
        )
    }
}

/// Runs parallel trainings behind a faulty proxy until `kills` processes are killed by SIGKILL.
/// Then ships the rest and compares MLflow's database with the acknowledged records. `name` is the
/// name of the project.
pub fn soak(name: &str, kills: usize, seed: u64) -> SoakReport {
    let start = Instant::now();
    let mut server = MlflowServer::start(&["--workers", "2"]);
    let mut proxy = FaultyProxy::start(&server.url, at_random(seed, FAULT_PROBABILITY));
    let project = Project::new(name).file("src/main.rs", SOURCE);
    let built = project.cargo(&["build", "--quiet"]);
    assert_eq!(built.code, 0, "{}", built.text());
    std::fs::create_dir(project.path().join("acknowledged")).expect("the folder is created");
    let soak = Soak {
        url: proxy.url.clone(),
        project,
        target_kills: kills,
        kills: Default::default(),
        trainings: AtomicUsize::new(0),
        seed,
    };
    let restarts = std::thread::scope(|threads| {
        for _ in 0..TRAININGS {
            threads.spawn(|| {
                while soak.is_running() {
                    run_training(&soak);
                }
            });
        }
        for number in 1..=SYNCS {
            let rng = Rng::with_seed(seed.wrapping_sub(number));
            threads.spawn(|| sync(&soak, rng));
        }
        restart_server(&soak, &mut server, &mut proxy)
    });
    eprintln!(
        "{} kills in {:.0} s; shipping the rest",
        soak.kills(),
        start.elapsed().as_secs_f64()
    );
    std::thread::scope(|threads| {
        for _ in 0..SYNCS {
            threads.spawn(|| sync_until_complete(&soak));
        }
    });
    let count = |victim: Victim| soak.kills[victim as usize].load(Ordering::Relaxed);
    SoakReport {
        seed,
        trainers: count(Victim::Trainer),
        supervisors: count(Victim::Supervisor),
        both: count(Victim::Both),
        syncs: count(Victim::Sync),
        restarts,
        faults: proxy.faults(),
        duration: start.elapsed(),
        ..count::count(&soak.project, &server.folder().join("mlflow.db"))
    }
}

/// Restarts the server at random times. Returns the number of restarts.
fn restart_server(soak: &Soak, server: &mut MlflowServer, proxy: &mut FaultyProxy) -> usize {
    let mut rng = Rng::with_seed(soak.seed);
    let mut restarts = 0;
    let mut next = rng.usize(5..20);
    while soak.is_running() {
        std::thread::sleep(Duration::from_millis(100));
        if soak.kills() < next {
            continue;
        }
        // During a restart, clients see refused connections or broken ones.
        if rng.bool() {
            proxy.down();
        }
        server.restart();
        proxy.up();
        restarts += 1;
        eprintln!("{} kills, {restarts} restarts", soak.kills());
        next = soak.kills() + rng.usize(10..40);
    }
    restarts
}

/// Ships the runs of killed processes while other trainings run. Kills some of the syncs.
fn sync(soak: &Soak, mut rng: Rng) {
    while soak.is_running() {
        std::thread::sleep(Duration::from_millis(rng.u64(200..2000)));
        let mut sync = soak
            .command(&["sync", "--flush-timeout", "5"])
            .spawn()
            .expect("cargo-mlplots starts");
        if rng.f64() < 0.25 {
            std::thread::sleep(Duration::from_millis(rng.u64(0..1000)));
            sync.kill().expect("the process can be killed");
            kill::count_if_killed(soak, &mut sync, Victim::Sync);
        } else {
            sync.wait().expect("the process exits");
        }
    }
}

/// The number of logging threads of a training.
const THREADS: i64 = 4;

/// Each thread logs every fourth step. After each logged point or file, it appends a line to the
/// file of acknowledged records.
const SOURCE: &str = r#"
use std::io::Write;
use mlplots::prelude::*;

#[derive(Serialize, Deserialize)]
struct Params { side: std::path::PathBuf, steps: u32 }

impl Default for Params {
    fn default() -> Self {
        Self { side: "acknowledged/0".into(), steps: 100 }
    }
}

struct Done(u32);

#[train(experiment = "Soak")]
fn soak(run: &Run, params: Params) -> Result<Done, Box<dyn std::error::Error>> {
    let mut options = std::fs::OpenOptions::new();
    let side = options.create(true).append(true).open(&params.side)?;
    let log = |first: u32| -> Result<(), mlplots::Error> {
        for step in (first..params.steps).step_by(4) {
            run.log_metric_at("loss", 1.0 / f64::from(step + 1), step);
            acknowledge(&side, format!("metric {step}\n"));
            if step % 100 == 50 {
                run.log_text(format!("step {step}"), &format!("notes/{step}.txt"))?;
                acknowledge(&side, format!("file {step}\n"));
            }
            std::thread::sleep(std::time::Duration::from_millis(4));
        }
        Ok(())
    };
    std::thread::scope(|threads| {
        let all: Vec<_> = (0..4).map(|first| threads.spawn(move || log(first))).collect();
        all.into_iter().try_for_each(|thread| thread.join().expect("no thread panics"))
    })?;
    Ok(Done(params.steps))
}

fn acknowledge(mut side: &std::fs::File, line: String) {
    side.write_all(line.as_bytes()).expect("the line is written");
}

/// The number of steps.
#[plot]
fn steps(done: &Done) -> Figure {
    charts::histogram(&[f64::from(done.0), 1.0, 2.0])
}

mlplots::main!();
"#;
