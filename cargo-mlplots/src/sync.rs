//! `cargo mlplots sync`: ship the runs that MLflow does not have completely. It is idempotent, and
//! an error of one run does not affect the others.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use mlplots_journal::{Exit, Reader, RunDir};
use serde_json::{Value, json};

use crate::cli::SyncArgs;
use crate::failure::{Failure, failure};
use crate::outcome::Outcome;
use crate::settings::Settings;
use crate::ship::store::Scope;
use crate::ship::{Claim, Cursor, Delivery, Halt, LAST_CALL, Life, belongs_to_store, life, quote};
use crate::view::{self, Report, last_beat};
use crate::workspace::Workspace;

/// The result of one run.
enum Synced {
    /// Nothing to ship: MLflow has the run, or its program died before the first record.
    Nothing,
    /// It is still running, or another process ships it.
    Skipped(String),
    /// MLflow has all of it.
    Shipped(Box<Report>),
    /// MLflow lacks a part of it.
    Failed(Failure, Option<Box<Report>>),
}

pub(crate) fn sync(args: &SyncArgs) -> Result<Exit, Failure> {
    let Workspace { root, tracking_uri } = Workspace::find(&args.workspace)?;
    let patience = args.shipping.patience();
    let uri = args.shipping.tracking_uri.as_ref();
    let settings = Settings::resolve(uri, tracking_uri.as_ref(), &root)?;
    let settings = settings.within(patience);
    let (mut shipped, mut running, mut failed) = (0, 0, 0);
    let mut objects = Vec::new();
    let (mut unreachable, mut last) = (None, None);
    for dir in chosen(&root, &args.runs)? {
        let synced = sync_run(&dir, args, &settings, unreachable.as_deref());
        let uuid = dir.uuid();
        match &synced {
            Synced::Nothing => continue,
            Synced::Skipped(why) => {
                running += 1;
                view::status("Skipping", &format!("{uuid}: {why}"));
            }
            Synced::Shipped(report) => {
                shipped += 1;
                view::status("Shipped", &format!("{uuid}: {}", title(report)));
                let reason = report.outcome.reason.as_ref();
                let damages = report.ledger.damages.messages();
                damages
                    .filter(|damage| reason != Some(damage))
                    .for_each(|damage| view::warning(&damage));
            }
            Synced::Failed(why, _) => {
                failed += 1;
                view::bad_status("Failed", &format!("{uuid}: {why}"));
                why.help.iter().for_each(|help| view::help(help));
                if why.is_unreachable && unreachable.is_none() {
                    unreachable = Some(why.to_string());
                }
            }
        }
        objects.push(object(&dir, &synced));
        if let Synced::Shipped(report) = synced {
            last = Some(report);
        }
    }
    summarize(shipped, running, failed);
    if let Some(report) = &last {
        view::print_link(report);
    }
    if args.output.json {
        view::print_json(&json!({
            "runs": objects, "shipped": shipped, "skipped": running, "failed": failed,
        }))?;
    }
    // A run that was named and skipped is not shipped.
    let is_left = failed > 0 || (running > 0 && !args.runs.is_empty());
    Ok(if is_left {
        Exit::Unshipped
    } else {
        Exit::Success
    })
}

