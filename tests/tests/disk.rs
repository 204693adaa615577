//! Disks that are full, forbidden or gone while a training runs: it goes on or says why it cannot,
//! MLflow has what was journaled before, and no run is short and silent about it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mlplots_tests::{Finished, MlflowServer, Project, Read, only, program, trainer};
use rustix::process::{Pid, Resource, Rlimit, prlimit};

const PROGRAM: &str = "disk";
/// Whoever hits a limit is told by an error, as by a full disk, and not by a signal.
const TOLD: [&str; 3] = ["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""];

/// A training that has logged a part and waits, in a folder of its own.
struct Training {
    folder: Project,
    supervisor: Child,
    uri: String,
}

impl Training {
    /// Starts it as arguments of a program that becomes its supervisor, and waits until MLflow has
    /// the first points.
    fn start(through: &[&str], server: Option<&MlflowServer>) -> Self {
        let folder = Project::new(PROGRAM);
        let database = folder.database();
        let uri = server.map_or(database, |server| server.url.clone());
        let mut command = through_which(through, &exec(&folder, &uri));
        let supervisor = command.spawn().expect("it starts");
        let mut training = Self {
            folder,
            supervisor,
            uri,
        };
        let since = Instant::now();
        while !training.folder.path().join("ready").exists() || training.points() < 1000 {
            let ended = training.supervisor.try_wait().expect("it can be asked");
            assert!(
                ended.is_none() && since.elapsed() < Duration::from_mins(2),
                "{ended:?}"
            );
            std::thread::sleep(Duration::from_millis(100));
        }
        training
    }

    /// How many points the supervisor has noted as shipped, by their bytes.
    fn points(&self) -> u64 {
        let dir = self.folder.runs().pop().unwrap_or_default();
        let cursor = fs::read(dir.join("cursor.json")).unwrap_or_default();
        let cursor: serde_json::Value = serde_json::from_slice(&cursor).unwrap_or_default();
        cursor["tracking"].as_u64().unwrap_or(0) / 100
    }

    fn program(&self) -> u32 {
        trainer(self.supervisor.id(), PROGRAM)
    }

    /// Lets it go on to its end.
    fn finish(self) -> (Project, Finished, Read) {
        self.folder.write("go on", "");
        let finished = self.supervisor.wait_with_output().expect("it ends").into();
        let run = only(&self.uri);
        (self.folder, finished, run)
    }
}

/// From now on no file of a process may grow beyond this.
fn limit(pid: u32, bytes: u64) {
    let pid = Pid::from_raw(pid as i32);
    let limit = Rlimit {
        current: Some(bytes),
        maximum: Some(bytes),
    };
    prlimit(pid, Resource::Fsize, limit).expect("a process of ours can be limited");
}

fn exec(folder: &Project, uri: &str) -> Command {
    let mut command =
        folder.command(&["exec", "--tracking-uri", uri, "--flush-timeout", "20", "--"]);
    command.arg(program(PROGRAM, SOURCE));
    command
}

/// A command as the arguments of another program.
fn through_which(through: &[&str], command: &Command) -> Command {
    let words = through.iter().map(std::ffi::OsStr::new);
    let mut words = words
        .chain([command.get_program()])
        .chain(command.get_args());
    let mut other = Command::new(words.next().expect("a program"));
    other
        .args(words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    other.current_dir(command.get_current_dir().expect("it has one"));
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => other.env(name, value),
            None => other.env_remove(name),
        };
    }
    other
}

/// Words before which a program has no power over files that others may not write to.
fn powerless() -> &'static [&'static str] {
    if rustix::process::getuid().is_root() {
        // Debian has it always; in a container without it: `apt-get install -y util-linux`.
        &[
            "setpriv",
            "--bounding-set=-dac_override,-dac_read_search",
            "--inh-caps=-all",
        ]
    } else {
        &["env"]
    }
}

/// How many points there are, the first ones without a gap.
fn first_points(run: &Read) -> usize {
    let steps = run.steps("loss");
    assert_eq!(steps, (0..steps.len() as i64).collect::<Vec<_>>());
    steps.len()
}

fn says(text: &str, words: &[&str]) {
    for words in words {
        assert!(text.contains(words), "{words:?} is not in:\n{text}");
    }
}

#[test]
fn a_journal_that_may_not_grow_is_a_problem_of_the_run() {
    let training = Training::start(&TOLD, None);
    limit(training.program(), 300_000);
    let (folder, finished, run) = training.finish();
    assert_eq!(finished.code, 1, "{}", finished.text());
    let words = [
        "the journal `",
        "could not be written, and what was logged is lost: File too large",
    ];
    says(&finished.stderr, &words);
    says(&finished.stdout, &["the training goes on"]);
    assert_eq!(run.status(), "FAILED");
    says(run.tag("mlplots.reason"), &words);
    says(run.tag("mlplots.problems"), &words);
    // The room that there is, is used but for a part that a journal does not take singly.
    assert!((2300..20_000).contains(&first_points(&run)));
    assert!(run.sha256("early.txt").is_some());
    let synced = folder.mlplots(&["sync"]);
    says(&synced.stderr, &["nothing is left to ship"]);
}

