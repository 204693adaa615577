//! `cargo mlplots completions` and `cargo mlplots man`: documents that are made from the command
//! line's definition.

use std::fs;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;
use mlplots_journal::Exit;

use crate::cli::Cli;
use crate::failure::{Failure, failure};
use crate::view;

/// Cargo finds a subcommand by the name of its program.
const PROGRAM: &str = "cargo-mlplots";

/// Prints a completion script.
pub(crate) fn completions(shell: Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), PROGRAM, &mut script);
    view::print(String::from_utf8_lossy(&script).trim_end())?;
    Ok(Exit::Success)
}

/// Writes the man pages: `cargo-mlplots.1`, `cargo-mlplots-run.1` and so on, which `cargo help
/// mlplots` shows once they are in a directory of `MANPATH`.
pub(crate) fn man(directory: &Path) -> Result<Exit, Failure> {
    fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), directory))
        .map_err(|why| {
            let directory = directory.display();
            failure(format!(
                "could not write the man pages to `{directory}`: {why}"
            ))
            .help("name a directory that you may write to")
        })?;
    Ok(Exit::Success)
}
