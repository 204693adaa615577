//! One training from its start to its last shipped record.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use mlplots::journal::{RunDir, create_new};
use mlplots::record::{Mode, Request, RunUuid};

use crate::cli::{ProgressMode, SessionArgs, TrainingArgs};
use crate::failure::{Failure, failure};
use crate::ledger::Ledger;
use crate::outcome::Outcome;
use crate::project::Program;
use crate::resume::Resumption;
use crate::settings::Settings;
use crate::ship::{Claim, Delivery, Halt, Shipping, has_writer};
use crate::supervise::{self, Stop};
use crate::view::{self, Meter, Progress, Report};

/// Exit code of a run that is not wholly in MLflow.
const UNSHIPPED: u8 = 4;
/// After so long without a heartbeat nobody writes to a journal that is still locked.
const SILENCE: Duration = Duration::from_millis(2500);

/// Exit code of a program that preflight refused.
pub(crate) const REFUSED: u8 = 3;

pub(crate) struct Session {
    /// The workspace root.
    pub(crate) root: PathBuf,
    pub(crate) program: Program,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) train: Option<String>,
    pub(crate) settings: Settings,
    pub(crate) args: SessionArgs,
}

impl Session {
    /// Trains, ships and tells; returns the exit code.
    pub(crate) fn train(self) -> Result<u8, Failure> {
        let wanted = self.args.resume.as_ref().or(self.settings.run_id.as_ref());
        let resumption = wanted
            .map(|run| Resumption::find(run, &self.root, &self.settings))
            .transpose()?;
        let dir = RunDir::new(&self.root, &RunUuid::new());
        let make = |why: &std::io::Error| {
            let path = dir.path().display();
            let failed = failure(format!("could not make the run's folder `{path}`: {why}"));
            let failed = failed.code(REFUSED);
            match why.raw_os_error() {
                Some(_) => failed.help("the journal needs a folder that can be written to"),
                // It says itself what to do.
                None => failed,
            }
        };
        dir.create().map_err(|why| make(&why))?;
        let _claim = Claim::take(&dir).map_err(|why| make(&why))?;
        if let Some(resumption) = &resumption {
            resumption.tell(&dir).map_err(|why| make(&why))?;
        }
        let session = self.follow(&dir, resumption.as_ref());
        if !dir.journal().exists() {
            // Refused before it began: there is no run.
            let _ = std::fs::remove_dir_all(dir.path());
        }
        session
    }

    fn follow(&self, dir: &RunDir, resumption: Option<&Resumption>) -> Result<u8, Failure> {
        let delivery = Delivery::new(dir.clone(), self.settings.clone())
            .and_then(|delivery| delivery.resuming(resumption))
            .map_err(|error| Failure::from(error).code(REFUSED))?;
        let delivery = Arc::new(delivery);
        let stop =
            Stop::listen().map_err(|why| failure(format!("cannot listen to signals: {why}")))?;
        let mut command = self.command(dir)?;
        let wake = stop.clone();
        let shipping = delivery.start(move || wake.wake());
        let progress = Progress::show(
            self.args.output.progress,
            Arc::new(Watch::new(&delivery, self.args.output.progress)),
        );
        let ending = supervise::run(&mut command, &stop, self.args.timeout);
        drop(progress);
        let ending = ending.map_err(|why| {
            delivery.flow.abandon();
            failure(format!(
                "could not start `{}`: {why}",
                self.program.path.display()
            ))
            .code(2)
        })?;
        if !dir.journal().exists() {
            if delivery.stored().is_some() || !dir.path().exists() {
                return Err(self.deleted(dir, &delivery, &stop, &shipping, &ending));
            }
            delivery.flow.abandon();
            let _ = shipping.wait(Duration::from_secs(1));
            return no_run(&ending);
        }
        let outlived = outlived(dir, &stop)?;
        if let Outlived::Left = outlived {
            delivery.flow.abandon();
            return Err(
                failure("stopped following the run, which another process writes")
                    .help(format!(
                        "`cargo mlplots sync {}` ships the rest once it has ended",
                        dir.short()
                    ))
                    .code(UNSHIPPED),
            );
        }
        let mut ledger = Ledger::read(dir).map_err(|why| unreadable(dir, &why))?;
        let outcome = match outlived {
            Outlived::Followed => {
                Outcome::found(dir, &ledger).map_err(|why| unreadable(dir, &why))?
            }
            _ => Outcome::seen(&ending, &ledger),
        };
        ledger.settle();
        if let Err(why) = outcome.save(dir) {
            // MLflow is told it all the same.
            let file = dir.path().display();
            view::warning(&format!(
                "how the run ended cannot be noted in `{file}`: {why}"
            ));
        }
        let patience = Duration::from_secs(self.args.shipping.flush_timeout);
        delivery
            .flow
            .end(outcome.clone(), ledger.clone(), Instant::now() + patience);
        let halt = self.flush(&delivery, &stop, &shipping);
        let report = Report::new(dir, &delivery, ledger, outcome, halt);
        view::print_tree(&report);
        if self.args.output.json {
            view::print(view::run_as_json(&report))?;
        }
        Ok(report.code())
    }

