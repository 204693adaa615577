//! Prints the status in MLflow for each way in which a training can end:
//! `cargo bench -p mlplots-tests --bench endings`.
//!
//! Each training logs its points and then ends in one of these ways, once with mlplots and once in
//! Python with `with mlflow.start_run()`, on the same server.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use mlplots_tests::{
    Hanging, MlflowServer, Project, StoredRun, Venv, change_host, checkout, read, sample,
    sample_program, set_heartbeat_age, signal, trainer, wait_for_exit,
};

const NAME: &str = "bench-endings";
const POINTS: usize = 50;

/// The cause of the end of a training.
#[derive(Clone, Copy)]
enum Cause {
    /// The training itself. The first value is the ending, the second one shell commands that run
    /// before the program, for example to set limits.
    Itself(&'static str, &'static str),
    /// An allocation of 2 GB in a control group with 1 GB of memory.
    OutOfMemory,
    /// A panic of a program with `panic = "abort"`.
    PanicAbort,
    /// Signals to the supervisor, or to Python.
    Signals(&'static [&'static str]),
    /// SIGKILL of the training program.
    Kill,
    /// `--timeout`, or SIGTERM for Python.
    Timeout,
    /// SIGKILL of the supervisor. The training continues; then a sync.
    SupervisorKilled,
    /// SIGKILL of the supervisor and the program; then a sync.
    BothKilled,
    /// Like `BothKilled`, with a journal of an earlier boot of the machine.
    MachineRestarted,
}

const ENDINGS: [(&str, Cause); 21] = [
    ("return Ok", Cause::Itself("ok", "")),
    ("return Err", Cause::Itself("error", "")),
    ("panic", Cause::Itself("panic", "")),
    ("panic = \"abort\"", Cause::PanicAbort),
    ("exit(0)", Cause::Itself("exit", "")),
    ("exit(1)", Cause::Itself("exit1", "")),
    ("abort", Cause::Itself("abort", "")),
    ("stack overflow", Cause::Itself("overflow", "")),
    (
        "memory refused",
        Cause::Itself("memory", "ulimit -v 2000000"),
    ),
    ("out-of-memory kill", Cause::OutOfMemory),
    ("exit(1), child left behind", Cause::Itself("orphan", "")),
    ("SIGINT", Cause::Signals(&["-INT"])),
    ("SIGINT twice", Cause::Signals(&["-INT", "-INT"])),
    ("SIGTERM", Cause::Signals(&["-TERM"])),
    ("SIGHUP", Cause::Signals(&["-HUP"])),
    ("SIGQUIT", Cause::Signals(&["-QUIT"])),
    ("SIGKILL", Cause::Kill),
    ("timeout", Cause::Timeout),
    ("supervisor SIGKILLed, sync", Cause::SupervisorKilled),
    ("both SIGKILLed, sync", Cause::BothKilled),
    ("machine restarted, sync", Cause::MachineRestarted),
];

struct Bench {
    server: MlflowServer,
    folder: Project,
    program: &'static Path,
    aborting: PathBuf,
    /// `None` if the process cannot create a control group.
    group: Option<Group>,
}

