//! The `main` function of training programs: it reads the request, checks it, trains and ends the run.

mod params;
mod preflight;

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use mlplots_journal::names::{check_experiment_name, check_run_name};
use mlplots_journal::record::{Open, Record, RunUuid};
use mlplots_journal::request::{Mode, Request, Resumed};
use mlplots_journal::{Entry, Exit, Reader, RunDir, disk, workspace_root};

use crate::error::Error;
use crate::registry::{Train, listing, plots, trains};
use crate::run::{Beginning, Run, caught, program};
use crate::stderr::print;
use preflight::{Complaint, Plan};

/// The program's `main`.
pub fn main() -> ExitCode {
    let (request, mut supervised) = match request() {
        Ok(request) => request,
        Err(error) => {
            print(format_args!("error: {error:#}"));
            return Exit::Refused.into();
        }
    };
    if request.mode == Mode::List {
        return list().into();
    }
    let resumed = match resumed(&request) {
        Ok(resumed) => resumed,
        Err(error) => {
            print(format_args!("error: {error:#}"));
            return Exit::Refused.into();
        }
    };
    let plan = match preflight::plan(&request, &resumed, &trains(), &plots()) {
        Ok(plan) => plan,
        Err(complaints) => return refuse(&complaints),
    };
    if request.mode == Mode::Check {
        return Exit::Success.into();
    }
    let (train, params) = (plan.train, plan.params.clone());
    let given = request.run_dir.clone();
    let run = beginning(request, resumed, Some(plan)).and_then(Run::begin);
    let mut run = match run {
        Ok(run) => run,
        Err(error) => {
            let help = Some("the journal needs a directory that this user can write to".to_owned());
            return refuse(&[Complaint {
                error: format!("{error:#}"),
                help,
            }]);
        }
    };
    supervised &= given.as_deref() == Some(run.dir());
    if let Some(params) = &params {
        run.log_params(params.flatten());
    }
    let result = caught(true, || (train.run)(&run, params)).flatten();
    let ended = run.end(result);
    if !supervised {
        journaled(&run, ended.as_ref().err());
    }
    if ended.is_ok() {
        Exit::Success.into()
    } else {
        Exit::Failed.into()
    }
}

/// Prints the registry as one line of JSON.
fn list() -> Exit {
    let printed = serde_json::to_string(&listing())
        .map_err(Into::into)
        .and_then(|json| writeln!(stdout(), "\n{json}"));
    match printed {
        Ok(()) => Exit::Success,
        Err(why) => {
            print(format_args!("error: the registry cannot be listed: {why}"));
            Exit::Refused
        }
    }
}

impl Run {
    /// Begins a run of `experiment` in a program without `#[train]`. Registered plots are drawn from
    /// the values that it [provides](Run::provide).
    ///
    /// A run that is dropped without [`finish`](Run::finish), by `?` or a panic, is FAILED.
    ///
    /// Under `cargo mlplots list` and `cargo mlplots check` the program exits here and does not train.
    ///
    /// # Errors
    /// `.mlplots/` at the workspace root cannot be written to, MLflow does not allow the name of the
    /// experiment or run, or the request of `cargo mlplots` cannot be used.
    ///
    /// ```no_run
    /// fn main() -> Result<(), mlplots::Error> {
    ///     let run = mlplots::Run::start("Apple demand")?;
    ///     run.log_metric("rmse", 51.2);
    ///     run.finish()
    /// }
    /// ```
    pub fn start(experiment: &str) -> Result<Self, Error> {
        let (mut request, _) = request()?;
        if request.mode == Mode::List {
            std::process::exit(list().code().into());
        }
        if let Some((key, _)) = request.params.first() {
            return Err(Error::new(format!(
                "`-P {key}`: this program has no `#[train]` function that takes params"
            )));
        }
        let experiment = request
            .experiment
            .get_or_insert_with(|| experiment.to_owned());
        check_experiment_name(experiment).map_err(Error::new)?;
        let run_name = request.run_name.as_deref();
        run_name
            .map_or(Ok(()), check_run_name)
            .map_err(Error::new)?;
        if request.mode == Mode::Check {
            std::process::exit(0);
        }
        let resumed = resumed(&request)?;
        Run::begin(beginning(request, resumed, None)?)
    }
}

