//! Compares the complete job of the tutorial with the same job in Python, on one MLflow server:
//! `cargo bench -p apple-sales --bench job`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use apple_sales::sales::{Day, Sales};
use mlplots_tests::{MlflowServer, StoredRun, Venv, cache_dir, checkout, clean_env, read, target};
use serde_json::Value;

const ROUNDS: usize = 5;

/// Wall time, and the peak memory of the process with its descendants.
#[derive(Clone, Copy)]
struct Measured {
    seconds: f64,
    peak_mb: f64,
}

fn main() {
    let data = cache_dir("job");
    write_data(&data);
    let server = MlflowServer::start(&[]);
    build_release();
    let python = || {
        let script = checkout().join("examples/apple-sales/benches/job.py");
        let mut command = Venv::get().python();
        command.arg(script).arg(&server.url).arg(&data);
        command
    };
    let mlplots = |arguments: &[&str]| {
        let mut command = Command::new(program("cargo-mlplots"));
        clean_env(&mut command);
        command
            .arg("mlplots")
            .args(arguments)
            .current_dir(checkout())
            .env("CARGO_TARGET_DIR", target())
            .env("MLFLOW_TRACKING_URI", &server.url);
        command
    };
    let apple_sales = program("apple-sales");
    let exec = || mlplots(&["exec", "--", &apple_sales]);
    let run = || mlplots(&["run", "--package", "apple-sales", "--release"]);
    let sides: [(&str, &dyn Fn() -> Command); 3] = [
        ("cargo mlplots exec", &exec),
        ("cargo mlplots run, already built", &run),
        ("Python", &python),
    ];
    let mut rounds = sides.map(|_| Vec::new());
    for round in 0..=ROUNDS {
        for (index, (_, command)) in sides.iter().enumerate() {
            let measured = measure(&mut command());
            // The first round fills caches.
            if round > 0 {
                rounds[index].push(measured);
            }
        }
    }
    println!(
        "Complete job on one MLflow server: median (minimum to maximum) of {ROUNDS} alternating rounds\n"
    );
    println!("{:<34}{:>24}{:>24}", "", "seconds", "peak memory (MB)");
    let summary = |index: usize, value: fn(&Measured) -> f64| -> [f64; 3] {
        let mut values: Vec<f64> = rounds[index].iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        [values[ROUNDS / 2], values[0], values[ROUNDS - 1]]
    };
    let seconds = |index| summary(index, |measured| measured.seconds);
    let memory = |index| summary(index, |measured| measured.peak_mb);
    for (index, (name, _)) in sides.iter().enumerate() {
        let [median, min, max] = seconds(index);
        let time = format!("{median:.2} ({min:.2} to {max:.2})");
        let [median, min, max] = memory(index);
        let peak = format!("{median:.0} ({min:.0} to {max:.0})");
        println!("{name:<34}{time:>24}{peak:>24}");
    }
    for (index, (name, _)) in sides[..2].iter().enumerate() {
        println!(
            "Python / {name}: {:.1} times the time, {:.1} times the memory",
            seconds(2)[0] / seconds(index)[0],
            memory(2)[0] / memory(index)[0],
        );
    }
    println!(
        "\nPeak memory: resident memory of the process and all its descendants, sampled every \
         2 ms. Shared memory counts once per process."
    );
    let runs = read(&server.url);
    assert_eq!(
        runs.len(),
        sides.len() * (ROUNDS + 1),
        "each job logged one run"
    );
    let first = Logged::of(&runs[0]);
    for run in &runs {
        let logged = Logged::of(run);
        assert_eq!(first.params, logged.params, "all runs have the same params");
        assert_eq!(
            first.figures, logged.figures,
            "all runs have the same figures"
        );
        assert!(first.metrics.keys().eq(logged.metrics.keys()), "{logged:?}");
        for (one, other) in first.metrics.values().zip(logged.metrics.values()) {
            assert!((one - other).abs() <= 1e-6 * one.abs(), "{logged:?}");
        }
        assert_eq!(logged.models, 1, "each run has one model");
    }
    println!(
        "All {} runs have the same params, {} equal metrics (to 6 digits), {} figures and one model.",
        runs.len(),
        first.metrics.len(),
        first.figures.len(),
    );
}

