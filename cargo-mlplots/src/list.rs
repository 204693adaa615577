//! `cargo mlplots list`: list the registered functions.

use std::fmt::Write;
use std::process::Stdio;

use mlplots_journal::Exit;
use mlplots_journal::listing::Listing;
use mlplots_journal::request::Mode;
use tempfile::TempDir;

use crate::cli::{BuildArgs, ListArgs, TrainingArgs};
use crate::failure::{Failure, failure};
use crate::project::{Program, Project, Written};
use crate::session;
use crate::view;

pub(crate) fn list(args: &ListArgs) -> Result<Exit, Failure> {
    let project = Project::find(&args.build)?;
    let program = project.build(&args.build)?;
    let listing = registry(&program)?;
    if args.json {
        view::print_json(&listing)?;
    } else if !listing.trains.is_empty() || !listing.plots.is_empty() {
        view::print(text(&listing).trim_end())?;
    }
    let unlinked = unlinked(&project, &args.build, &listing)?;
    unlinked
        .iter()
        .for_each(|function| view::warning(&not_linked(function)));
    if listing.trains.is_empty() && listing.plots.is_empty() {
        return Err(nothing());
    }
    Ok(Exit::Success)
}

/// Asks the program for its registry.
pub(crate) fn registry(program: &Program) -> Result<Listing, Failure> {
    let request = session::request(Mode::List, None, &TrainingArgs::default());
    let failed = |why: String| {
        failure(format!(
            "`{}` could not list its registered functions: {why}",
            program.path.display()
        ))
        .help("its `main` is `mlplots::main!();`, or it calls `mlplots::Run::start`")
        .exit(Exit::Refused)
    };
    let folder = request_folder()?;
    let output = session::command(program, &request, &folder.path().join("request.json"))?
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|why| failed(why.to_string()))?;
    if !output.status.success() {
        return Err(failed(format!("it ended with {}", output.status)));
    }
    // A program with its own `main` may have printed other lines before.
    let lines = output.stdout.trim_ascii_end();
    let last = lines.rsplit(|&byte| byte == b'\n').next();
    serde_json::from_slice(last.unwrap_or_default())
        .map_err(|_| failed("its output is not a list of functions".to_owned()))
}

/// A temporary folder for a request without a run.
pub(crate) fn request_folder() -> Result<TempDir, Failure> {
    tempfile::tempdir().map_err(|why| failure(format!("cannot make a temporary folder: {why}")))
}

/// Functions with an attribute in the sources that are not linked into the program.
pub(crate) fn unlinked(
    project: &Project,
    build: &BuildArgs,
    listing: &Listing,
) -> Result<Vec<Written>, Failure> {
    let written = project.written(build)?;
    let linked = |function: &Written| {
        let sources = listing.trains.iter().map(|train| &train.source);
        let mut sources = sources.chain(listing.plots.iter().map(|plot| &plot.source));
        sources.any(|source| function.is_at(source))
    };
    Ok(written
        .into_iter()
        .filter(|function| !linked(function))
        .collect())
}

pub(crate) fn not_linked(function: &Written) -> String {
    format!(
        "`#[{}] fn {}` ({}:{}) is not linked into this program",
        function.attribute,
        function.name,
        function.file.display(),
        function.line
    )
}

/// The error of an empty registry.
pub(crate) fn nothing() -> Failure {
    failure("nothing is registered in this program")
        .help("the linker omits a library that nothing refers to: name the library with the functions, `mlplots::main!(my_lib);`")
        .exit(Exit::Refused)
}

fn text(listing: &Listing) -> String {
    let mut text = String::new();
    for train in &listing.trains {
        let _ = writeln!(
            text,
            "train {}  {}  {}",
            train.name, train.source, train.doc
        );
        if let Some(experiment) = &train.experiment {
            let _ = writeln!(text, "  experiment  {experiment}");
        }
        if !train.params.is_empty() {
            let params: Vec<_> = train
                .params
                .iter()
                .map(|(key, value)| format!("{key}={value}"))
                .collect();
            let _ = writeln!(text, "  params      {}", params.join(", "));
        }
        if !train.provides.is_empty() {
            let _ = writeln!(text, "  provides    {}", train.provides.join(", "));
        }
    }
    for plot in &listing.plots {
        let optional = if plot.optional { " (optional)" } else { "" };
        let _ = writeln!(
            text,
            "plot {}{optional}  {}  {}",
            plot.name, plot.source, plot.doc
        );
        let _ = writeln!(text, "  looks at    {}", plot.inputs.join(", "));
        let _ = writeln!(text, "  draws       {}", plot.files.join(", "));
    }
    text
}
