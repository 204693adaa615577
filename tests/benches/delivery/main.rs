//! From the journal to MLflow:
//! `cargo bench -p mlplots-tests --bench delivery -- POINTS MEGABYTES ROUNDS`.
//!
//! How many points a second arrive at an `mlflow server` with SQLite, beside the plainest loop that
//! logs the same points there, and how much memory the supervisor takes for them and for one large
//! artifact. POINTS is 100,000 without it, MEGABYTES 1000, ROUNDS, which take turns, 3.

mod plain;

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use mlplots_tests::{MlflowServer, Project, python};
use plain::plain;

const NAME: &str = "bench-delivery";
/// Connections of the plain loop.
const CONNECTIONS: [usize; 3] = [1, 2, 4];

/// Counts a run's points, those that are as they were logged, and reads its status.
const COUNT: &str = r#"
import sqlite3, sys

database = sqlite3.connect(sys.argv[1])
[[run, status]] = database.execute(
    "SELECT run_uuid, status FROM runs WHERE ? IN (name, run_uuid)", (sys.argv[2],)
).fetchall()
steps, points = set(), 0
for step, value in database.execute(
    "SELECT step, value FROM metrics WHERE run_uuid = ? AND key = 'loss'", (run,)
):
    points += 1
    if value == 1.0 / (step + 1):
        steps.add(step)
print(points, len(steps), max(steps, default=-1) + 1, status)
"#;

fn main() {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<u64>().ok());
    let points = numbers.next().unwrap_or(100_000);
    let megabytes = numbers.next().unwrap_or(1000);
    let rounds = numbers.next().unwrap_or(3).max(1);
    let project = Project::new(NAME).file("src/main.rs", include_str!("training.rs"));
    let program = project.release();
    let bench = Bench {
        server: MlflowServer::start(&[]),
        project,
        program,
    };
    // Every worker of the server has its modules loaded and its connections open.
    plain(&bench.server, 20_000, 8);
    bench.points(points, rounds as usize);
    bench.artifact(megabytes * 1_000_000);
}

struct Bench {
    server: MlflowServer,
    project: Project,
    program: PathBuf,
}

/// What a supervised training took.
struct Took {
    seconds: f64,
    /// The most memory that its supervisor had.
    peak_mb: f64,
}

impl Bench {
    fn points(&self, points: u64, rounds: usize) {
        let mut ours = Vec::new();
        let mut loops = CONNECTIONS.map(|_| Vec::new());
        let mut peak_mb = 0.0_f64;
        for round in 0..rounds {
            let name = format!("points-{round}");
            let took = self.exec(&name, "points", points);
            self.count(&name, points, "FINISHED");
            ours.push(points as f64 / took.seconds);
            peak_mb = peak_mb.max(took.peak_mb);
            for (rates, connections) in loops.iter_mut().zip(CONNECTIONS) {
                let (rate, run) = plain(&self.server, points, connections);
                self.count(&run, points, "RUNNING");
                rates.push(rate);
            }
        }
        println!(
            "Points per second to a server with SQLite; median (least to most) of {rounds} rounds \
             with {points} points\n"
        );
        let rate = row("cargo mlplots exec, start to end", &mut ours);
        let loops = loops.iter_mut().zip(CONNECTIONS);
        let best = loops
            .map(|(rates, connections)| {
                row(&format!("plain loop, {connections} connection(s)"), rates)
            })
            .fold(0.0, f64::max);
        println!(
            "\n{:.0} % of the best loop (aim: 90 %). Each run has its {points} points in MLflow's \
             database, once and unchanged.",
            rate / best * 100.0
        );
        println!("The supervisor's most memory: {peak_mb:.0} MB (aim: 60 MB)");
    }

    fn artifact(&self, bytes: u64) {
        let took = self.exec("artifact", "artifact", bytes);
        let arrived = files(&self.server.folder().join("mlartifacts"), bytes);
        assert_eq!(arrived, 1, "the artifact arrives whole");
        println!(
            "\nAn artifact of {} MB through the server in {:.1} s, start to end\n\
             The supervisor's most memory: {:.0} MB (aim: 60 MB)",
            bytes / 1_000_000,
            took.seconds,
            took.peak_mb
        );
    }

    /// A training and its delivery to the end.
    fn exec(&self, name: &str, what: &str, count: u64) -> Took {
        let begin = Instant::now();
        let mut supervisor = self
            .project
            .command(&["exec", "--progress", "off", "--flush-timeout", "100000"])
            .args(["--run-name", name, "--tracking-uri", &self.server.url, "--"])
            .arg(&self.program)
            .args([what, &count.to_string()])
            .stdout(Stdio::null())
            .spawn()
            .expect("cargo-mlplots starts");
        let mut peak_mb = 0.0_f64;
        let status = loop {
            peak_mb = peak_mb.max(most_memory_mb(&supervisor));
            if let Some(status) = supervisor.try_wait().expect("its status") {
                break status;
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        assert!(status.success(), "{status}");
        Took {
            seconds: begin.elapsed().as_secs_f64(),
            peak_mb,
        }
    }

    /// A run has exactly these points, and this status.
    fn count(&self, run: &str, points: u64, status: &str) {
        let database = self.server.folder().join("mlflow.db");
        let counted = python(COUNT, &[&database.display().to_string(), run]);
        let expected = format!("{points} {points} {points} {status}");
        assert_eq!(
            counted.trim(),
            expected,
            "points, right ones, steps, status"
        );
    }
}

/// Prints rates and returns their median.
fn row(name: &str, rates: &mut [f64]) -> f64 {
    rates.sort_by(f64::total_cmp);
    let (median, least, most) = (rates[rates.len() / 2], rates[0], rates[rates.len() - 1]);
    println!("{name:<36}{median:>8.0} ({least:.0} to {most:.0})");
    median
}

/// The kernel's mark of the most resident memory; 0 once the process has ended.
fn most_memory_mb(process: &Child) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id()));
    let status = status.unwrap_or_default();
    let kilobytes = status.lines().find_map(|line| {
        let value = line.strip_prefix("VmHWM:")?;
        value.trim().trim_end_matches(" kB").parse::<f64>().ok()
    });
    kilobytes.unwrap_or(0.0) * 1024.0 / 1e6
}

/// How many files below a folder have this size.
fn files(folder: &std::path::Path, bytes: u64) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => files(&entry.path(), bytes),
            Ok(metadata) => usize::from(metadata.len() == bytes),
            Err(_) => 0,
        })
        .sum()
}
