//! Measures the time that a call of `log_metric` costs the training thread:
//! `cargo bench -p mlplots-tests --bench overhead -- CALLS`.
//!
//! Each line measures the calls three times; the default is 2,000,000 calls. MLflow's Python client
//! is measured on the same server with fewer calls.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mlplots_tests::http::{nobody, silent};
use mlplots_tests::{MlflowServer, Project, Venv, checkout};

const NAME: &str = "bench-overhead";
const THREADS: [u64; 2] = [1, 8];
/// How often the calls of a line are measured. All passes count.
const PASSES: usize = 3;
const ROUNDS: usize = 5;
/// The number of steps of a training that takes about five seconds.
const STEPS: u64 = 5_000;

struct Bench {
    project: Project,
    program: PathBuf,
}

fn main() {
    let calls = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(2_000_000);
    let project = Project::new(NAME).file("src/main.rs", include_str!("training.rs"));
    let program = project.release_program();
    let bench = Bench { project, program };
    let server = MlflowServer::start(&[]);
    let refusing = nobody();
    let (_listener, silent) = silent();

    println!("Duration of a call in nanoseconds\n");
    println!(
        "{:<46}{:>8}{:>10}{:>12}{:>12}{:>14}{:>14}{:>12}",
        "", "threads", "calls", "median", "p99", "p99.99", "maximum", "calls/s"
    );
    let clock = passes(|| bench.unsupervised("clock", 1, calls));
    row("clock only, Rust", 1, &clock);
    for threads in THREADS {
        let computation = passes(|| bench.unsupervised("computation", threads, calls));
        row("computation instead of a call", threads, &computation);
    }
    for threads in THREADS {
        let computation = passes(|| bench.supervised(&server.url, "shipping", threads, calls));
        row(
            "the same, while the server stores points",
            threads,
            &computation,
        );
    }
    let clock = bench.python(&server.url, "clock", 1, 100_000);
    row("clock only, Python", 1, &clock);
    let mut medians = Vec::new();
    for (name, uri) in [
        ("log_metric, server up", &server.url),
        ("log_metric, server down", &refusing),
        ("log_metric, server never responds", &silent),
    ] {
        for threads in THREADS {
            let times = passes(|| bench.supervised(uri, "calls", threads, calls));
            row(name, threads, &times);
            medians.push((threads, quantile(&times, 0.5)));
        }
    }
    let mut python_medians = Vec::new();
    for (name, kind, count) in [
        ("Python, synchronous=True, server up", "sync", 400),
        ("Python, synchronous=False, server up", "async", 4_000),
        ("Python, MlflowClient, synchronous=False", "client", 20_000),
    ] {
        for threads in THREADS {
            let times = bench.python(&server.url, kind, threads, count);
            row(name, threads, &times);
            if kind != "sync" {
                python_medians.push((name, threads, quantile(&times, 0.5)));
            }
        }
    }
    println!(
        "\nAll durations include the clock. Targets: median at most 500, p99.99 below 5,000,000."
    );
    for (name, threads, python) in python_medians {
        let mlplots = medians.iter().find(|(count, _)| *count == threads);
        let ratio = python as f64 / mlplots.map_or(f64::NAN, |(_, median)| *median as f64);
        println!("{name}, {threads} thread(s): {ratio:.0} times mlplots (target: 300)");
    }
    drop(server);
    let seconds = bench.supervised(&refusing, "volume", 1, 1_000_000)[0] as f64 / 1e9;
    println!("1,000,000 points are journaled in {seconds:.2} s (target: 1 s)");
    bench.compare_work(&refusing);
}

impl Bench {
    /// The durations in a training under `cargo mlplots exec`, which does not wait for the
    /// shipping.
    fn supervised(&self, uri: &str, kind: &str, threads: u64, count: u64) -> Vec<u64> {
        let mut command = self.project.command(&["exec", "--progress", "off"]);
        command
            .args(["--flush-timeout", "0", "--tracking-uri", uri, "--"])
            .arg(&self.program);
        let times = self.times(&mut command, kind, threads, count);
        let _ = std::fs::remove_dir_all(self.project.path().join(".mlplots"));
        times
    }

