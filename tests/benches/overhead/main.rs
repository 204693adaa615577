//! What logging a metric takes the thread that trains:
//! `cargo bench -p mlplots-tests --bench overhead`.
//!
//! A number after `--` says how many calls are timed, three times over; 2,000,000 without it.
//! MLflow's own client in Python is timed beside it on the same server, with fewer calls.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mlplots_tests::http::{nobody, silent};
use mlplots_tests::{MlflowServer, Project, Venv, checkout};

const NAME: &str = "bench-overhead";
const THREADS: [u64; 2] = [1, 8];
/// How often the calls of a line are timed; all of them count.
const PASSES: usize = 3;
const ROUNDS: usize = 5;
/// Steps of a training that takes about five seconds.
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
    let program = project.release();
    let bench = Bench { project, program };
    let server = MlflowServer::start(&[]);
    let gone = nobody();
    let (_listener, silent) = silent();

    println!("What a call takes its thread, in nanoseconds\n");
    println!(
        "{:<46}{:>8}{:>10}{:>12}{:>12}{:>14}{:>14}{:>12}",
        "", "threads", "calls", "median", "p99", "p99.99", "most", "calls/s"
    );
    let clock = passes(|| bench.alone("clock", 1, calls));
    row("the clock alone, Rust", 1, &clock);
    for threads in THREADS {
        let computation = passes(|| bench.alone("computation", threads, calls));
        row("pure computation instead of a call", threads, &computation);
    }
    for threads in THREADS {
        let computation = passes(|| bench.ours(&server.url, "shipping", threads, calls));
        row("the same, the server here at work", threads, &computation);
    }
    let clock = bench.python(&server.url, "clock", 1, 100_000);
    row("the clock alone, Python", 1, &clock);
    let mut ours = Vec::new();
    for (name, uri) in [
        ("log_metric, server up", &server.url),
        ("log_metric, server down", &gone),
        ("log_metric, server never answers", &silent),
    ] {
        for threads in THREADS {
            let times = passes(|| bench.ours(uri, "calls", threads, calls));
            row(name, threads, &times);
            ours.push((threads, at(&times, 0.5)));
        }
    }
    let mut queued = Vec::new();
    for (name, what, count) in [
        ("Python, synchronous=True, server up", "sync", 400),
        ("Python, synchronous=False, server up", "async", 4_000),
        ("Python, MlflowClient, synchronous=False", "client", 20_000),
    ] {
        for threads in THREADS {
            let times = bench.python(&server.url, what, threads, count);
            row(name, threads, &times);
            if what != "sync" {
                queued.push((name, threads, at(&times, 0.5)));
            }
        }
    }
    println!(
        "\nThe clock's time is in all of them. Aims: median at most 500, p99.99 below 5,000,000."
    );
    for (name, threads, python) in queued {
        let ours = ours.iter().find(|(ours, _)| *ours == threads);
        let times = python as f64 / ours.map_or(f64::NAN, |(_, median)| *median as f64);
        println!("{name}, {threads} thread(s): {times:.0} times ours (aim: 300)");
    }
    drop(server);
    let seconds = bench.ours(&gone, "volume", 1, 1_000_000)[0] as f64 / 1e9;
    println!("1,000,000 points are journaled in {seconds:.2} s (aim: 1 s)");
    bench.away(&gone);
}

impl Bench {
    /// Times of a training that `cargo mlplots exec` watches over. What MLflow does not have when
    /// it ends is left.
    fn ours(&self, uri: &str, what: &str, threads: u64, count: u64) -> Vec<u64> {
        let mut command = self.project.command(&["exec", "--progress", "off"]);
        command
            .args(["--flush-timeout", "0", "--tracking-uri", uri, "--"])
            .arg(&self.program);
        let times = self.times(&mut command, what, threads, count);
        let _ = std::fs::remove_dir_all(self.project.path().join(".mlplots"));
        times
    }

    /// The same without a supervisor.
    fn alone(&self, what: &str, threads: u64, count: u64) -> Vec<u64> {
        self.times(&mut Command::new(&self.program), what, threads, count)
    }

    fn python(&self, uri: &str, what: &str, threads: u64, count: u64) -> Vec<u64> {
        let mut command = Venv::get().python();
        command
            .arg(checkout().join("tests/benches/overhead/python.py"))
            .arg(uri)
            .current_dir(self.project.path());
        self.times(&mut command, what, threads, count)
    }

    /// Runs it and reads the times, sorted.
    fn times(&self, command: &mut Command, what: &str, threads: u64, count: u64) -> Vec<u64> {
        let file = self.project.path().join("times");
        let _ = std::fs::remove_file(&file);
        command
            .args([what, &threads.to_string(), &count.to_string()])
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let status = command.status().expect("it starts");
        // 4: trained, and not everything is shipped.
        assert!(
            matches!(status.code(), Some(0 | 4)),
            "{command:?}: {status}"
        );
        read(&file)
    }

    /// A training whose server is away the whole time, beside the same work without any logging.
    fn away(&self, uri: &str) {
        let mut ratios = Vec::new();
        let (mut logged, mut bare) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let with = || self.ours(uri, "logged work", 1, STEPS)[0] as f64 / 1e9;
            let without = || self.alone("work", 1, STEPS)[0] as f64 / 1e9;
            // They take turns in who is first.
            let (with, without) = if round % 2 == 0 {
                let with = with();
                (with, without())
            } else {
                let without = without();
                (with(), without)
            };
            logged.push(with);
            bare.push(without);
            ratios.push((with / without - 1.0) * 100.0);
        }
        println!(
            "\nA training of {STEPS} steps with a metric each, the server away for all of it; \
             median (least to most) of {ROUNDS} rounds"
        );
        println!("with mlplots         {}", spread(&mut logged, "s"));
        println!("without any logging  {}", spread(&mut bare, "s"));
        println!(
            "longer by            {} (aim: 1 %)",
            spread(&mut ratios, "%")
        );
    }
}

/// All times of some passes, sorted.
fn passes(pass: impl Fn() -> Vec<u64>) -> Vec<u64> {
    let mut times: Vec<u64> = (0..PASSES).flat_map(|_| pass()).collect();
    times.sort_unstable();
    times
}

fn read(file: &Path) -> Vec<u64> {
    let bytes = std::fs::read(file).expect("the times are there");
    let words = bytes.as_chunks::<8>().0.iter();
    let mut times: Vec<u64> = words.map(|word| u64::from_le_bytes(*word)).collect();
    times.sort_unstable();
    times
}

fn row(name: &str, threads: u64, times: &[u64]) {
    let rare = if times.len() < 10_000 {
        "–".to_owned()
    } else {
        at(times, 0.9999).to_string()
    };
    println!(
        "{name:<46}{threads:>8}{:>10}{:>12}{:>12}{rare:>14}{:>14}{:>12.0}",
        times.len(),
        at(times, 0.5),
        at(times, 0.99),
        at(times, 1.0),
        threads as f64 * times.len() as f64 * 1e9 / times.iter().sum::<u64>() as f64
    );
}

/// A quantile of sorted times.
fn at(times: &[u64], quantile: f64) -> u64 {
    let rank = (quantile * times.len() as f64).ceil() as usize;
    times[rank.clamp(1, times.len()) - 1]
}

fn spread(values: &mut [f64], unit: &str) -> String {
    values.sort_by(f64::total_cmp);
    format!(
        "{:.2} {unit} ({:.2} to {:.2})",
        values[values.len() / 2],
        values[0],
        values[values.len() - 1]
    )
}
