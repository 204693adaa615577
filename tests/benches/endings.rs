//! However a training ends, what does MLflow say? `cargo bench -p mlplots-tests --bench endings`.
//!
//! Each training logs its points and then ends in one of many ways: once with mlplots, and once in
//! Python with MLflow's own client, `with mlflow.start_run()`, on the same server.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use mlplots_tests::{
    Hanging, MlflowServer, Project, Read, Venv, built, checkout, gone, moved, read, sample, signal,
    silent, trainer,
};

const NAME: &str = "bench-endings";
const POINTS: usize = 50;

/// What ends a training.
#[derive(Clone, Copy)]
enum By {
    /// Its own doing, after the shell that becomes it has taken limits on.
    Itself(&'static str, &'static str),
    /// The same in a control group with 1 GB of memory.
    OutOfMemory,
    /// A panic of a program that aborts on panic.
    PanicAbort,
    /// Signals to who has been started: the supervisor, or Python.
    Signals(&'static [&'static str]),
    /// SIGKILL of the program.
    Kill,
    /// `--timeout`, and `timeout` for Python, which sends SIGTERM.
    Timeout,
    /// SIGKILL of the supervisor; the training goes on, and is synced.
    Unwatched,
    /// SIGKILL of the supervisor and the program; then a sync.
    KillBoth,
    /// The same, and the journal is of a start of the machine before this one.
    MachineGone,
}

const ENDINGS: [(&str, By); 21] = [
    ("return Ok", By::Itself("ok", "")),
    ("return Err", By::Itself("error", "")),
    ("panic", By::Itself("panic", "")),
    ("panic = \"abort\"", By::PanicAbort),
    ("exit(0)", By::Itself("exit", "")),
    ("exit(1)", By::Itself("exit1", "")),
    ("abort", By::Itself("abort", "")),
    ("stack overflow", By::Itself("overflow", "")),
    ("memory refused", By::Itself("memory", "ulimit -v 2000000")),
    ("out-of-memory kill", By::OutOfMemory),
    ("exit(1), child left behind", By::Itself("orphan", "")),
    ("SIGINT", By::Signals(&["-INT"])),
    ("SIGINT twice", By::Signals(&["-INT", "-INT"])),
    ("SIGTERM", By::Signals(&["-TERM"])),
    ("SIGHUP", By::Signals(&["-HUP"])),
    ("SIGQUIT", By::Signals(&["-QUIT"])),
    ("SIGKILL", By::Kill),
    ("timeout", By::Timeout),
    ("supervisor SIGKILLed, sync", By::Unwatched),
    ("both SIGKILLed, sync", By::KillBoth),
    ("machine restarted, sync", By::MachineGone),
];

struct Bench {
    server: MlflowServer,
    folder: Project,
    program: &'static Path,
    aborting: PathBuf,
    /// Enters the control group; none where the machine does not let us make one.
    group: Option<Group>,
}

fn main() {
    let aborting = sample("bench-aborting");
    let build = aborting.cargo(&["rustc", "--quiet", "--", "-C", "panic=abort"]);
    assert_eq!(build.code, 0, "{}", build.text());
    let bench = Bench {
        server: MlflowServer::start(&["--workers", "1"]),
        folder: Project::new(NAME),
        program: built(NAME),
        aborting: aborting.program(),
        group: Group::make(),
    };
    for (name, by) in ENDINGS {
        bench.ours(name, by);
        bench.python(name, by);
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
            run.map_or_else(|| "no run".to_owned(), verdict),
            run.map_or_else(String::new, |run| {
                format!("{} of {POINTS}", run.steps("loss").len())
            }),
            find("Python", name).map_or("–", Read::status).to_owned(),
        ]);
    }
    print(&table);
    for (experiment, whose) in [("Sample", "mlplots"), ("Python", "MLflow's Python client")] {
        let all = runs
            .iter()
            .filter(|run| run.text("experiment") == experiment);
        let open = all.clone().filter(|run| run.status() == "RUNNING").count();
        println!(
            "{whose}: {open} of {} ended trainings are RUNNING",
            all.count()
        );
    }
    if bench.group.is_none() {
        println!("This machine lets us make no control group: no real out-of-memory kill.");
    }
}

