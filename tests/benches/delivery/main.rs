//! Measures the delivery of points and of a large artifact to an `mlflow server` with SQLite:
//! `cargo bench -p mlplots-tests --bench delivery -- POINTS MEGABYTES ROUNDS`.
//!
//! Compares the points per second with a plain loop of API calls, and measures the peak memory of
//! the supervisor. The defaults are 100,000 points, 1000 megabytes and 3 rounds.

mod plain;

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use mlplots_tests::{MlflowServer, Project, python};
use plain::plain;

const NAME: &str = "bench-delivery";
/// The numbers of connections of the plain loop.
const CONNECTIONS: [usize; 3] = [1, 2, 4];

/// Prints the number of points of a run, the number of correct points, the number of steps, and the
/// status.
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
    let program = project.release_program();
    let bench = Bench {
        server: MlflowServer::start(&[]),
        project,
        program,
    };
    // Warm-up: every worker of the server loads its modules and opens its connections.
    plain(&bench.server, 20_000, 8);
    bench.points(points, rounds as usize);
    bench.artifact(megabytes * 1_000_000);
}

struct Bench {
    server: MlflowServer,
    project: Project,
    program: PathBuf,
}

/// The measurements of a supervised training.
struct Measured {
    seconds: f64,
    /// The peak memory of the supervisor.
    peak_mb: f64,
}

impl Bench {
    fn points(&self, points: u64, rounds: usize) {
        let mut mlplots = Vec::new();
        let mut loops = CONNECTIONS.map(|_| Vec::new());
        let mut peak_mb = 0.0_f64;
        for round in 0..rounds {
            let name = format!("points-{round}");
            let measured = self.exec(&name, "points", points);
            self.assert_stored(&name, points, "FINISHED");
            mlplots.push(points as f64 / measured.seconds);
            peak_mb = peak_mb.max(measured.peak_mb);
            for (rates, connections) in loops.iter_mut().zip(CONNECTIONS) {
                let (rate, run) = plain(&self.server, points, connections);
                self.assert_stored(&run, points, "RUNNING");
                rates.push(rate);
            }
        }
        println!(
            "Points per second to a server with SQLite; median (minimum to maximum) of {rounds} rounds \
             with {points} points\n"
        );
        let rate = row("cargo mlplots exec, start to end", &mut mlplots);
        let loops = loops.iter_mut().zip(CONNECTIONS);
        let best = loops
            .map(|(rates, connections)| {
                row(&format!("plain loop, {connections} connection(s)"), rates)
            })
            .fold(0.0, f64::max);
        println!(
            "\n{:.0} % of the fastest loop (target: 90 %). MLflow's database has the {points} points \
             of each run once and unchanged.",
            rate / best * 100.0
        );
        println!("Peak memory of the supervisor: {peak_mb:.0} MB (target: 60 MB)");
    }

    fn artifact(&self, bytes: u64) {
        let measured = self.exec("artifact", "artifact", bytes);
        let stored = count_files(&self.server.folder().join("mlartifacts"), bytes);
        assert_eq!(stored, 1, "the artifact is stored completely");
        println!(
            "\nAn artifact of {} MB through the server in {:.1} s, start to end\n\
             Peak memory of the supervisor: {:.0} MB (target: 60 MB)",
            bytes / 1_000_000,
            measured.seconds,
            measured.peak_mb
        );
    }

    /// Runs a training until everything is delivered.
    fn exec(&self, name: &str, kind: &str, count: u64) -> Measured {
        let start = Instant::now();
        let mut supervisor = self
            .project
            .command(&["exec", "--progress", "off", "--flush-timeout", "100000"])
            .args(["--run-name", name, "--tracking-uri", &self.server.url, "--"])
            .arg(&self.program)
            .args([kind, &count.to_string()])
            .stdout(Stdio::null())
            .spawn()
            .expect("cargo-mlplots starts");
        let mut peak_mb = 0.0_f64;
        let status = loop {
            peak_mb = peak_mb.max(memory_peak_mb(&supervisor));
            if let Some(status) = supervisor.try_wait().expect("the status of the process") {
                break status;
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        assert!(status.success(), "{status}");
        Measured {
            seconds: start.elapsed().as_secs_f64(),
            peak_mb,
        }
    }

    /// Checks that a run has exactly these points and this status.
    fn assert_stored(&self, run: &str, points: u64, status: &str) {
        let database = self.server.folder().join("mlflow.db");
        let counts = python(COUNT, &[&database.display().to_string(), run]);
        let expected = format!("{points} {points} {points} {status}");
        assert_eq!(
            counts.trim(),
            expected,
            "points, correct points, steps, status"
        );
    }
}

/// Prints rates and returns their median.
fn row(name: &str, rates: &mut [f64]) -> f64 {
    rates.sort_by(f64::total_cmp);
    let (median, min, max) = (rates[rates.len() / 2], rates[0], rates[rates.len() - 1]);
    println!("{name:<36}{median:>8.0} ({min:.0} to {max:.0})");
    median
}

/// The peak resident memory of a process, or 0 if it has exited.
fn memory_peak_mb(process: &Child) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id()));
    let status = status.unwrap_or_default();
    let kilobytes = status.lines().find_map(|line| {
        let value = line.strip_prefix("VmHWM:")?;
        value.trim().trim_end_matches(" kB").parse::<f64>().ok()
    });
    kilobytes.unwrap_or(0.0) * 1024.0 / 1e6
}

/// The number of files below a folder with this size.
fn count_files(folder: &std::path::Path, bytes: u64) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => count_files(&entry.path(), bytes),
            Ok(metadata) => usize::from(metadata.len() == bytes),
            Err(_) => 0,
        })
        .sum()
}