/// The content of a run that must be equal on both sides, so that the comparison is fair.
#[derive(Debug)]
struct Logged<'r> {
    params: &'r Value,
    metrics: BTreeMap<&'r str, f64>,
    figures: BTreeSet<&'r str>,
    models: usize,
}

impl<'r> Logged<'r> {
    fn of(run: &'r StoredRun) -> Self {
        let metrics = run.0["metrics"].as_object().into_iter().flatten();
        let mut figures = run.artifacts();
        figures.retain(|path| Path::new(path).extension().is_some_and(|end| end == "png"));
        Self {
            params: &run.0["params"],
            metrics: metrics
                .map(|(key, _)| (key.as_str(), run.metric(key).expect("a number")))
                .collect(),
            figures: figures.into_iter().collect(),
            models: run.0["models"].as_array().map_or(0, Vec::len),
        }
    }
}

/// Builds the measured programs with optimizations.
fn build_release() {
    let mut build = Command::new(env!("CARGO"));
    clean_env(&mut build);
    let status = build
        .args([
            "build",
            "--release",
            "--quiet",
            "-p",
            "apple-sales",
            "-p",
            "cargo-mlplots",
        ])
        .current_dir(checkout())
        .env("CARGO_TARGET_DIR", target())
        .status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "the release build failed"
    );
}

fn program(name: &str) -> String {
    target().join("release").join(name).display().to_string()
}

fn measure(command: &mut Command) -> Measured {
    let start = Instant::now();
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the process starts");
    let mut peak_mb = 0.0_f64;
    let status = loop {
        peak_mb = peak_mb.max(memory_mb(&child));
        if let Some(status) = child.try_wait().expect("the status of the process") {
            break status;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    assert!(status.success(), "{command:?} failed");
    Measured {
        seconds: start.elapsed().as_secs_f64(),
        peak_mb,
    }
}

/// Resident memory of a process and all its descendants.
fn memory_mb(child: &Child) -> f64 {
    let mut pids = vec![child.id()];
    let mut pages = 0_u64;
    while let Some(pid) = pids.pop() {
        let read =
            |file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
        pages += read("statm")
            .split_whitespace()
            .nth(1)
            .and_then(|pages| pages.parse::<u64>().ok())
            .unwrap_or(0);
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task"));
        for task in tasks.into_iter().flatten().flatten() {
            let children = std::fs::read_to_string(task.path().join("children"));
            let children = children.unwrap_or_default();
            pids.extend(
                children
                    .split_whitespace()
                    .filter_map(|pid| pid.parse::<u32>().ok()),
            );
        }
    }
    pages as f64 * 4096.0 / 1e6
}

/// Writes the data that the Python script reads.
fn write_data(folder: &Path) {
    let sales = Sales::generate(10_000, 9999);
    let (train, test) = sales.split(0.2, 0);
    let header = format!("{},demand\n", Day::FEATURES.join(","));
    let row = |day: &Day| {
        let mut line = String::new();
        for feature in day.features() {
            let _ = write!(line, "{feature},");
        }
        line + &day.demand.to_string() + "\n"
    };
    let rows = |days: &[Day]| header.clone() + &days.iter().map(row).collect::<String>();
    let dated_rows = sales
        .days
        .iter()
        .map(|day| format!("{},{}", day.date, row(day)));
    for (name, text) in [
        ("train.csv", rows(&train)),
        ("test.csv", rows(&test)),
        (
            "sales.csv",
            format!("date,{header}{}", dated_rows.collect::<String>()),
        ),
    ] {
        std::fs::write(folder.join(name), text).expect("the file is written");
    }
}