fn main() {
    let aborting = sample("bench-aborting");
    let build = aborting.cargo(&["rustc", "--quiet", "--", "-C", "panic=abort"]);
    assert_eq!(build.code, 0, "{}", build.text());
    let bench = Bench {
        server: MlflowServer::start(&["--workers", "1"]),
        folder: Project::new(NAME),
        program: sample_program(NAME),
        aborting: aborting.program(),
        group: Group::create(),
    };
    for (name, cause) in ENDINGS {
        bench.run_mlplots(name, cause);
        bench.run_python(name, cause);
    }
    let runs = read(&bench.server.url);
    let find = |experiment: &str, name: &str| {
        runs.iter()
            .find(|run| run.text("experiment") == experiment && run.text("name") == name)
    };
    let mut table =
        vec![["ending", "mlplots", "points", "MLflow's Python client"].map(String::from)];
    for (name, _) in ENDINGS {
        let run = find("Sample", name);
        table.push([
            name.to_owned(),
            run.map_or_else(|| "no run".to_owned(), status_with_reason),
            run.map_or_else(String::new, |run| {
                format!("{} of {POINTS}", run.steps("loss").len())
            }),
            find("Python", name)
                .map_or("–", StoredRun::status)
                .to_owned(),
        ]);
    }
    print(&table);
    for (experiment, client) in [("Sample", "mlplots"), ("Python", "MLflow's Python client")] {
        let all = runs
            .iter()
            .filter(|run| run.text("experiment") == experiment);
        let open = all.clone().filter(|run| run.status() == "RUNNING").count();
        println!(
            "{client}: {open} of {} ended trainings are RUNNING",
            all.count()
        );
    }
    if bench.group.is_none() {
        println!("No out-of-memory kill: the process cannot create a control group.");
    }
}