/// The request, and whether it is from a supervisor. Child processes of the program inherit the
/// variable, but the supervisor follows one run: each further program begins a run of its own.
fn request() -> Result<(Request, bool), Error> {
    let alone = (Request::default(), false);
    let Some(path) = std::env::var_os(Request::VARIABLE).map(PathBuf::from) else {
        return Ok(alone);
    };
    let request: Request = match disk::read(&path) {
        Ok(None) => {
            return Err(Error::new(format!(
                "the request `{}`, which the variable {} names, does not exist any more; unset the \
                 variable to begin a new run",
                path.display(),
                Request::VARIABLE
            )));
        }
        Ok(Some(bytes)) => serde_json::from_slice(&bytes).map_err(|why| {
            Error::new(format!(
                "the request `{}` does not fit this version of mlplots: {why}; use a cargo-mlplots \
                 of the same version",
                path.display()
            ))
        })?,
        Err(why) => {
            return Err(Error::new(format!(
                "the request `{}`, which the variable {} names, cannot be read: {why}",
                path.display(),
                Request::VARIABLE
            )));
        }
    };
    let Some(dir) = run_dir(&request)? else {
        return Ok((request, true));
    };
    match first_record(&dir) {
        None => Ok((request, true)),
        // The same program was started several times, as by MPI: the request is for each of them.
        Some(open) if open.program == program() => {
            let of_its_own = Request {
                run_dir: None,
                ..request
            };
            Ok((of_its_own, false))
        }
        Some(_) => Ok(alone),
    }
}

/// The first record of the run in a directory, if another process has begun it.
fn first_record(dir: &RunDir) -> Option<Box<Open>> {
    let mut reader = Reader::open(&dir.journal(), 0).ok()?;
    match reader.next_entry() {
        Ok(Some(Entry::Record(Record::Open(open)))) => Some(open),
        _ => None,
    }
}

/// The run that is resumed, if there is one.
fn resumed(request: &Request) -> Result<Resumed, Error> {
    let Some(dir) = run_dir(request)? else {
        return Ok(Resumed::default());
    };
    let path = dir.resumed();
    let resumed = disk::read(&path).and_then(|bytes| match bytes {
        Some(bytes) => Ok(serde_json::from_slice(&bytes)?),
        None => Ok(Resumed::default()),
    });
    resumed.map_err(|why| Error::with_source(format!("`{}` cannot be used", path.display()), why))
}

/// The run's directory, if the supervisor created one.
fn run_dir(request: &Request) -> Result<Option<RunDir>, Error> {
    let dir = request.run_dir.as_ref().map(RunDir::at).transpose();
    dir.map_err(|why| Error::new(format!("`{}`: {why}", Request::VARIABLE)))
}

fn beginning(request: Request, resumed: Resumed, plan: Option<Plan>) -> Result<Beginning, Error> {
    let train = plan.as_ref().map(|plan| plan.train);
    let (plots, skipped) = match plan {
        Some(plan) => (plan.plots, plan.skipped),
        None => preflight::select(&request, plots()),
    };
    let dir = run_dir(&request)?.unwrap_or_else(|| {
        let from = std::env::var_os("CARGO_MANIFEST_DIR").map(Into::into);
        let from = from
            .or_else(|| std::env::current_dir().ok())
            .unwrap_or_default();
        RunDir::new(&workspace_root(&from), &RunUuid::new())
    });
    Ok(Beginning {
        dir,
        experiment: request
            .experiment
            .or_else(|| train?.experiment.map(str::to_owned)),
        run_name: request.run_name,
        train: train.map(Train::entry),
        tags: request.tags.into_iter().collect(),
        resumed,
        plots,
        skipped,
    })
}

fn refuse(complaints: &[Complaint]) -> ExitCode {
    for complaint in complaints {
        print(format_args!("error: {}", complaint.error));
        if let Some(help) = &complaint.help {
            print(format_args!("  help: {help}"));
        }
    }
    Exit::Refused.into()
}

/// Prints where the run is, after plain `cargo run`.
fn journaled(run: &Run, error: Option<&Error>) {
    if let Some(error) = error {
        print(format_args!("error: the run failed: {error:#}"));
    }
    print(format_args!(
        "journaled: the run is in `{}`",
        run.dir().display()
    ));
    print(format_args!(
        "  help: `cargo mlplots sync` ships it to MLflow"
    ));
}