#[test]
fn a_limit_that_kills_is_named() {
    let training = Training::start(&["env"], None);
    limit(training.program(), 300_000);
    let (_, finished, run) = training.finish();
    assert_eq!(finished.code, 1, "{}", finished.text());
    assert_eq!(run.status(), "FAILED");
    assert_eq!(
        run.tag("mlplots.reason"),
        "the program was killed by SIGXFSZ"
    );
    assert!((1000..20_000).contains(&first_points(&run)));
}

#[test]
fn a_supervisor_without_room_tells_mlflow_and_is_completed_later() {
    let server = MlflowServer::start(&["--workers", "1"]);
    let training = Training::start(&TOLD, Some(&server));
    limit(training.supervisor.id(), 0);
    let (folder, finished, run) = training.finish();
    assert_eq!(finished.code, 4, "{}", finished.text());
    says(
        &finished.stderr,
        &["how the run ended cannot be noted in `", "File too large"],
    );
    assert_eq!(run.status(), "FAILED", "not whole, it says so");
    says(
        run.tag("mlplots.reason"),
        &["not everything is shipped", "File too large"],
    );
    assert_eq!(first_points(&run), 20_000);
    completed(&folder, &server.url);
}

#[test]
fn a_folder_that_becomes_forbidden_costs_no_point() {
    let training = Training::start(powerless(), None);
    let dir = training.folder.run_dir();
    let allow = |mode| {
        for folder in [&dir, &dir.join("artifacts")] {
            fs::set_permissions(folder, Permissions::from_mode(mode)).expect("it is ours");
        }
    };
    allow(0o500);
    let uri = training.uri.clone();
    let (folder, finished, run) = training.finish();
    allow(0o700);
    assert_eq!(finished.code, 4, "{}", finished.text());
    says(
        &finished.stdout,
        &[
            "could not store the artifact `late.txt`",
            "Permission denied",
        ],
    );
    assert_eq!(run.status(), "FAILED", "not whole, it says so");
    says(
        run.tag("mlplots.reason"),
        &["not everything is shipped", "Permission denied"],
    );
    assert_eq!(first_points(&run), 20_000);
    completed(&folder, &uri);
}

/// Once there is room again, the rest is shipped.
fn completed(folder: &Project, uri: &str) {
    let synced = folder.mlplots(&["sync", "--tracking-uri", uri]);
    assert_eq!(synced.code, 0, "{}", synced.text());
    let run = only(uri);
    assert_eq!(run.status(), "FINISHED");
    assert_eq!(first_points(&run), 20_000);
    assert!(run.sha256("early.txt").is_some());
}

#[test]
fn a_folder_that_is_forbidden_from_the_start_is_refused_before_the_training() {
    let folder = Project::new(PROGRAM);
    fs::set_permissions(folder.path(), Permissions::from_mode(0o500)).expect("it is ours");
    let output = through_which(powerless(), &exec(&folder, "sqlite:///mlflow.db")).output();
    let finished: Finished = output.expect("it starts").into();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).expect("it is ours");
    assert_eq!(finished.code, 3, "{}", finished.text());
    says(
        &finished.stderr,
        &[
            "error: could not make the run's folder `",
            "Permission denied",
            "help: the journal needs a folder that can be written to",
        ],
    );
    assert!(!folder.path().join("ready").exists());
}

#[test]
fn a_journal_that_is_deleted_is_no_silent_end() {
    let training = Training::start(&["env"], None);
    fs::remove_dir_all(training.folder.path().join(".mlplots")).expect("it is there");
    let (_, finished, run) = training.finish();
    assert_eq!(finished.code, 1, "{}", finished.text());
    says(
        &finished.stderr,
        &[
            "warning: the journal `",
            "` was deleted while the run wrote to it",
            "error: the run is FAILED: the run's folder `",
            "help: `.mlplots` must stay until the training has ended",
        ],
    );
    says(
        &finished.stdout,
        &["could not store the artifact `late.txt`"],
    );
    assert_eq!(run.status(), "FAILED");
    says(
        run.tag("mlplots.reason"),
        &["the run's folder `", "` was deleted while the program ran"],
    );
    // Who has it open can still read it.
    assert_eq!(first_points(&run), 20_000);
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
    if let Err(why) = run.log_text("late", "late.txt") {
        println!("{why:#}");
    }
    println!("the training goes on");
    Ok(())
}

fn points(run: &Run, steps: std::ops::Range<u32>) {
    for step in steps {
        run.log_metric_at("loss", 1.0 / f64::from(step + 1), step);
    }
}

mlplots::main!();
"#;
