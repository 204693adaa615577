//! Measures very large runs: `cargo bench -p mlplots-tests --bench limits -- POINTS FIGURES`.
//!
//! Prints the duration, the peak memory of the training program and the supervisor, and whether
//! MLflow has everything. The figures are small and go to a database and to a server. The points of
//! one metric go to a database. The defaults are 10,000,000 points and 10,000 figures.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use mlplots_tests::{MlflowServer, Project, child, python};

const NAME: &str = "bench-limits";

/// Prints the numbers of points, steps and figures of the newest run, and its status.
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
        program: project.release_program(),
        project,
    };
    let database = bench.project.path().join("mlflow.db");
    let uri = format!("sqlite:///{}", database.display());
    bench.measure("database", &uri, &database, figures, 0);
    bench.measure("database", &uri, &database, 0, points);
    let server = MlflowServer::start(&[]);
    let database = server.folder().join("mlflow.db");
    bench.measure("server", &server.url, &database, figures, 0);
}

struct Bench {
    project: Project,
    program: PathBuf,
}

impl Bench {
    fn measure(&self, store: &str, uri: &str, database: &Path, figures: u64, points: u64) {
        let start = Instant::now();
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
        let mut supervisor = supervisor.expect("the process starts");
        let peaks = Peaks::watch(&mut supervisor, start);
        let shipped = start.elapsed();
        assert!(supervisor.wait().is_ok_and(|status| status.success()));
        let database = database.to_str().expect("a path in UTF-8");
        let counts = python(COUNT, &[database]);
        let expected = format!("{points} {points} {figures} FINISHED");
        let result = if counts.trim() == expected {
            "complete"
        } else {
            "INCOMPLETE"
        };
        println!(
            "{store}: {figures} figures and {points} points: trained {:.1} s, shipped {:.1} s, \
             peak {} MB and {} MB in the supervisor, {result}: {}",
            peaks.trained.as_secs_f64(),
            shipped.as_secs_f64(),
            peaks.trainer / 1024,
            peaks.supervisor / 1024,
            counts.trim()
        );
    }
}

/// The peak memory of the training program and the supervisor, in kilobytes.
#[derive(Default)]
struct Peaks {
    trainer: u64,
    supervisor: u64,
    trained: Duration,
}

impl Peaks {
    /// Samples both processes until the supervisor exits.
    fn watch(supervisor: &mut Child, start: Instant) -> Self {
        let mut peaks = Self::default();
        let mut trainer = None;
        while let Ok(None) = supervisor.try_wait() {
            trainer = trainer.or_else(|| child(supervisor.id(), NAME));
            peaks.supervisor = peak(supervisor.id()).unwrap_or(peaks.supervisor);
            if let Some(kilobytes) = trainer.and_then(peak) {
                peaks.trainer = kilobytes;
                peaks.trained = start.elapsed();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        peaks
    }
}

/// The peak resident memory of a process in kilobytes. `None` if it has exited.
fn peak(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
