//! Disks that become full, read-only or empty while a training runs. The training continues, MLflow
//! gets everything that was journaled before, and an incomplete run is always reported as FAILED.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mlplots_tests::{Finished, MlflowServer, Project, StoredRun, only, program, trainer};
use rustix::process::{Pid, Resource, Rlimit, prlimit};

const PROGRAM: &str = "disk";
/// Ignores SIGXFSZ, so that a write beyond the file size limit fails with an error, as on a full
/// disk.
const IGNORE_XFSZ: [&str; 3] = ["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""];

/// A training that has logged its first points and waits for the file `go on`.
struct Training {
    folder: Project,
    supervisor: Child,
    uri: String,
}

impl Training {
    /// Starts the supervisor through another command and waits until MLflow has the first points.
    fn start(wrapper: &[&str], server: Option<&MlflowServer>) -> Self {
        let folder = Project::new(PROGRAM);
        let database = folder.database();
        let uri = server.map_or(database, |server| server.url.clone());
        let mut command = wrap(wrapper, &exec(&folder, &uri));
        let supervisor = command.spawn().expect("the process starts");
        let mut training = Self {
            folder,
            supervisor,
            uri,
        };
        let start = Instant::now();
        while !training.folder.path().join("ready").exists() || training.points() < 1000 {
            let status = training.supervisor.try_wait();
            let status = status.expect("the status of the supervisor");
            assert!(
                status.is_none() && start.elapsed() < Duration::from_mins(2),
                "{status:?}"
            );
            std::thread::sleep(Duration::from_millis(100));
        }
        training
    }

    /// The number of shipped points, estimated from the journal offset in the cursor.
    fn points(&self) -> u64 {
        let dir = self.folder.runs().pop().unwrap_or_default();
        let cursor = fs::read(dir.join("cursor.json")).unwrap_or_default();
        let cursor: serde_json::Value = serde_json::from_slice(&cursor).unwrap_or_default();
        cursor["tracking"].as_u64().unwrap_or(0) / 100
    }

    fn program(&self) -> u32 {
        trainer(self.supervisor.id(), PROGRAM)
    }

    /// Lets the training continue, and waits until the supervisor exits.
    fn finish(self) -> (Project, Finished, StoredRun) {
        self.folder.write("go on", "");
        let finished = self
            .supervisor
            .wait_with_output()
            .expect("the process exits")
            .into();
        let run = only(&self.uri);
        (self.folder, finished, run)
    }
}

/// Sets the file size limit of a process.
fn limit(pid: u32, bytes: u64) {
    let pid = Pid::from_raw(pid as i32);
    let limit = Rlimit {
        current: Some(bytes),
        maximum: Some(bytes),
    };
    prlimit(pid, Resource::Fsize, limit).expect("the limit is set");
}

fn exec(folder: &Project, uri: &str) -> Command {
    let mut command =
        folder.command(&["exec", "--tracking-uri", uri, "--flush-timeout", "20", "--"]);
    command.arg(program(PROGRAM, SOURCE));
    command
}

/// A command that executes `command` through `wrapper`.
fn wrap(wrapper: &[&str], command: &Command) -> Command {
    let arguments = wrapper.iter().map(std::ffi::OsStr::new);
    let mut arguments = arguments
        .chain([command.get_program()])
        .chain(command.get_args());
    let mut result = Command::new(arguments.next().expect("a program"));
    result
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    result.current_dir(command.get_current_dir().expect("a working directory"));
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => result.env(name, value),
            None => result.env_remove(name),
        };
    }
    result
}

/// A wrapper that removes the capabilities with which root bypasses file permissions.
fn without_capabilities() -> &'static [&'static str] {
    if rustix::process::getuid().is_root() {
        // `setpriv` is part of Debian's package `util-linux`.
        &[
            "setpriv",
            "--bounding-set=-dac_override,-dac_read_search",
            "--inh-caps=-all",
        ]
    } else {
        &["env"]
    }
}

/// The number of points. Checks that they have no gap.
fn count_points(run: &StoredRun) -> usize {
    let steps = run.steps("loss");
    assert_eq!(steps, (0..steps.len() as i64).collect::<Vec<_>>());
    steps.len()
}