impl Bench {
    /// The options of `cargo mlplots exec` for a run with this name.
    fn options<'a>(&'a self, name: &'a str, extra: &[&'a str]) -> Vec<&'a str> {
        let mut options = vec!["--progress", "off", "--run-name", name];
        options.extend(["--tracking-uri", &self.server.url]);
        options.extend(extra);
        options
    }

    fn run_mlplots(&self, name: &str, cause: Cause) {
        let hanging = |extra: &[&str]| {
            let options = [&["-P", "steps=50"], extra].concat();
            Hanging::start(
                &self.folder,
                self.program,
                &self.options(name, &options),
                "",
            )
        };
        match cause {
            Cause::Itself(ending, before) => self.exec(name, self.program, ending, before),
            Cause::PanicAbort => self.exec(name, &self.aborting, "panic", ""),
            Cause::OutOfMemory => {
                if let Some(group) = &self.group {
                    self.exec(name, self.program, "memory", &group.enter());
                }
            }
            Cause::Signals(signals) => {
                let training = hanging(&[]);
                for name in signals {
                    signal(name, training.supervisor());
                }
                training.finish();
            }
            Cause::Kill => {
                let training = hanging(&[]);
                signal("-KILL", training.program);
                training.finish();
            }
            Cause::Timeout => {
                hanging(&["--timeout", "3"]).finish();
            }
            Cause::SupervisorKilled => {
                let params = ["-P", "steps=50", "-P", "millis=40"];
                let mut supervisor = self
                    .folder
                    .command(&["exec"])
                    .args(self.options(name, &params))
                    .arg("--")
                    .arg(self.program)
                    .stdout(Stdio::null())
                    .spawn()
                    .expect("the process starts");
                let program = trainer(supervisor.id(), NAME);
                std::thread::sleep(Duration::from_millis(500));
                supervisor.kill().expect("the process can be killed");
                supervisor.wait().expect("the process exits");
                wait_for_exit(program);
                self.sync();
            }
            Cause::BothKilled | Cause::MachineRestarted => {
                let training = hanging(&[]);
                signal("-KILL", training.supervisor());
                signal("-KILL", training.program);
                wait_for_exit(training.program);
                training.finish();
                if matches!(cause, Cause::MachineRestarted) {
                    let run = self.newest_run();
                    change_host(&run, None);
                    set_heartbeat_age(&run, Duration::from_mins(2));
                }
                self.sync();
            }
        }
    }

    fn exec(&self, name: &str, program: &Path, ending: &str, before: &str) {
        let ending = format!("ending={ending}");
        let params = ["-P", "steps=50", "-P", &ending, "--"];
        let mut command = self.folder.command(&["exec"]);
        command
            .args(self.options(name, &params))
            .args(["sh", "-c", &shell(before)])
            .arg(program);
        run_silently(&mut command);
    }

    /// The folder of the newest run.
    fn newest_run(&self) -> PathBuf {
        let runs = self.folder.path().join(".mlplots").join("runs");
        let entries = std::fs::read_dir(runs).expect("the runs");
        let folders = entries.map(|entry| entry.expect("a run").path());
        folders.max().expect("a run")
    }

    fn sync(&self) {
        let sync = ["sync", "--tracking-uri", &self.server.url];
        let sync = self.folder.mlplots(&sync);
        assert_eq!(sync.code, 0, "{}", sync.text());
    }

    fn run_python(&self, name: &str, cause: Cause) {
        match cause {
            Cause::Itself(ending, before) => run_silently(&mut self.script(name, ending, before)),
            Cause::OutOfMemory => {
                if let Some(group) = &self.group {
                    run_silently(&mut self.script(name, "memory", &group.enter()));
                }
            }
            Cause::Signals(signals) => self.signal_python(name, signals),
            Cause::Kill | Cause::BothKilled | Cause::MachineRestarted => {
                self.signal_python(name, &["-KILL"]);
            }
            Cause::Timeout => self.signal_python(name, &["-TERM"]),
            // These causes do not exist in Python.
            Cause::PanicAbort | Cause::SupervisorKilled => {}
        }
    }

    /// Starts a Python training that hangs, and sends it these signals.
    fn signal_python(&self, name: &str, signals: &[&str]) {
        let ready = self.ready();
        let _ = std::fs::remove_file(&ready);
        let mut process = self
            .script(name, "hang", "")
            .spawn()
            .expect("the process starts");
        while !ready.exists() {
            assert!(
                matches!(process.try_wait(), Ok(None)),
                "the training does not hang"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        signals.iter().for_each(|name| signal(name, process.id()));
        process.wait().expect("the process exits");
    }

    fn script(&self, name: &str, ending: &str, before: &str) -> Command {
        let mut command = Venv::get().python();
        let python = command.get_program().to_owned();
        // The shell runs `before` and then replaces itself with Python. Python starts the shell, so
        // that `Venv` prepares the environment.
        let exec_shell = "import os, sys; os.execvp('sh', ['sh', '-c', *sys.argv[1:]])";
        command
            .args(["-c", exec_shell, &shell(before)])
            .arg(python)
            .arg(checkout().join("tests/benches/endings.py"))
            .args([&self.server.url, name, ending, &POINTS.to_string()])
            .arg(self.ready())
            .current_dir(self.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn ready(&self) -> PathBuf {
        self.folder.path().join("python-hangs")
    }
}

/// A control group with 1 GB of memory.
struct Group {
    folder: PathBuf,
}

impl Group {
    /// Creates a control group. Returns `None` if the process may not.
    fn create() -> Option<Self> {
        let root = Path::new("/sys/fs/cgroup");
        let (parent, limit) = if root.join("memory").is_dir() {
            (root.join("memory"), "memory.limit_in_bytes")
        } else {
            (root.to_path_buf(), "memory.max")
        };
        let folder = parent.join(format!("mlplots-endings-{}", std::process::id()));
        std::fs::create_dir(&folder).ok()?;
        let group = Self { folder };
        std::fs::write(group.folder.join(limit), "1000000000").ok()?;
        Some(group)
    }

    /// The shell command that moves the shell into the control group.
    fn enter(&self) -> String {
        format!("echo $$ > {}/cgroup.procs", self.folder.display())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.folder);
    }
}

/// A shell script that runs these commands and then replaces itself with its arguments.
fn shell(before: &str) -> String {
    format!("{before}\nexec \"$0\" \"$@\"")
}

/// Runs a command without output. Child processes that keep the streams open do not delay it.
fn run_silently(command: &mut Command) {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.expect("the process starts");
}

fn status_with_reason(run: &StoredRun) -> String {
    match run.tag("mlplots.reason") {
        "" => run.status().to_owned(),
        reason => format!("{}: {reason}", run.status()),
    }
}

fn print(table: &[[String; 4]]) {
    let width = |column: usize| {
        let cells = table.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths = [0, 1, 2, 3].map(width);
    for row in table {
        let cells: Vec<_> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        println!("{}", cells.join("  ").trim_end());
    }
}