fn summarize(shipped: usize, running: usize, failed: usize) {
    let counted = |count: usize, what: &str| match count {
        0 => None,
        1 => Some(format!("1 run {what}")),
        _ => Some(format!("{count} runs {what}")),
    };
    let parts = [
        counted(shipped, "shipped"),
        counted(running, "still running"),
        counted(failed, "not shipped"),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    match (parts.is_empty(), failed) {
        (true, _) => view::status("Synced", "nothing is left to ship"),
        (false, 0) => view::status("Synced", &parts.join(", ")),
        (false, _) => {
            view::bad_status("Synced", &parts.join(", "));
            view::help("no data is lost: the next `cargo mlplots sync` retries them");
        }
    }
}

/// `Apple demand / mild-finch-375, FAILED: the data is bad`.
fn title(report: &Report) -> String {
    let experiment = report.experiment.as_deref().unwrap_or("Default");
    let name = report.run.as_ref().map(|(run, _)| &*run.name);
    let name = name.unwrap_or_default();
    let status = report.outcome.status;
    match &report.outcome.reason {
        Some(reason) => format!("{experiment} / {name}, {status}: {reason}"),
        None => format!("{experiment} / {name}, {status}"),
    }
}

fn object(dir: &RunDir, synced: &Synced) -> Value {
    let (report, error, help) = match synced {
        Synced::Shipped(report) => (Some(report), None, None),
        Synced::Failed(why, report) => (report.as_ref(), Some(why.to_string()), why.help.clone()),
        Synced::Skipped(why) => (None, Some(why.clone()), None),
        Synced::Nothing => (None, None, None),
    };
    let known = report.map(|report| view::run_as_json(report));
    let mut object = known.unwrap_or_else(|| json!({ "run_uuid": dir.uuid(), "shipped": false }));
    object["error"] = Value::from(error);
    object["help"] = Value::from(help);
    object
}

/// Ships a run, if there is something to ship.
fn sync_run(
    dir: &RunDir,
    args: &SyncArgs,
    settings: &Settings,
    unreachable: Option<&str>,
) -> Synced {
    let unreadable = |why: std::io::Error| {
        let path = dir.path().display();
        Synced::Failed(failure(format!("`{path}` cannot be read: {why}")), None)
    };
    match dir.has_journal() {
        Ok(false) => return Synced::Nothing,
        Ok(true) => {}
        Err(why) => return unreadable(why),
    }
    if let Err(why) = dir.check() {
        return unreadable(why);
    }
    let is_made = match Cursor::load(dir) {
        Ok(cursor) if cursor.complete => return Synced::Nothing,
        Ok(cursor) => cursor.run.is_some(),
        Err(why) => return Synced::Failed(why.into(), None),
    };
    if let Some(why) = lives(dir, !args.runs.is_empty()) {
        return Synced::Skipped(why);
    }
    match is_empty(dir) {
        Ok(true) if !is_made => return Synced::Nothing,
        Ok(_) => {}
        Err(why) => return unreadable(why),
    }
    let claim = match Claim::take(dir) {
        Ok(claim) => claim,
        Err(why) if why.kind() == ErrorKind::WouldBlock => return Synced::Skipped(why.to_string()),
        Err(why) => {
            let lock = Claim::path(dir);
            let failed = failure(format!("`{}` cannot be used: {why}", lock.display()));
            if lock.is_file() {
                return Synced::Failed(failed, None);
            }
            return Synced::Failed(failed.help("remove it: it has no content"), None);
        }
    };
    // Another process may have shipped it meanwhile.
    if Cursor::load(dir).is_ok_and(|cursor| cursor.complete) {
        return Synced::Nothing;
    }
    let report = match ship(dir, claim, args, settings, unreachable) {
        Ok(report) => Box::new(report),
        Err(why) => return Synced::Failed(why, None),
    };
    match &report.halt {
        None => Synced::Shipped(report),
        Some(halt) => Synced::Failed(unshipped(dir, halt), Some(report)),
    }
}

/// The error of a run that is not shipped completely.
fn unshipped(dir: &RunDir, halt: &Halt) -> Failure {
    match halt {
        Halt::Refused(error) if error.scope == Scope::Gone => {
            failure(error.to_string()).help(format!(
                "if it was deleted there permanently, `cargo mlplots drop {}` deletes its journal too",
                dir.short()
            ))
        }
        halt => halt.failure(),
    }
}

/// Why a run is not shipped yet, if its program may live. A silent run is shipped if it was named.
fn lives(dir: &RunDir, named: bool) -> Option<String> {
    match life(dir) {
        Life::Over => None,
        Life::Silent(_) if named => None,
        Life::Alive => Some("it is still running".to_owned()),
        Life::Elsewhere(beat) => Some(format!("it is still running {}", last_beat(&beat))),
        Life::Silent(beat) => Some(format!(
            "it was running {}; `cargo mlplots sync {}` ships it if it is dead",
            last_beat(&beat),
            dir.short()
        )),
    }
}

/// Whether its program died before the first record.
fn is_empty(dir: &RunDir) -> std::io::Result<bool> {
    let mut reader = Reader::open(&dir.journal(), 0)?;
    reader.over();
    Ok(reader.next_entry()?.is_none())
}

/// The selected runs, oldest first.
fn chosen(root: &Path, names: &[String]) -> Result<Vec<RunDir>, Failure> {
    let folder = RunDir::runs(root);
    let all = RunDir::all(root)
        .map_err(|why| failure(format!("`{}` cannot be read: {why}", folder.display())))?;
    if let Some(name) = names
        .iter()
        .find(|name| !all.iter().any(|dir| dir.uuid().starts_with(*name)))
    {
        return Err(failure(format!(
            "there is no run `{name}` in `{}`",
            folder.display()
        ))
        .help("`cargo mlplots runs` lists them")
        .exit(Exit::Usage));
    }
    let wanted =
        |dir: &RunDir| names.is_empty() || names.iter().any(|name| dir.uuid().starts_with(name));
    Ok(all.into_iter().filter(wanted).collect())
}

fn ship(
    dir: &RunDir,
    claim: Claim,
    args: &SyncArgs,
    settings: &Settings,
    unreachable: Option<&str>,
) -> Result<Report, Failure> {
    let cursor = Cursor::load(dir)?;
    // It would wait for the same timeout as the run before.
    let not_tried = |why: &str| failure(format!("it was not tried: {why}"));
    if let Some(why) = unreachable.filter(|_| cursor.run.is_some()) {
        return Err(not_tried(why));
    }
    let is_named = args.shipping.tracking_uri.is_some() && cursor.run.is_none();
    if !is_named && !belongs_to_store(&cursor, settings)? {
        let before = cursor.tracking_uri.unwrap_or_default();
        return Err(
            failure(format!("it goes to {before}, not to {}", settings.uri())).help(format!(
                "`cargo mlplots sync --tracking-uri {} {}` ships it there",
                quote(&before),
                dir.short()
            )),
        );
    }
    if let Some(why) = unreachable {
        return Err(not_tried(why));
    }
    let unreadable = |why: std::io::Error| {
        failure(format!(
            "the journal in `{}` cannot be read: {why}",
            dir.path().display()
        ))
    };
    let (outcome, ledger) = Outcome::and_ledger(dir).map_err(unreadable)?;
    let delivery = Arc::new(Delivery::new(dir.clone(), settings.clone())?);
    let patience = args.shipping.patience();
    delivery
        .flow
        .end(outcome.clone(), ledger.clone(), Instant::now() + patience);
    let shipping = delivery.start(|| ());
    let halt = if let Some(shipped) = shipping.wait(patience + LAST_CALL) {
        shipped.err()
    } else {
        // The call may still run: no other process may ship this run.
        std::mem::forget(claim);
        Some(delivery.give_up())
    };
    Ok(Report::new(dir, &delivery, ledger, outcome, halt))
}