    /// The durations in a training without a supervisor.
    fn unsupervised(&self, kind: &str, threads: u64, count: u64) -> Vec<u64> {
        self.times(&mut Command::new(&self.program), kind, threads, count)
    }

    fn python(&self, uri: &str, kind: &str, threads: u64, count: u64) -> Vec<u64> {
        let mut command = Venv::get().python();
        command
            .arg(checkout().join("tests/benches/overhead/python.py"))
            .arg(uri)
            .current_dir(self.project.path());
        self.times(&mut command, kind, threads, count)
    }

    /// Runs a command and returns the sorted durations that it measured.
    fn times(&self, command: &mut Command, kind: &str, threads: u64, count: u64) -> Vec<u64> {
        let file = self.project.path().join("times");
        let _ = std::fs::remove_file(&file);
        command
            .args([kind, &threads.to_string(), &count.to_string()])
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let status = command.status().expect("the process starts");
        // Exit code 4: the training succeeded, but not everything is shipped.
        assert!(
            matches!(status.code(), Some(0 | 4)),
            "{command:?}: {status}"
        );
        read(&file)
    }

    /// Compares a training whose server is down with the same work without logging.
    fn compare_work(&self, uri: &str) {
        let mut ratios = Vec::new();
        let (mut logged, mut unlogged) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let with = || self.supervised(uri, "logged work", 1, STEPS)[0] as f64 / 1e9;
            let without = || self.unsupervised("work", 1, STEPS)[0] as f64 / 1e9;
            // The order alternates.
            let (with, without) = if round % 2 == 0 {
                let with = with();
                (with, without())
            } else {
                let without = without();
                (with(), without)
            };
            logged.push(with);
            unlogged.push(without);
            ratios.push((with / without - 1.0) * 100.0);
        }
        println!(
            "\nA training of {STEPS} steps with one metric each while the server is down; \
             median (minimum to maximum) of {ROUNDS} rounds"
        );
        println!("with mlplots     {}", summary(&mut logged, "s"));
        println!("without logging  {}", summary(&mut unlogged, "s"));
        println!(
            "overhead         {} (target: 1 %)",
            summary(&mut ratios, "%")
        );
    }
}

/// The sorted durations of all passes.
fn passes(pass: impl Fn() -> Vec<u64>) -> Vec<u64> {
    let mut times: Vec<u64> = (0..PASSES).flat_map(|_| pass()).collect();
    times.sort_unstable();
    times
}

fn read(file: &Path) -> Vec<u64> {
    let bytes = std::fs::read(file).expect("the file with the durations");
    let words = bytes.as_chunks::<8>().0.iter();
    let mut times: Vec<u64> = words.map(|word| u64::from_le_bytes(*word)).collect();
    times.sort_unstable();
    times
}

fn row(name: &str, threads: u64, times: &[u64]) {
    let p9999 = if times.len() < 10_000 {
        "–".to_owned()
    } else {
        quantile(times, 0.9999).to_string()
    };
    println!(
        "{name:<46}{threads:>8}{:>10}{:>12}{:>12}{p9999:>14}{:>14}{:>12.0}",
        times.len(),
        quantile(times, 0.5),
        quantile(times, 0.99),
        quantile(times, 1.0),
        threads as f64 * times.len() as f64 * 1e9 / times.iter().sum::<u64>() as f64
    );
}

/// A quantile of sorted durations.
fn quantile(times: &[u64], probability: f64) -> u64 {
    let rank = (probability * times.len() as f64).ceil() as usize;
    times[rank.clamp(1, times.len()) - 1]
}

fn summary(values: &mut [f64], unit: &str) -> String {
    values.sort_by(f64::total_cmp);
    format!(
        "{:.2} {unit} ({:.2} to {:.2})",
        values[values.len() / 2],
        values[0],
        values[values.len() - 1]
    )
}
