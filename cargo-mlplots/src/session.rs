//! One training, from the request to the exit code.

mod following;
mod watch;

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mlplots_journal::record::{RunUuid, Status};
use mlplots_journal::request::{Mode, Request};
use mlplots_journal::{Exit, RunDir, disk};

use crate::cli::{ProgressMode, SessionArgs, TrainingArgs};
use crate::failure::{Failure, failure};
use crate::ledger::Ledger;
use crate::outcome::Outcome;
use crate::project::Program;
use crate::resume::Resume;
use crate::settings::Settings;
use crate::ship::{Claim, Delivery, Halt, LAST_CALL, Resumption, Shipping};
use crate::supervise::{self, Stop};
use crate::view::{self, Progress, Report};
use following::{Outlived, is_without_run, outlived};
use watch::Watch;

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
    /// Trains, ships and prints the run.
    pub(crate) fn train(self) -> Result<Exit, Failure> {
        let wanted = self.args.resume.as_ref().or(self.settings.run_id.as_ref());
        let resume = wanted
            .map(|run| Resume::find(run, &self.root, &self.settings))
            .transpose()?;
        let dir = RunDir::new(&self.root, &RunUuid::new());
        let make = |why: &std::io::Error| {
            let path = dir.path().display();
            let failed = failure(format!(
                "could not create the run's directory `{path}`: {why}"
            ));
            let failed = failed.exit(Exit::Refused);
            match why.raw_os_error() {
                Some(_) => failed.help("the journal needs a directory that this user can write to"),
                // The message says what to do.
                None => failed,
            }
        };
        dir.create().map_err(|why| make(&why))?;
        let _claim = Claim::take(&dir).map_err(|why| make(&why))?;
        if let Some(resume) = &resume {
            resume.write(&dir).map_err(|why| make(&why))?;
        }
        let session = self.follow(&dir, resume.map(|resume| resume.resumption));
        if matches!(dir.has_journal(), Ok(false)) {
            // The program refused to start: there is no run.
            let _ = std::fs::remove_dir_all(dir.path());
        }
        session
    }

    fn follow(&self, dir: &RunDir, resumption: Option<Resumption>) -> Result<Exit, Failure> {
        let delivery = Delivery::new(dir.clone(), self.settings.clone())
            .and_then(|delivery| delivery.resuming(resumption))
            .map_err(|error| Failure::from(error).exit(Exit::Refused))?;
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
            .exit(Exit::Usage)
        })?;
        if is_without_run(dir, &ending) {
            if delivery.stored().is_some() || !dir.path().exists() {
                return Err(self.deleted(dir, &delivery, &stop, &shipping, &ending));
            }
            delivery.flow.abandon();
            let _ = shipping.wait(Duration::from_secs(1));
            return no_run(&ending);
        }
        let outlived = outlived(dir, &ending, &stop)?;
        if let Outlived::Left = outlived {
            delivery.flow.abandon();
            return Err(
                failure("stopped following the run, which another process writes")
                    .help(format!(
                        "`cargo mlplots sync {}` ships the rest once it has ended",
                        dir.short()
                    ))
                    .exit(Exit::Unshipped),
            );
        }
        let mut ledger = Ledger::read(dir).map_err(|why| unreadable(dir, &why))?;
        let outcome = match outlived {
            Outlived::Followed if ending.asked.is_none() => {
                Outcome::found(dir, &ledger).map_err(|why| unreadable(dir, &why))?
            }
            _ => Outcome::seen(&ending, &ledger),
        };
        ledger.settle();
        if let Err(why) = outcome.save(dir) {
            // MLflow gets the outcome nevertheless.
            let file = dir.path().display();
            view::warning(&format!(
                "the run's status cannot be written to `{file}`: {why}"
            ));
        }
        let patience = self.args.shipping.patience();
        delivery
            .flow
            .end(outcome.clone(), ledger.clone(), Instant::now() + patience);
        let halt = self.flush(&delivery, &stop, &shipping);
        let report = Report::new(dir, &delivery, ledger, outcome, halt);
        view::print_tree(&report);
        if self.args.output.json {
            view::print_json(&view::run_as_json(&report))?;
        }
        let is_its_own = matches!(outlived, Outlived::No);
        if is_its_own && report.outcome.status == Status::Finished && !ending.status.success() {
            view::warning(&format!(
                "the program failed after the run had ended: {}",
                ending.status
            ));
            return Ok(match report.exit() {
                Exit::Success => Exit::Failed,
                exit => exit,
            });
        }
        Ok(report.exit())
    }

    /// Handles a run whose directory was deleted during the training: ships the open files, and the
    /// run is FAILED.
    fn deleted(
        &self,
        dir: &RunDir,
        delivery: &Arc<Delivery>,
        stop: &Stop,
        shipping: &Shipping,
        ending: &supervise::Ending,
    ) -> Failure {
        let why = format!(
            "the run's directory `{}` was deleted while the program ran",
            dir.path().display()
        );
        let outcome = Outcome::lost(ending, &why);
        let patience = self.args.shipping.patience();
        delivery
            .flow
            .end(outcome, Ledger::default(), Instant::now() + patience);
        let _ = self.flush(delivery, stop, shipping);
        failure(format!("the run is FAILED: {why}")).help(
            "keep `.mlplots` until the training has ended; data that MLflow does not have is lost",
        )
    }

    /// Waits until everything is shipped, the deadline passes, or the user interrupts.
    fn flush(&self, delivery: &Arc<Delivery>, stop: &Stop, shipping: &Shipping) -> Option<Halt> {
        let since = Instant::now();
        let times = stop.times();
        let mut told = self.args.output.progress == ProgressMode::Off;
        let mut patience = self.args.shipping.patience() + LAST_CALL;
        loop {
            let seen = stop.events();
            if let Some(shipped) = shipping.wait(Duration::ZERO) {
                return shipped.err();
            }
            if since.elapsed() > patience {
                return Some(delivery.give_up());
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

/// The request, from the command line.
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

/// The program with its request in a file, in the environment of `cargo run`. A variable could not
/// hold long arguments.
pub(crate) fn command(
    program: &Program,
    request: &Request,
    file: &Path,
) -> Result<Command, Failure> {
    serde_json::to_vec(request)
        .map_err(std::io::Error::from)
        // It is not read after a power failure, and needs no sync.
        .and_then(|json| disk::create_new(file)?.write_all(&json))
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

/// Handles a program that ended without a run.
fn no_run(ending: &supervise::Ending) -> Result<Exit, Failure> {
    match ending.status.code() {
        // It has printed the reason.
        Some(code) if code == i32::from(Exit::Refused.code()) => Ok(Exit::Refused),
        Some(code) => Err(failure(format!(
            "the program exited with code {code} and began no run"
        ))
        .help("its `main` is `mlplots::main!();`, or it calls `mlplots::Run::start`")
        .exit(Exit::Refused)),
        None => {
            Err(failure(format!("the program began no run ({})", ending.status)).exit(Exit::Failed))
        }
    }
}
