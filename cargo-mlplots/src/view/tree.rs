//! Prints a run as a tree on stderr.

use std::borrow::Cow;

use mlplots_journal::record::{Figure, FigureStatus, Status};
use mlplots_journal::terminal::escape;

use super::report::Report;
use super::term::{BOLD, DIM, bad_status, error, help, line, status, warning};
use super::units::{column_width, duration, size};
use crate::ship::Halt;
use crate::ship::store::{StoreError, View};

/// Prints the tree.
pub(crate) fn print(report: &Report) {
    headline(report);
    let branches = [
        ("params", params(report)),
        ("metrics", metrics(report)),
        ("figures", figures(report)),
        ("artifacts", artifacts(report)),
        ("models", models(report)),
    ];
    let branches: Vec<_> = branches
        .into_iter()
        .filter(|(_, leaves)| !leaves.is_empty())
        .collect();
    for (index, (name, leaves)) in branches.iter().enumerate() {
        let last = index + 1 == branches.len();
        let summary = if *name == "figures" {
            format!(" {DIM}{}{DIM:#}", report.ledger.tally.summary())
        } else {
            String::new()
        };
        line(format_args!(
            "  {} {BOLD}{name}{BOLD:#}{summary}",
            if last { "└─" } else { "├─" }
        ));
        for (index, leaf) in leaves.iter().enumerate() {
            let trunk = if last { "   " } else { "│  " };
            let twig = if index + 1 == leaves.len() {
                "└─"
            } else {
                "├─"
            };
            line(format_args!("  {trunk}{twig} {leaf}"));
        }
    }
    endings(report);
}

fn headline(report: &Report) {
    let open = report.ledger.open.as_deref();
    let name = report.run.as_ref().map(|(run, _)| run.name.clone());
    let name = name
        .or_else(|| open?.run_name.clone())
        .unwrap_or_else(|| report.run_uuid.to_string());
    let experiment = report.experiment.as_deref().unwrap_or("Default");
    let took = open.map_or(0, |open| {
        report.outcome.end_time.saturating_sub(open.start_time)
    });
    let text = format!("{experiment} / {name} in {}", duration(took.max(0) as u64));
    match report.outcome.status {
        Status::Finished => status("Finished", &text),
        Status::Killed => bad_status("Killed", &text),
        Status::Failed | Status::Running => bad_status("Failed", &text),
    }
}

fn params(report: &Report) -> Vec<String> {
    let width = column_width(report.ledger.params.iter().map(|param| param.key.as_str()));
    report
        .ledger
        .params
        .iter()
        .map(|param| format!("{:width$}  {}", escape(&param.key), escape(&param.value)))
        .collect()
}

fn metrics(report: &Report) -> Vec<String> {
    let latest = &report.ledger.latest;
    let width = column_width(latest.keys().map(String::as_str));
    let leaf = |metric: &mlplots_journal::record::Metric| {
        let step = if metric.step == 0 {
            String::new()
        } else {
            format!("  {DIM}step {}{DIM:#}", metric.step)
        };
        format!(
            "{:width$}  {}{step}",
            escape(&metric.key),
            number(metric.value)
        )
    };
    shortened(latest.values().map(leaf).collect())
}

/// Six significant digits.
fn number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let magnitude = value.abs().log10().floor() as i32;
    if (-4..9).contains(&magnitude) {
        let digits = (5 - magnitude).max(0) as usize;
        let text = format!("{value:.digits$}");
        if text.contains('.') {
            return text.trim_end_matches('0').trim_end_matches('.').to_owned();
        }
        return text;
    }
    format!("{value:.5e}")
}

fn figures(report: &Report) -> Vec<String> {
    let names: Vec<_> = report.ledger.tally.figures().flat_map(paths).collect();
    let width = column_width(names.iter().map(String::as_str));
    report
        .ledger
        .tally
        .figures()
        .flat_map(|figure| leaves(figure, width))
        .collect()
}

fn paths(figure: &Figure) -> Vec<String> {
    if figure.files.is_empty() {
        return vec![escape(&figure.name).into_owned()];
    }
    // The names of the image grid are for MLflow, not for the user.
    figure
        .files
        .iter()
        .map(|file| escape(&file.path).into_owned())
        .filter(|path| !path.contains("+step+"))
        .collect()
}

