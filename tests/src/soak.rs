//! Trainings that die at random, and whether MLflow has all that they had logged.

mod count;
mod found;
mod kill;

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::{FaultyProxy, MlflowServer, Project, at_random};
pub use found::Soaked;
use kill::{Victim, finished_syncing, one_training};

/// Trainings at a time: most of the time they wait.
const TRAININGS: usize = 6;
/// And at a time `cargo mlplots sync`, each with a run of its own.
const SYNCS: u64 = 3;
/// How many of the requests meet a fault; a run makes some thirty.
const FAULTY: f64 = 0.1;

/// What the threads of a soak share.
struct Scene {
    project: Project,
    url: String,
    wanted: usize,
    kills: [AtomicUsize; 4],
    trainings: AtomicUsize,
    seed: u64,
}

impl Scene {
    fn kills(&self) -> usize {
        let count = |kills: &AtomicUsize| kills.load(Ordering::Relaxed);
        self.kills.iter().map(count).sum()
    }

    fn goes_on(&self) -> bool {
        self.kills() < self.wanted
    }

    /// `cargo mlplots ARGUMENTS`, which soon takes a silent server for dead.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.project.command(arguments);
        command
            .env("MLFLOW_HTTP_REQUEST_TIMEOUT", "3")
            .env("MLFLOW_TRACKING_URI", &self.url)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn killed(&self, victim: Victim) {
        self.kills[victim as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Random numbers of one training: the same whichever thread runs it.
    fn next_training(&self) -> (usize, Rng) {
        let number = self.trainings.fetch_add(1, Ordering::Relaxed);
        (
            number,
            Rng::with_seed(self.seed.wrapping_add(number as u64 + 1)),
        )
    }
}

/// Runs trainings, some at a time and behind a faulty proxy, until `kills` SIGKILLs have hit; then
/// ships the rest, and counts. `name` is the project's.
pub fn soak(name: &str, kills: usize, seed: u64) -> Soaked {
    let since = Instant::now();
    let mut server = MlflowServer::start(&["--workers", "2"]);
    let mut proxy = FaultyProxy::start(&server.url, at_random(seed, FAULTY));
    let project = Project::new(name).file("src/main.rs", SOURCE);
    let built = project.cargo(&["build", "--quiet"]);
    assert_eq!(built.code, 0, "{}", built.text());
    std::fs::create_dir(project.path().join("acknowledged")).expect("a folder");
    let scene = Scene {
        url: proxy.url.clone(),
        project,
        wanted: kills,
        kills: Default::default(),
        trainings: AtomicUsize::new(0),
        seed,
    };
    let restarts = std::thread::scope(|threads| {
        for _ in 0..TRAININGS {
            threads.spawn(|| {
                while scene.goes_on() {
                    one_training(&scene);
                }
            });
        }
        for number in 1..=SYNCS {
            let rng = Rng::with_seed(seed.wrapping_sub(number));
            threads.spawn(|| sync(&scene, rng));
        }
        restart(&scene, &mut server, &mut proxy)
    });
    eprintln!(
        "{} kills in {:.0} s; the rest is shipped",
        scene.kills(),
        since.elapsed().as_secs_f64()
    );
    std::thread::scope(|threads| {
        for _ in 0..SYNCS {
            threads.spawn(|| finished_syncing(&scene));
        }
    });
    let count = |victim: Victim| scene.kills[victim as usize].load(Ordering::Relaxed);
    Soaked {
        seed,
        trainers: count(Victim::Trainer),
        supervisors: count(Victim::Supervisor),
        both: count(Victim::Both),
        syncs: count(Victim::Sync),
        restarts,
        faults: proxy.faults(),
        took: since.elapsed(),
        ..count::count(&scene.project, &server.folder().join("mlflow.db"))
    }
}

/// Restarts the server now and then. Returns how often.
fn restart(scene: &Scene, server: &mut MlflowServer, proxy: &mut FaultyProxy) -> usize {
    let mut rng = Rng::with_seed(scene.seed);
    let mut restarts = 0;
    let mut next = rng.usize(5..20);
    while scene.goes_on() {
        std::thread::sleep(Duration::from_millis(100));
        if scene.kills() < next {
            continue;
        }
        // Away, it refuses connections, or what stands before it breaks them.
        if rng.bool() {
            proxy.down();
        }
        server.restart();
        proxy.up();
        restarts += 1;
        eprintln!("{} kills, {restarts} restarts", scene.kills());
        next = scene.kills() + rng.usize(10..40);
    }
    restarts
}

/// Ships what the dead have left, while others train; may die of it.
fn sync(scene: &Scene, mut rng: Rng) {
    while scene.goes_on() {
        std::thread::sleep(Duration::from_millis(rng.u64(200..2000)));
        let mut sync = scene
            .command(&["sync", "--flush-timeout", "5"])
            .spawn()
            .expect("cargo-mlplots starts");
        if rng.f64() < 0.25 {
            std::thread::sleep(Duration::from_millis(rng.u64(0..1000)));
            sync.kill().expect("it can be killed");
            kill::count_dead(scene, &mut sync, Victim::Sync);
        } else {
            sync.wait().expect("it ends");
        }
    }
}

/// Threads of a training that log.
const THREADS: i64 = 4;

/// Each point and each file is acknowledged by a line, written once logging it has returned. Each
/// thread logs every fourth step.
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
