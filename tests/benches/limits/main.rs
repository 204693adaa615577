//! As many figures and points as one run may get:
//! `cargo bench -p mlplots-tests --bench limits -- POINTS FIGURES`.
//!
//! Seconds, peak memory of the training program and of its supervisor, and whether MLflow has them
//! all. FIGURES, small ones, go into a database and to a server; POINTS of one metric into a
//! database. POINTS is 10,000,000 without it, FIGURES 10,000.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use mlplots_tests::{MlflowServer, Project, child, python};

const NAME: &str = "bench-limits";

/// Counts the points of the newest run, its steps, the figures that lie there, and its status.
const COUNT: &str = r#"
import os, sqlite3, sys
from urllib.parse import urlparse

database = sqlite3.connect(sys.argv[1])
[run, status, root] = database.execute(
    "SELECT run_uuid, status, artifact_uri FROM runs ORDER BY start_time DESC"
).fetchone()
counted = "SELECT count(*), count(DISTINCT step) FROM metrics WHERE run_uuid = ?"
[points, steps] = database.execute(counted, (run,)).fetchone()
if root.startswith("mlflow-artifacts:"):
    root = os.path.join(os.path.dirname(sys.argv[1]), "mlartifacts", urlparse(root).path.strip("/"))
figures = os.path.join(root, "figures")
print(points, steps, len(os.listdir(figures)) if os.path.isdir(figures) else 0, status)
"#;

fn main() {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<u64>().ok());
    let points = numbers.next().unwrap_or(10_000_000);
    let figures = numbers.next().unwrap_or(10_000);
    let project = Project::new(NAME).file("src/main.rs", include_str!("training.rs"));
    let bench = Bench {
        program: project.release(),
        project,
    };
    let database = bench.project.path().join("mlflow.db");
    let uri = format!("sqlite:///{}", database.display());
    bench.one("database", &uri, &database, figures, 0);
    bench.one("database", &uri, &database, 0, points);
    let server = MlflowServer::start(&[]);
    let database = server.folder().join("mlflow.db");
    bench.one("server", &server.url, &database, figures, 0);
}

struct Bench {
    project: Project,
    program: PathBuf,
}

impl Bench {
    fn one(&self, store: &str, uri: &str, database: &Path, figures: u64, points: u64) {
        let since = Instant::now();
        let supervisor = self
            .project
            .command(&["exec", "--tracking-uri", uri, "--flush-timeout", "36000"])
            .args(["-P", &format!("figures={figures}")])
            .args(["-P", &format!("points={points}")])
            .arg("--")
            .arg(&self.program)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut supervisor = supervisor.expect("it starts");
        let peaks = Peaks::watch(&mut supervisor, since);
        let took = since.elapsed();
        assert!(supervisor.wait().is_ok_and(|status| status.success()));
        let database = database.to_str().expect("a path in UTF-8");
        let counted = python(COUNT, &[database]);
        let wanted = format!("{points} {points} {figures} FINISHED");
        let is_whole = if counted.trim() == wanted {
            "all there"
        } else {
            "NOT WHOLE"
        };
        println!(
            "{store}: {figures} figures and {points} points: trained {:.1} s, shipped {:.1} s, \
             peak {} MB and {} MB in the supervisor, {is_whole}: {}",
            peaks.trained.as_secs_f64(),
            took.as_secs_f64(),
            peaks.trainer / 1024,
            peaks.supervisor / 1024,
            counted.trim()
        );
    }
}

/// The most memory that two processes took, in kilobytes.
#[derive(Default)]
struct Peaks {
    trainer: u64,
    supervisor: u64,
    trained: Duration,
}

impl Peaks {
    /// Looks at both until the supervisor ends.
    fn watch(supervisor: &mut Child, since: Instant) -> Self {
        let mut peaks = Self::default();
        let mut trainer = None;
        while let Ok(None) = supervisor.try_wait() {
            trainer = trainer.or_else(|| child(supervisor.id(), NAME));
            peaks.supervisor = peak(supervisor.id()).unwrap_or(peaks.supervisor);
            if let Some(kilobytes) = trainer.and_then(peak) {
                peaks.trainer = kilobytes;
                peaks.trained = since.elapsed();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        peaks
    }
}

/// `VmHWM` of a process; none once it has ended.
fn peak(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
