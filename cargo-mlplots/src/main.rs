//! `cargo mlplots`: build, supervise and log a training run with all its figures to MLflow.

#![forbid(unsafe_code)]

mod check;
mod cli;
mod drop;
mod exec;
mod failure;
mod ledger;
mod list;
mod outcome;
mod project;
#[cfg(test)]
mod random;
mod resume;
mod run;
mod runs;
mod scan;
mod session;
mod settings;
mod ship;
mod supervise;
mod sync;
mod view;
mod workspace;

use std::process::ExitCode;

use clap::CommandFactory;
use cli::{Cli, Command};

fn main() -> ExitCode {
    supervise::keep_children();
    let cli = match cli::parse(std::env::args_os().collect()) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let done = match cli.command {
        Command::Run(args) => run::run(args),
        Command::Exec(args) => exec::exec(args),
        Command::List(args) => list::list(&args),
        Command::Check(args) => check::check(&args),
        Command::Runs(args) => runs::runs(&args),
        Command::Sync(args) => sync::sync(&args),
        Command::Drop(args) => drop::drop(&args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            // Cargo finds a subcommand by the name of its binary.
            clap_complete::generate(shell, &mut Cli::command(), "cargo-mlplots", &mut script);
            view::print(String::from_utf8_lossy(&script).trim_end()).map(|()| 0)
        }
    };
    done.map_or_else(
        |failure| {
            view::error(&failure.message);
            failure.help.iter().for_each(|help| view::help(help));
            ExitCode::from(failure.code)
        },
        ExitCode::from,
    )
}
