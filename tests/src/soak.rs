//! Trainings that die at random, and whether MLflow has all that they had logged.

mod count;
mod kill;

use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::{MlflowServer, Project};
use kill::{Victim, finished_syncing, one_training};

/// What a soak found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Soaked {
    /// Which random numbers it took.
    pub seed: u64,
    /// SIGKILLs of a training program alone.
    pub trainers: usize,
    /// SIGKILLs of a supervisor alone, whose training goes on without it.
    pub supervisors: usize,
    /// SIGKILLs of a supervisor and its training program at once.
    pub both: usize,
    /// SIGKILLs of a `cargo mlplots sync`.
    pub syncs: usize,
    /// How often the server was killed and started again.
    pub restarts: usize,
    /// Runs that MLflow has in the end.
    pub runs: usize,
    /// Metric points and files that a training program knew to be logged.
    pub acknowledged: usize,
    /// Those of them that MLflow does not have as they were logged.
    pub lost: usize,
    /// Points that MLflow has more than once, and runs beyond the first of one training.
    pub duplicated: usize,
    /// Points that no training logged.
    pub invented: usize,
    /// Runs that MLflow takes for living ones.
    pub running: usize,
    /// How long it all took.
    pub took: Duration,
}

impl Soaked {
    /// SIGKILLs in all.
    pub fn kills(&self) -> usize {
        self.trainers + self.supervisors + self.both + self.syncs
    }

    /// Whether MLflow has everything, once, and knows of each run that it is over.
    pub fn is_whole(&self) -> bool {
        self.lost + self.duplicated + self.invented + self.running == 0
    }
}

impl std::fmt::Display for Soaked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "seed                  {}", self.seed)?;
        writeln!(
            f,
            "kills                 {} (trainer {}, supervisor {}, both {}, sync {})",
            self.kills(),
            self.trainers,
            self.supervisors,
            self.both,
            self.syncs
        )?;
        writeln!(f, "server restarts       {}", self.restarts)?;
        writeln!(f, "runs                  {}", self.runs)?;
        writeln!(f, "records acknowledged  {}", self.acknowledged)?;
        writeln!(f, "lost                  {}", self.lost)?;
        writeln!(f, "duplicated            {}", self.duplicated)?;
        writeln!(f, "invented              {}", self.invented)?;
        writeln!(f, "still RUNNING         {}", self.running)?;
        write!(f, "wall time             {:.0} s", self.took.as_secs_f64())
    }
}

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

/// Runs trainings, two at a time, until `kills` SIGKILLs have hit; then ships the rest, and counts.
/// `name` is the project's.
pub fn soak(name: &str, kills: usize, seed: u64) -> Soaked {
    let since = Instant::now();
    let server = Mutex::new(MlflowServer::start(&["--workers", "2"]));
    let project = Project::new(name).file("src/main.rs", SOURCE);
    let built = project.cargo(&["build", "--quiet"]);
    assert_eq!(built.code, 0, "{}", built.text());
    std::fs::create_dir(project.path().join("acknowledged")).expect("a folder");
    let scene = Scene {
        url: server.lock().expect("no thread panicked").url.clone(),
        project,
        wanted: kills,
        kills: Default::default(),
        trainings: AtomicUsize::new(0),
        seed,
    };
    let restarts = std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                while scene.goes_on() {
                    one_training(&scene);
                }
            });
        }
        disturb(&scene, &server)
    });
    finished_syncing(&scene);
    let server = server.lock().expect("no thread panicked");
    let count = |victim: Victim| scene.kills[victim as usize].load(Ordering::Relaxed);
    Soaked {
        seed,
        trainers: count(Victim::Trainer),
        supervisors: count(Victim::Supervisor),
        both: count(Victim::Both),
        syncs: count(Victim::Sync),
        restarts,
        took: since.elapsed(),
        ..count::count(&scene.project, &server.folder().join("mlflow.db"))
    }
}

/// Restarts the server, and ships what the dead have left, while others train. Returns the number
/// of restarts.
fn disturb(scene: &Scene, server: &Mutex<MlflowServer>) -> usize {
    let mut rng = Rng::with_seed(scene.seed);
    let mut restarts = 0;
    let mut next = rng.usize(5..20);
    while scene.goes_on() {
        std::thread::sleep(Duration::from_millis(rng.u64(200..2000)));
        if scene.kills() >= next {
            server.lock().expect("no thread panicked").restart();
            restarts += 1;
            eprintln!("{} kills, {restarts} restarts", scene.kills());
            next = scene.kills() + rng.usize(10..40);
            continue;
        }
        let sync = scene
            .project
            .command(&["sync", "--flush-timeout", "5"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut sync = sync.expect("cargo-mlplots starts");
        if rng.bool() {
            std::thread::sleep(Duration::from_millis(rng.u64(0..200)));
            sync.kill().expect("it can be killed");
            kill::count_dead(scene, &mut sync, Victim::Sync);
        } else {
            sync.wait().expect("it ends");
        }
    }
    restarts
}

/// Each point and each file is acknowledged by a line, written once logging it has returned.
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
    let mut side = std::fs::File::create(&params.side)?;
    for step in 0..params.steps {
        run.log_metric_at("loss", 1.0 / f64::from(step + 1), step);
        side.write_all(format!("metric {step}\n").as_bytes())?;
        if step % 100 == 50 {
            run.log_text(format!("step {step}"), &format!("notes/{step}.txt"))?;
            side.write_all(format!("file {step}\n").as_bytes())?;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    Ok(Done(params.steps))
}

/// The number of steps.
#[plot]
fn steps(done: &Done) -> Figure {
    charts::histogram(&[f64::from(done.0), 1.0, 2.0])
}

mlplots::main!();
"#;
