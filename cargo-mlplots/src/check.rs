//! `cargo mlplots check`: the checks before a training, without training.

use mlplots_journal::Exit;
use mlplots_journal::request::Mode;

use crate::cli::CheckArgs;
use crate::failure::{Failure, failure};
use crate::list::{not_linked, nothing, registry, request_folder, unlinked};
use crate::project::Project;
use crate::session;
use crate::view;

pub(crate) fn check(args: &CheckArgs) -> Result<Exit, Failure> {
    let project = Project::find(&args.build)?;
    let program = project.build(&args.build)?;
    let listing = registry(&program)?;
    let unlinked = unlinked(&project, &args.build, &listing)?;
    unlinked
        .iter()
        .for_each(|function| view::error(&not_linked(function)));
    if listing.trains.is_empty() && listing.plots.is_empty() {
        return Err(nothing());
    }
    let request = session::request(Mode::Check, args.train.as_deref(), &args.training);
    let folder = request_folder()?;
    let file = folder.path().join("request.json");
    let status = session::command(&program, &request, &file)?.status();
    let status = status.map_err(|why| {
        failure(format!(
            "could not start `{}`: {why}",
            program.path.display()
        ))
    })?;
    if !status.success() || !unlinked.is_empty() {
        return Ok(Exit::Refused);
    }
    let (trains, plots) = (listing.trains.len(), listing.plots.len());
    view::status(
        "Checked",
        &format!("{trains} `#[train]` and {plots} `#[plot]` are ready"),
    );
    Ok(Exit::Success)
}
