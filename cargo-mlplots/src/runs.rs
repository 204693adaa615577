//! `cargo mlplots runs`: list the runs with journals in this workspace.

use std::fmt::Write;

use mlplots_journal::record::{RunUuid, Status, now_millis};
use mlplots_journal::terminal::escape;
use mlplots_journal::{Exit, RunDir};
use serde_json::json;

use crate::cli::RunsArgs;
use crate::failure::{Failure, failure};
use crate::ledger::Ledger;
use crate::outcome::Outcome;
use crate::ship::{Claim, Cursor, Life, life};
use crate::view::{self, column_width, duration, last_beat};
use crate::workspace::Workspace;

/// A row of the list.
pub(crate) struct Row {
    uuid: RunUuid,
    /// The journal, or else the run of the store, that it resumes.
    resumes: Option<String>,
    name: String,
    experiment: String,
    /// `None` for an unreadable run.
    status: Option<Status>,
    reason: Option<String>,
    start: i64,
    took: u64,
    figures: String,
    shipped: bool,
    tracking_uri: Option<String>,
    run_id: Option<String>,
}

pub(crate) fn runs(args: &RunsArgs) -> Result<Exit, Failure> {
    let root = Workspace::find(&args.workspace)?.root;
    let folder = RunDir::runs(&root);
    let unreadable = |why| failure(format!("`{}` cannot be read: {why}", folder.display()));
    let dirs = RunDir::all(&root).map_err(unreadable)?;
    let rows = rows(&dirs);
    if args.json {
        view::print_json(&json!({ "runs": rows.iter().map(object).collect::<Vec<_>>() }))?;
    } else if rows.is_empty() {
        view::print(format_args!(
            "no run is journaled in `{}`",
            folder.display()
        ))?;
    } else {
        view::print(table(&rows).trim_end())?;
        if rows.iter().any(Row::is_to_be_shipped) {
            view::help("`cargo mlplots sync` ships those that are not shipped");
        }
    }
    Ok(Exit::Success)
}

pub(crate) fn rows(dirs: &[RunDir]) -> Vec<Row> {
    dirs.iter().filter_map(row).collect()
}

/// Whether a run has a journal, or may have one.
fn row(dir: &RunDir) -> Option<Row> {
    let row = match dir.has_journal() {
        Ok(false) => return None,
        Ok(true) => dir.check().and_then(|()| read(dir)),
        Err(why) => Err(why),
    };
    Some(row.unwrap_or_else(|why| Row {
        uuid: dir.uuid().clone(),
        resumes: None,
        name: String::new(),
        experiment: String::new(),
        status: None,
        reason: Some(format!("`{}` cannot be read: {why}", dir.path().display())),
        start: now_millis(),
        took: 0,
        figures: String::new(),
        shipped: false,
        tracking_uri: None,
        run_id: None,
    }))
}

fn read(dir: &RunDir) -> std::io::Result<Row> {
    let cursor = Cursor::load(dir).map_err(|why| std::io::Error::other(why.message))?;
    let running = |reason| {
        let outcome = Outcome {
            status: Status::Running,
            end_time: now_millis(),
            reason,
        };
        Ledger::read(dir).map(|ledger| (outcome, ledger))
    };
    let (outcome, ledger) = match life(dir) {
        // Its supervisor has the claim.
        Life::Alive if Claim::take(dir).is_err() => running(None),
        Life::Alive => running(Some("it has no supervisor".to_owned())),
        Life::Elsewhere(beat) | Life::Silent(beat) => running(Some(last_beat(&beat))),
        Life::Over => Outcome::and_ledger(dir),
    }?;
    let open = ledger.open.as_deref();
    let start = open.map_or(outcome.end_time, |open| open.start_time);
    let stored = cursor.run.as_ref();
    Ok(Row {
        uuid: dir.uuid().clone(),
        resumes: cursor
            .continues
            .map(|before| before.to_string())
            .or(cursor.resume),
        name: stored
            .map(|run| run.name.clone())
            .or_else(|| open?.run_name.clone())
            .unwrap_or_default(),
        experiment: cursor
            .experiment
            .or_else(|| open?.experiment.clone())
            .unwrap_or_else(|| "Default".to_owned()),
        status: Some(outcome.status),
        reason: outcome.reason,
        start,
        took: outcome.end_time.saturating_sub(start).max(0) as u64,
        figures: ledger.tally.summary(),
        shipped: cursor.complete,
        tracking_uri: cursor.tracking_uri,
        run_id: stored.map(|run| run.id.clone()),
    })
}

pub(crate) fn object(row: &Row) -> serde_json::Value {
    json!({
        "run_uuid": row.uuid, "run_name": row.name, "experiment": row.experiment,
        "status": row.status, "reason": row.reason, "start_time": row.start, "millis": row.took,
        "figures": row.figures, "shipped": row.shipped, "tracking_uri": row.tracking_uri,
        "run_id": row.run_id, "resumes": row.resumes,
    })
}

impl Row {
    fn is_to_be_shipped(&self) -> bool {
        !self.shipped && self.status != Some(Status::Running)
    }

    fn cells(&self) -> [String; 8] {
        let status = self.status.map_or("unreadable", Status::as_str);
        let known = |text: String| {
            if self.status.is_some() {
                text
            } else {
                String::new()
            }
        };
        [
            self.uuid.short().to_owned(),
            escape(&self.experiment).into_owned(),
            escape(&self.name).into_owned(),
            status.to_owned(),
            known(ago(self.start)),
            known(duration(self.took)),
            self.figures.clone(),
            if self.shipped { "yes" } else { "no" }.to_owned(),
        ]
    }
}

pub(crate) fn table(rows: &[Row]) -> String {
    let header = [
        "RUN",
        "EXPERIMENT",
        "NAME",
        "STATUS",
        "STARTED",
        "TOOK",
        "FIGURES",
        "SHIPPED",
    ];
    let mut lines = vec![header.map(str::to_owned)];
    lines.extend(rows.iter().map(Row::cells));
    let widths: Vec<usize> = (0..header.len())
        .map(|column| column_width(lines.iter().map(|line| line[column].as_str())))
        .collect();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        let cells: Vec<_> = line
            .iter()
            .zip(&widths)
            .map(|(cell, &width)| format!("{cell:width$}"))
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
        let Some(row) = number.checked_sub(1).map(|number| &rows[number]) else {
            continue;
        };
        if let Some(before) = &row.resumes {
            let _ = writeln!(text, "  resumes {}", escape(before));
        }
        if let Some(reason) = &row.reason {
            let _ = writeln!(text, "  {}", escape(reason));
        }
    }
    text
}

/// `3 min ago`.
fn ago(time: i64) -> String {
    let seconds = now_millis().saturating_sub(time).max(0) / 1000;
    match seconds {
        0..60 => format!("{seconds} s ago"),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..172_800 => format!("{} h ago", seconds / 3600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}
