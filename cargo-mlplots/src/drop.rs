//! `cargo mlplots drop`: delete the journals of runs that need not be shipped.

use mlplots_journal::{Exit, RunDir};

use crate::cli::DropArgs;
use crate::failure::{Failure, failure};
use crate::ship::{Claim, Cursor, Life, life};
use crate::view;
use crate::workspace::Workspace;

pub(crate) fn drop(args: &DropArgs) -> Result<Exit, Failure> {
    let root = Workspace::find(&args.workspace)?.root;
    let folder = RunDir::runs(&root);
    let unusable = |why| failure(format!("`{}` cannot be used: {why}", folder.display()));
    let all = RunDir::all(&root).map_err(unusable)?;
    for name in &args.runs {
        let mut named = all.iter().filter(|dir| dir.uuid().starts_with(&**name));
        let (Some(dir), None) = (named.next(), named.next()) else {
            return Err(failure(format!(
                "`{name}` does not name one run in `{}`",
                folder.display()
            ))
            .help("`cargo mlplots runs` lists them")
            .exit(Exit::Usage));
        };
        drop_run(dir)?;
    }
    Ok(Exit::Success)
}

fn drop_run(dir: &RunDir) -> Result<(), Failure> {
    let uuid = dir.uuid();
    if matches!(life(dir), Life::Alive | Life::Elsewhere(_)) {
        return Err(failure(format!("the run {uuid} is still running")));
    }
    let path = dir.path().display();
    let _claim = Claim::take(dir)
        .map_err(|why| failure(format!("the run {uuid} cannot be dropped: {why}")))?;
    let cursor = Cursor::load(dir).unwrap_or_default();
    let is_shipped = cursor.complete;
    let next = Cursor::relink(dir, &cursor)?;
    if let Some(before) = cursor.continues.as_ref()
        && !is_shipped
        && !next
    {
        // This journal would have set the final status of the run.
        Cursor::reopen(&dir.sibling(before))?;
    }
    std::fs::remove_dir_all(dir.path())
        .map_err(|why| failure(format!("`{path}` cannot be deleted: {why}")))?;
    let lost = if is_shipped {
        "MLflow has all of it"
    } else {
        "its data that MLflow does not have is lost"
    };
    view::status("Dropped", &format!("{uuid}: {lost}"));
    Ok(())
}
