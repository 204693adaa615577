//! `cargo mlplots`: build, supervise and log a training run with all its figures to MLflow.

#![forbid(unsafe_code)]

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
compile_error!(
    "cargo-mlplots supervises programs on Linux and macOS; elsewhere a program journals under \
     `cargo run`, and `cargo mlplots sync` on one of these systems ships its `.mlplots` folder"
);

mod check;
mod cli;
mod documents;
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

use cli::Command;

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
        Command::Completions { shell } => documents::completions(shell),
        Command::Man { directory } => documents::man(&directory),
    };
    done.map_or_else(
        |failure| {
            view::error(&failure.message);
            failure.help.iter().for_each(|help| view::help(help));
            failure.exit.into()
        },
        ExitCode::from,
    )
}