    /// Somebody deleted the run while it ran: what is open of it is shipped, and MLflow is told.
    fn deleted(
        &self,
        dir: &RunDir,
        delivery: &Delivery,
        stop: &Stop,
        shipping: &Shipping,
        ending: &supervise::Ending,
    ) -> Failure {
        let why = format!(
            "the run's folder `{}` was deleted while the program ran",
            dir.path().display()
        );
        let outcome = Outcome::lost(ending, &why);
        let patience = Duration::from_secs(self.args.shipping.flush_timeout);
        delivery
            .flow
            .end(outcome, Ledger::default(), Instant::now() + patience);
        let _ = self.flush(delivery, stop, shipping);
        failure(format!("the run is FAILED: {why}"))
            .help("`.mlplots` must stay until the training has ended; what MLflow does not have is lost")
            .code(1)
    }

    /// Waits until everything is shipped, the time is over, or a person is tired of it.
    fn flush(&self, delivery: &Delivery, stop: &Stop, shipping: &Shipping) -> Option<Halt> {
        let since = Instant::now();
        let times = stop.times();
        let mut told = self.args.output.progress == ProgressMode::Off;
        // A call to a server that never answers cannot be broken off; it is left behind instead.
        let mut patience =
            Duration::from_secs(self.args.shipping.flush_timeout) + Duration::from_secs(1);
        loop {
            let seen = stop.events();
            if let Some(shipped) = shipping.wait(Duration::ZERO) {
                return shipped.err();
            }
            if since.elapsed() > patience {
                return Some(Halt::GivenUp(delivery.progress.failing()));
            }
            stop.sleep_unless(seen, Duration::from_millis(250));
            if stop.times() > times {
                delivery.flow.abandon();
                patience = patience.min(since.elapsed() + Duration::from_secs(1));
            }
            if !told && since.elapsed() > Duration::from_secs(1) {
                told = true;
                view::status(
                    "Shipping",
                    &format!(
                        "to {}; Ctrl-C leaves the rest to `cargo mlplots sync`",
                        delivery.uri()
                    ),
                );
            }
        }
    }

    fn command(&self, dir: &RunDir) -> Result<Command, Failure> {
        let run_dir = std::path::absolute(dir.path()).map_err(|why| unreadable(dir, &why))?;
        let mut request = request(Mode::Run, self.train.as_deref(), &self.args.training);
        request.run_dir = Some(run_dir);
        let mut command = command(&self.program, &request, &dir.request())?;
        command.args(&self.arguments);
        Ok(command)
    }
}

/// Follows a run that another process writes than the one that was started, such as a wrapper's
/// child in the background, until that has ended.
fn outlived(dir: &RunDir, stop: &Stop) -> Result<Outlived, Failure> {
    let is_closed = || Ledger::read(dir).map(|ledger| ledger.close.is_some());
    if !has_writer(dir) || is_closed().map_err(|why| unreadable(dir, &why))? {
        return Ok(Outlived::No);
    }
    let mut followed = Outlived::No;
    let times = stop.times();
    // A process that was forked from the program may hold the lock and write nothing: only the
    // program itself shows every second that it lives.
    let mut last = (heartbeat(dir), Instant::now());
    while has_writer(dir) && last.1.elapsed() < SILENCE {
        stop.sleep_unless(stop.events(), Duration::from_millis(100));
        if stop.times() > times {
            return Ok(Outlived::Left);
        }
        let beat = heartbeat(dir);
        if beat != last.0 {
            if let Outlived::No = followed {
                view::status("Following", "the run goes on in another process");
            }
            followed = Outlived::Followed;
            last = (beat, Instant::now());
        }
    }
    Ok(followed)
}