fn leaves(figure: &Figure, width: usize) -> Vec<String> {
    let why = escape(figure.reason.as_deref().unwrap_or_default());
    let (name, source) = (escape(&figure.name), escape(&figure.source));
    match figure.status {
        FigureStatus::Failed => {
            let optional = if figure.optional { " (optional)" } else { "" };
            vec![format!(
                "{name:width$}  failed{optional}: {why}  {DIM}({source}){DIM:#}"
            )]
        }
        FigureStatus::Skipped => vec![format!("{name:width$}  {DIM}skipped: {why}{DIM:#}")],
        FigureStatus::Logged => paths(figure)
            .iter()
            .map(|path| {
                let bytes = figure
                    .files
                    .iter()
                    .find(|file| escape(&file.path) == *path)
                    .map_or(0, |file| file.bytes);
                format!(
                    "{path:width$}  {:>7}  {DIM}{:>6}{DIM:#}",
                    size(bytes),
                    duration(figure.millis)
                )
            })
            .collect(),
    }
}

fn artifacts(report: &Report) -> Vec<String> {
    let artifacts: Vec<_> = report
        .ledger
        .artifacts
        .iter()
        .filter(|file| !file.path.contains("+step+"))
        .collect();
    let width = column_width(artifacts.iter().map(|artifact| &*artifact.path));
    let leaf = |file: &&mlplots_journal::record::Artifact| {
        format!("{:width$}  {:>7}", escape(&file.path), size(file.bytes))
    };
    shortened(artifacts.iter().map(leaf).collect())
}

fn models(report: &Report) -> Vec<String> {
    let where_ = |name: Cow<'_, str>| match &report.run {
        Some((run, _)) => format!("{name}  {DIM}runs:/{}/{name}{DIM:#}", escape(&run.id)),
        None => name.into_owned(),
    };
    report
        .ledger
        .models
        .iter()
        .map(|model| where_(escape(&model.name)))
        .collect()
}

/// Prints the errors and where to look.
fn endings(report: &Report) {
    if let Some(reason) = &report.outcome.reason {
        error(&format!("the run is {}: {reason}", report.outcome.status));
    }
    if report.outcome.status == Status::Killed {
        let short = report.run_uuid.short();
        help(&format!("`--resume {short}` resumes it"));
    }
    for problem in report.ledger.all_problems() {
        if report.outcome.reason.as_ref() != Some(&problem) {
            warning(&problem);
        }
    }
    match &report.halt {
        Some(halt) => unshipped(report, halt),
        None => print_link(report),
    }
}

/// Prints where MLflow shows the run.
pub(crate) fn print_link(report: &Report) {
    match &report.run {
        Some((_, View::Url(url))) => status("View", url),
        Some((_, View::Command(command))) => status("View", &format!("`{command}`")),
        None => {}
    }
}

fn unshipped(report: &Report, halt: &Halt) {
    let uri = &report.tracking_uri;
    let (what, cause) = match halt {
        Halt::GivenUp(Some(cause)) => (
            format!("not everything could be shipped to {uri} in time"),
            Some(cause),
        ),
        Halt::GivenUp(None) => (format!("shipping to {uri} was interrupted"), None),
        Halt::Refused(cause) => (
            format!("not everything could be shipped to {uri}"),
            Some(cause),
        ),
    };
    let cause_text = cause.map(|cause| format!(": {cause}")).unwrap_or_default();
    warning(&format!("{what}{cause_text}"));
    if let Some(StoreError {
        help: Some(text), ..
    }) = cause
    {
        help(text);
    }
    help("no data is lost: `cargo mlplots sync` ships the rest");
}

/// A list of limited length.
fn shortened(mut leaves: Vec<String>) -> Vec<String> {
    const MOST: usize = 40;
    if leaves.len() > MOST {
        let more = leaves.len() - MOST;
        leaves.truncate(MOST);
        leaves.push(format!("{DIM}and {more} more{DIM:#}"));
    }
    leaves
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn six_digits() {
        let shown = [
            0.0,
            2_501.234_567,
            0.912_345_678,
            1.0,
            1e-9,
            1_234_567.0,
            f64::NAN,
            -0.000_123_456_78,
        ]
        .map(number);
        assert_eq!(
            shown,
            [
                "0",
                "2501.23",
                "0.912346",
                "1",
                "1.00000e-9",
                "1234567",
                "NaN",
                "-0.000123457"
            ]
        );
    }
}