impl Bench {
    /// The words of `cargo mlplots exec` for a run of this name.
    fn options<'a>(&'a self, name: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let mut options = vec!["--progress", "off", "--run-name", name];
        options.extend(["--tracking-uri", &self.server.url]);
        options.extend(more);
        options
    }

    fn ours(&self, name: &str, by: By) {
        let hanging = |more: &[&str]| {
            let options = [&["-P", "steps=50"], more].concat();
            Hanging::start(
                &self.folder,
                self.program,
                &self.options(name, &options),
                "",
            )
        };
        match by {
            By::Itself(ending, before) => self.itself(name, self.program, ending, before),
            By::PanicAbort => self.itself(name, &self.aborting, "panic", ""),
            By::OutOfMemory => {
                if let Some(group) = &self.group {
                    self.itself(name, self.program, "memory", &group.enter());
                }
            }
            By::Signals(signals) => {
                let training = hanging(&[]);
                for name in signals {
                    signal(name, training.supervisor());
                }
                training.finish();
            }
            By::Kill => {
                let training = hanging(&[]);
                signal("-KILL", training.program);
                training.finish();
            }
            By::Timeout => {
                hanging(&["--timeout", "3"]).finish();
            }
            By::Unwatched => {
                let more = ["-P", "steps=50", "-P", "millis=40"];
                let mut supervisor = self
                    .folder
                    .command(&["exec"])
                    .args(self.options(name, &more))
                    .arg("--")
                    .arg(self.program)
                    .stdout(Stdio::null())
                    .spawn()
                    .expect("it starts");
                let program = trainer(supervisor.id(), NAME);
                std::thread::sleep(Duration::from_millis(500));
                supervisor.kill().expect("it can be killed");
                supervisor.wait().expect("it ends");
                gone(program);
                self.sync();
            }
            By::KillBoth | By::MachineGone => {
                let training = hanging(&[]);
                signal("-KILL", training.supervisor());
                signal("-KILL", training.program);
                gone(training.program);
                training.finish();
                if matches!(by, By::MachineGone) {
                    let run = self.newest();
                    moved(&run, None);
                    silent(&run, Duration::from_mins(2));
                }
                self.sync();
            }
        }
    }

    fn itself(&self, name: &str, program: &Path, ending: &str, before: &str) {
        let ending = format!("ending={ending}");
        let more = ["-P", "steps=50", "-P", &ending, "--"];
        let mut command = self.folder.command(&["exec"]);
        command
            .args(self.options(name, &more))
            .args(["sh", "-c", &shell(before)])
            .arg(program);
        quiet(&mut command);
    }

    /// The folder of the newest run.
    fn newest(&self) -> PathBuf {
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

    fn python(&self, name: &str, by: By) {
        match by {
            By::Itself(ending, before) => quiet(&mut self.script(name, ending, before)),
            By::OutOfMemory => {
                if let Some(group) = &self.group {
                    quiet(&mut self.script(name, "memory", &group.enter()));
                }
            }
            By::Signals(signals) => self.ended(name, signals),
            By::Kill | By::KillBoth | By::MachineGone => self.ended(name, &["-KILL"]),
            By::Timeout => self.ended(name, &["-TERM"]),
            // Python has neither.
            By::PanicAbort | By::Unwatched => {}
        }
    }

    /// A Python training that hangs, until these signals arrive.
    fn ended(&self, name: &str, signals: &[&str]) {
        let ready = self.ready();
        let _ = std::fs::remove_file(&ready);
        let mut process = self.script(name, "hang", "").spawn().expect("it starts");
        while !ready.exists() {
            assert!(matches!(process.try_wait(), Ok(None)), "it hangs");
            std::thread::sleep(Duration::from_millis(20));
        }
        signals.iter().for_each(|name| signal(name, process.id()));
        process.wait().expect("it ends");
    }

    fn script(&self, name: &str, ending: &str, before: &str) -> Command {
        let mut command = Venv::get().python();
        let python = command.get_program().to_owned();
        // Python becomes the shell, which becomes Python again: the environment stays as it is.
        let become_shell = "import os, sys; os.execvp('sh', ['sh', '-c', *sys.argv[1:]])";
        command
            .args(["-c", become_shell, &shell(before)])
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
    /// Makes one; none where the machine does not allow it.
    fn make() -> Option<Self> {
        let root = Path::new("/sys/fs/cgroup");
        let (above, limit) = if root.join("memory").is_dir() {
            (root.join("memory"), "memory.limit_in_bytes")
        } else {
            (root.to_path_buf(), "memory.max")
        };
        let folder = above.join(format!("mlplots-endings-{}", std::process::id()));
        std::fs::create_dir(&folder).ok()?;
        let group = Self { folder };
        std::fs::write(group.folder.join(limit), "1000000000").ok()?;
        Some(group)
    }

    /// What a shell types to enter it.
    fn enter(&self) -> String {
        format!("echo $$ > {}/cgroup.procs", self.folder.display())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.folder);
    }
}

/// A shell that does this and becomes what its further words name.
fn shell(before: &str) -> String {
    format!("{before}\nexec \"$0\" \"$@\"")
}

/// Runs to the end; nobody waits for those who keep the streams open.
fn quiet(command: &mut Command) {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.expect("it starts");
}

fn verdict(run: &Read) -> String {
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