/// Whether a process other than the one that was started writes the run.
enum Outlived {
    /// None does.
    No,
    /// One did, and has ended.
    Followed,
    /// One does, and a user does not want to wait for it.
    Left,
}

fn heartbeat(dir: &RunDir) -> Option<SystemTime> {
    dir.heartbeat().symlink_metadata().ok()?.modified().ok()
}

/// What the program is asked, as far as the command line says it.
pub(crate) fn request(mode: Mode, train: Option<&str>, training: &TrainingArgs) -> Request {
    Request {
        mode,
        run_dir: None,
        train: train.map(str::to_owned),
        params: training.params.clone(),
        only: training.only.clone(),
        skip: training.skip.clone(),
        experiment: training.experiment.clone(),
        run_name: training.run_name.clone(),
        tags: training.tags.iter().cloned().collect(),
    }
}

/// The program with its request in this file, started as `cargo run` would. Arguments may be longer
/// than an environment holds.
pub(crate) fn command(
    program: &Program,
    request: &Request,
    file: &Path,
) -> Result<Command, Failure> {
    serde_json::to_vec(request)
        .map_err(std::io::Error::from)
        // Nobody reads it after a power cut: it need not be brought to disk.
        .and_then(|json| create_new(file)?.write_all(&json))
        .map_err(|why| {
            failure(format!(
                "the arguments cannot be written to `{}`: {why}",
                file.display()
            ))
        })?;
    let mut command = program.environment.command(&program.path);
    command.env(Request::VARIABLE, file);
    Ok(command)
}

fn unreadable(dir: &RunDir, why: &std::io::Error) -> Failure {
    failure(format!(
        "the journal in `{}` cannot be used: {why}",
        dir.path().display()
    ))
}

/// The program ended and never began a run.
fn no_run(ending: &supervise::Ending) -> Result<u8, Failure> {
    match ending.status.code() {
        // It has said why.
        Some(code) if code == i32::from(REFUSED) => Ok(REFUSED),
        Some(code) => Err(failure(format!(
            "the program exited with code {code} and began no run"
        ))
        .help("its `main` is `mlplots::main!();`, or it calls `mlplots::Run::start`")
        .code(REFUSED)),
        None => Err(failure(format!("the program began no run ({})", ending.status)).code(1)),
    }
}

/// The delivery, as the progress line tells it.
struct Watch {
    delivery: Arc<Delivery>,
    told: AtomicBool,
    quiet: bool,
}

impl Watch {
    fn new(delivery: &Arc<Delivery>, mode: ProgressMode) -> Self {
        Self {
            delivery: Arc::clone(delivery),
            told: AtomicBool::new(false),
            quiet: mode == ProgressMode::Off,
        }
    }
}

impl Meter for Watch {
    fn line(&self) -> String {
        let progress = &self.delivery.progress;
        let counted = |count: &AtomicU64, one: &str, more: &str| {
            let count = count.load(Ordering::Relaxed);
            format!("{count} {}", if count == 1 { one } else { more })
        };
        let points = counted(&progress.points, "metric point", "metric points");
        let files = counted(&progress.files, "file", "files");
        let state = if progress.failing().is_some() {
            "MLflow does not answer, journaled"
        } else {
            "shipped"
        };
        format!("· {points}, {files} {state}")
    }

    fn news(&self) -> Option<(String, Option<String>)> {
        let error = self.delivery.progress.failing()?;
        if self.quiet || self.told.swap(true, Ordering::Relaxed) {
            return None;
        }
        Some((
            format!("{error}; the training goes on, and everything is journaled"),
            error.help,
        ))
    }
}