fn assert_contains(text: &str, expected: &[&str]) {
    for part in expected {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

#[test]
fn a_journal_that_cannot_grow_fails_the_run() {
    let training = Training::start(&IGNORE_XFSZ, None);
    limit(training.program(), 300_000);
    let (folder, finished, run) = training.finish();
    assert_eq!(finished.code, 1, "{}", finished.text());
    let expected = [
        "the journal `",
        "could not be written, and what was logged is lost: File too large",
    ];
    assert_contains(&finished.stderr, &expected);
    assert_contains(&finished.stdout, &["the training continues"]);
    assert_eq!(run.status(), "FAILED");
    assert_contains(run.tag("mlplots.reason"), &expected);
    assert_contains(run.tag("mlplots.problems"), &expected);
    // The journal grows in blocks, so it does not use the limit completely.
    assert!((2300..20_000).contains(&count_points(&run)));
    assert!(run.sha256("early.txt").is_some());
    let synced = folder.mlplots(&["sync"]);
    assert_contains(&synced.stderr, &["nothing is left to ship"]);
}

#[test]
fn a_file_size_limit_that_kills_the_program_is_reported() {
    let training = Training::start(&["env"], None);
    limit(training.program(), 300_000);
    let (_, finished, run) = training.finish();
    assert_eq!(finished.code, 1, "{}", finished.text());
    assert_eq!(run.status(), "FAILED");
    assert_eq!(
        run.tag("mlplots.reason"),
        "the program was killed by SIGXFSZ"
    );
    assert!((1000..20_000).contains(&count_points(&run)));
}

#[test]
fn a_supervisor_that_cannot_write_fails_the_run_and_sync_completes_it() {
    let server = MlflowServer::start(&["--workers", "1"]);
    let training = Training::start(&IGNORE_XFSZ, Some(&server));
    limit(training.supervisor.id(), 0);
    let (folder, finished, run) = training.finish();
    assert_eq!(finished.code, 4, "{}", finished.text());
    assert_contains(
        &finished.stderr,
        &["the run's status cannot be written to `", "File too large"],
    );
    assert_eq!(run.status(), "FAILED", "an incomplete run is FAILED");
    assert_contains(
        run.tag("mlplots.reason"),
        &["not everything is shipped", "File too large"],
    );
    assert_eq!(count_points(&run), 20_000);
    assert_sync_completes(&folder, &server.url);
}

#[test]
fn a_folder_that_becomes_read_only_loses_no_point() {
    let training = Training::start(without_capabilities(), None);
    let dir = training.folder.run_dir();
    let set_mode = |mode| {
        for folder in [&dir, &dir.join("artifacts")] {
            fs::set_permissions(folder, Permissions::from_mode(mode)).expect("the mode is set");
        }
    };
    set_mode(0o500);
    let uri = training.uri.clone();
    let (folder, finished, run) = training.finish();
    set_mode(0o700);
    assert_eq!(finished.code, 4, "{}", finished.text());
    assert_contains(
        &finished.stdout,
        &[
            "could not store the artifact `late.txt`",
            "Permission denied",
        ],
    );
    assert_eq!(run.status(), "FAILED", "an incomplete run is FAILED");
    assert_contains(
        run.tag("mlplots.reason"),
        &["not everything is shipped", "Permission denied"],
    );
    assert_eq!(count_points(&run), 20_000);
    assert_sync_completes(&folder, &uri);
}

/// Checks that a sync without the limit ships the rest.
fn assert_sync_completes(folder: &Project, uri: &str) {
    let synced = folder.mlplots(&["sync", "--tracking-uri", uri]);
    assert_eq!(synced.code, 0, "{}", synced.text());
    let run = only(uri);
    assert_eq!(run.status(), "FINISHED");
    assert_eq!(count_points(&run), 20_000);
    assert!(run.sha256("early.txt").is_some());
}

#[test]
fn a_read_only_folder_is_reported_before_the_training() {
    let folder = Project::new(PROGRAM);
    fs::set_permissions(folder.path(), Permissions::from_mode(0o500)).expect("the mode is set");
    let output = wrap(
        without_capabilities(),
        &exec(&folder, "sqlite:///mlflow.db"),
    )
    .output();
    let finished: Finished = output.expect("the process starts").into();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).expect("the mode is set");
    assert_eq!(finished.code, 3, "{}", finished.text());
    assert_contains(
        &finished.stderr,
        &[
            "error: could not create the run's directory `",
            "Permission denied",
            "help: the journal needs a directory that this user can write to",
        ],
    );
    assert!(!folder.path().join("ready").exists());
}

#[test]
fn a_deleted_journal_is_reported_and_fails_the_run() {
    let training = Training::start(&["env"], None);
    fs::remove_dir_all(training.folder.path().join(".mlplots")).expect("the folder is removed");
    let (_, finished, run) = training.finish();
    assert_eq!(finished.code, 1, "{}", finished.text());
    assert_contains(
        &finished.stderr,
        &[
            "warning: the journal `",
            "` was deleted while the run wrote to it",
            "error: the run is FAILED: the run's directory `",
            "help: keep `.mlplots` until the training has ended",
        ],
    );
    assert_contains(
        &finished.stdout,
        &["could not store the artifact `late.txt`"],
    );
    assert_eq!(run.status(), "FAILED");
    assert_contains(
        run.tag("mlplots.reason"),
        &[
            "the run's directory `",
            "` was deleted while the program ran",
        ],
    );
    // The supervisor has the file open, so it can still read it.
    assert_eq!(count_points(&run), 20_000);
}

const SOURCE: &str = r#"
use mlplots::prelude::*;

#[train(experiment = "Disks")]
fn train(run: &Run) -> Result<(), mlplots::Error> {
    points(run, 0..1200);
    run.log_text("early", "early.txt")?;
    std::fs::write("ready", "").expect("a file");
    while !std::path::Path::new("go on").exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    points(run, 1200..20_000);
    if let Err(error) = run.log_text("late", "late.txt") {
        println!("{error:#}");
    }
    println!("the training continues");
    Ok(())
}

fn points(run: &Run, steps: std::ops::Range<u32>) {
    for step in steps {
        run.log_metric_at("loss", 1.0 / f64::from(step + 1), step);
    }
}

mlplots::main!();
"#;
