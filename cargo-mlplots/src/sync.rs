//! `cargo mlplots sync`: ship what MLflow does not have yet, any number of times.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mlplots::journal::{Reader, RunDir};

use crate::cli::SyncArgs;
use crate::failure::{Failure, failure};
use crate::outcome::Outcome;
use crate::project::root;
use crate::settings::Settings;
use crate::ship::store::Concern;
use crate::ship::{Claim, Cursor, Delivery, Halt, Life, goes_there, life, quote};
use crate::view::{self, Report};

pub(crate) fn sync(args: &SyncArgs) -> Result<u8, Failure> {
    let root = root(&args.place)?;
    let patience = Duration::from_secs(args.shipping.flush_timeout);
    let settings = Settings::resolve(args.shipping.tracking_uri.as_ref(), None, &root)?;
    let settings = settings.within(patience);
    let mut code = 0;
    let mut shipped = 0;
    let mut left_out = 0;
    let mut last_halt = None;
    for dir in chosen(&root, &args.runs)? {
        if Cursor::load(&dir).complete || !dir.journal().exists() {
            continue;
        }
        if let Some(why) = lives(&dir, !args.runs.is_empty()) {
            view::status("Skipping", &format!("{}: {why}", dir.uuid()));
            left_out += 1;
            continue;
        }
        if is_empty(&dir) {
            continue;
        }
        let _claim = match Claim::take(&dir) {
            Ok(claim) => claim,
            Err(why) => {
                view::status("Skipping", &format!("{}: {why}", dir.uuid()));
                left_out += 1;
                continue;
            }
        };
        // Another may have shipped it while this one waited for the claim.
        if Cursor::load(&dir).complete {
            continue;
        }
        let report = match ship(&dir, args, settings.clone()) {
            Ok(report) => report,
            Err(failure) => {
                // It is this run's alone.
                view::error(&failure.message);
                failure.help.iter().for_each(|help| view::help(help));
                code = 4;
                continue;
            }
        };
        view::print_tree(&report);
        if args.output.json {
            view::print_json(&report);
        }
        if report.halt.is_some() {
            code = 4;
        } else {
            shipped += 1;
        }
        last_halt = report.halt;
        if let Some(Halt::GivenUp(Some(error))) = &last_halt
            && error.concerns == Concern::Nobody
        {
            // The next run would wait as long.
            break;
        }
    }
    if left_out > 0 && !args.runs.is_empty() {
        // Asked for by name, it is not shipped yet.
        code = 4;
    }
    if shipped + left_out == 0 && last_halt.is_none() && code == 0 {
        view::status("Synced", "MLflow has every run of this workspace");
    }
    Ok(code)
}

/// Why a run is not over, if it is not. A run that is named is meant, if it may be over.
fn lives(dir: &RunDir, named: bool) -> Option<String> {
    match life(dir) {
        Life::Over => None,
        Life::Silent(_) if named => None,
        Life::Alive => Some("it is still running".to_owned()),
        Life::Elsewhere(beat) => Some(format!("it is still running {beat}")),
        Life::Silent(beat) => Some(format!(
            "it was running {beat}; `cargo mlplots sync {}` ships it if it is dead",
            dir.short()
        )),
    }
}

/// Whether its program died before it said anything: there is nothing to ship.
fn is_empty(dir: &RunDir) -> bool {
    let first = Reader::open(&dir.journal(), 0).and_then(|mut reader| reader.next_entry());
    first.is_ok_and(|entry| entry.is_none())
}

/// The runs that the arguments name, oldest first.
fn chosen(root: &std::path::Path, names: &[String]) -> Result<Vec<RunDir>, Failure> {
    let all = RunDir::all(root).map_err(|why| {
        failure(format!(
            "`{}` cannot be read: {why}",
            RunDir::runs(root).display()
        ))
    })?;
    if let Some(name) = names
        .iter()
        .find(|name| !all.iter().any(|dir| dir.uuid().starts_with(*name)))
    {
        return Err(failure(format!(
            "there is no run `{name}` in `{}`",
            RunDir::runs(root).display()
        ))
        .help("`cargo mlplots runs` lists them")
        .code(2));
    }
    let wanted =
        |dir: &RunDir| names.is_empty() || names.iter().any(|name| dir.uuid().starts_with(name));
    Ok(all.into_iter().filter(wanted).collect())
}

fn ship(dir: &RunDir, args: &SyncArgs, settings: Settings) -> Result<Report, Failure> {
    let begun = Cursor::load(dir);
    let patience = Duration::from_secs(args.shipping.flush_timeout);
    let is_named = args.shipping.tracking_uri.is_some() && begun.run.is_none();
    if !is_named && !goes_there(&begun, &settings)? {
        let before = begun.tracking_uri.unwrap_or_default();
        return Err(failure(format!(
            "the run {} goes to {before}, not to {}",
            dir.uuid(),
            settings.uri()
        ))
        .help(format!(
            "`cargo mlplots sync --tracking-uri {} {}` ships it there",
            quote(&before),
            dir.short()
        )));
    }
    let unreadable = |why: std::io::Error| {
        failure(format!(
            "the journal in `{}` cannot be read: {why}",
            dir.path().display()
        ))
    };
    let (outcome, ledger) = Outcome::and_ledger(dir).map_err(unreadable)?;
    let delivery = Arc::new(Delivery::new(dir.clone(), settings)?);
    delivery
        .flow
        .end(outcome.clone(), ledger.clone(), Instant::now() + patience);
    let halt = delivery.deliver().err();
    Ok(Report::new(dir, &delivery, ledger, outcome, halt))
}
