//! `cargo mlplots runs`: what is journaled in this workspace.

use mlplots::journal::RunDir;
use mlplots::record::{RunUuid, Status, now_millis};
use serde_json::json;

use crate::cli::RunsArgs;
use crate::failure::{Failure, failure};
use crate::ledger::Ledger;
use crate::outcome::Outcome;
use crate::project::root;
use crate::ship::{Claim, Cursor, Life, life};
use crate::view::duration;

/// One run of the list.
struct Row {
    uuid: RunUuid,
    resumes: Option<RunUuid>,
    name: String,
    experiment: String,
    status: Status,
    reason: Option<String>,
    start: i64,
    took: u64,
    figures: String,
    shipped: bool,
    tracking_uri: Option<String>,
    run_id: Option<String>,
}

pub(crate) fn runs(args: &RunsArgs) -> Result<u8, Failure> {
    let root = root(&args.place)?;
    let folder = RunDir::runs(&root);
    let unreadable = |why| failure(format!("`{}` cannot be read: {why}", folder.display()));
    let dirs = RunDir::all(&root).map_err(unreadable)?;
    let rows = dirs.iter().filter(|dir| dir.journal().exists()).map(row);
    let rows = rows.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    if args.json {
        println!(
            "{}",
            json!({ "runs": rows.iter().map(object).collect::<Vec<_>>() })
        );
    } else if rows.is_empty() {
        println!("no run is journaled in `{}`", folder.display());
    } else {
        table(&rows);
    }
    Ok(0)
}

fn row(dir: &RunDir) -> std::io::Result<Row> {
    let cursor = Cursor::load(dir);
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
        Life::Alive => running(Some("nobody watches over it".to_owned())),
        Life::Elsewhere(beat) | Life::Silent(beat) => running(Some(beat.to_string())),
        Life::Over => Outcome::and_ledger(dir),
    }?;
    let open = ledger.open.as_deref();
    let start = open.map_or(outcome.end_time, |open| open.start_time);
    let stored = cursor.run.as_ref();
    Ok(Row {
        uuid: dir.uuid().clone(),
        resumes: cursor.continues,
        name: stored
            .map(|run| run.name.clone())
            .or_else(|| open?.run_name.clone())
            .unwrap_or_default(),
        experiment: cursor
            .experiment
            .or_else(|| open?.experiment.clone())
            .unwrap_or_else(|| "Default".to_owned()),
        status: outcome.status,
        reason: outcome.reason,
        start,
        took: (outcome.end_time - start).max(0) as u64,
        figures: ledger.tally.summary(),
        shipped: cursor.complete,
        tracking_uri: cursor.tracking_uri,
        run_id: stored.map(|run| run.id.clone()),
    })
}

fn object(row: &Row) -> serde_json::Value {
    json!({
        "run_uuid": row.uuid, "run_name": row.name, "experiment": row.experiment,
        "status": row.status, "reason": row.reason, "start_time": row.start, "millis": row.took,
        "figures": row.figures, "shipped": row.shipped, "tracking_uri": row.tracking_uri,
        "run_id": row.run_id, "resumes": row.resumes,
    })
}

fn table(rows: &[Row]) {
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
    lines.extend(rows.iter().map(|row| {
        [
            row.uuid.short().to_owned(),
            row.experiment.clone(),
            row.name.clone(),
            row.status.to_string(),
            ago(row.start),
            duration(row.took),
            row.figures.clone(),
            if row.shipped { "yes" } else { "no" }.to_owned(),
        ]
    }));
    let widths: Vec<usize> = (0..header.len())
        .map(|column| {
            lines
                .iter()
                .map(|line| line[column].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    for (number, line) in lines.iter().enumerate() {
        let cells: Vec<_> = line
            .iter()
            .zip(&widths)
            .map(|(cell, &width)| format!("{cell:width$}"))
            .collect();
        println!("{}", cells.join("  ").trim_end());
        let Some(row) = number.checked_sub(1).map(|number| &rows[number]) else {
            continue;
        };
        if let Some(before) = &row.resumes {
            println!("  goes on with {}", before.short());
        }
        if let Some(reason) = &row.reason {
            println!("  {reason}");
        }
    }
    if rows
        .iter()
        .any(|row| !row.shipped && row.status != Status::Running)
    {
        crate::view::help("`cargo mlplots sync` ships those that are not shipped");
    }
}

/// `3 min ago`.
fn ago(time: i64) -> String {
    let seconds = (now_millis() - time).max(0) / 1000;
    match seconds {
        0..60 => format!("{seconds} s ago"),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..172_800 => format!("{} h ago", seconds / 3600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}
