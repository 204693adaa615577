//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use mlplots_journal::Exit;

use crate::settings::UserUri;

/// Run-scoped plots: build, train, and log every figure to MLflow
#[derive(Debug, Parser)]
#[command(
    name = "cargo-mlplots",
    bin_name = "cargo mlplots",
    version,
    max_term_width = 100
)]
#[command(after_help = exit_codes())]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build the program, train, draw, and log the run to MLflow
    Run(RunArgs),
    /// Train with a program that is already built, without cargo
    Exec(ExecArgs),
    /// List the registered trainings and figures
    List(ListArgs),
    /// Run the checks that come before a training, and stop
    Check(CheckArgs),
    /// List the runs journaled in this workspace
    Runs(RunsArgs),
    /// Ship the runs that MLflow does not have yet
    Sync(SyncArgs),
    /// Delete the journals of runs that need not be shipped any more
    Drop(DropArgs),
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Write the man pages, one per command
    Man {
        /// Directory of the pages; it is created if it is missing
        #[arg(value_hint = ValueHint::DirPath)]
        directory: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The `#[train]` function; required if there are several
    pub(crate) train: Option<String>,
    #[command(flatten)]
    pub(crate) build: BuildArgs,
    #[command(flatten)]
    pub(crate) session: SessionArgs,
    /// Arguments of the program
    #[arg(last = true)]
    pub(crate) arguments: Vec<std::ffi::OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct ExecArgs {
    /// The `#[train]` function; required if there are several
    #[arg(long, value_name = "TRAIN")]
    pub(crate) train: Option<String>,
    #[command(flatten)]
    pub(crate) session: SessionArgs,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "PROGRAM", value_hint = ValueHint::CommandWithArguments)]
    pub(crate) program: Vec<std::ffi::OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) build: BuildArgs,
    /// Print one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The `#[train]` function; required if there are several
    pub(crate) train: Option<String>,
    #[command(flatten)]
    pub(crate) build: BuildArgs,
    #[command(flatten)]
    pub(crate) training: TrainingArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RunsArgs {
    #[command(flatten)]
    pub(crate) workspace: WorkspaceArgs,
    /// Print one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SyncArgs {
    /// Runs to ship, by the first digits of their ids [default: all that are not shipped]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) runs: Vec<String>,
    #[command(flatten)]
    pub(crate) workspace: WorkspaceArgs,
    #[command(flatten)]
    pub(crate) shipping: ShippingArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DropArgs {
    /// Runs to delete, by the first digits of their ids
    #[arg(required = true, value_parser = NonEmptyStringValueParser::new())]
    pub(crate) runs: Vec<String>,
    #[command(flatten)]
    pub(crate) workspace: WorkspaceArgs,
}

/// The workspace.
#[derive(Debug, Default, Args)]
pub(crate) struct WorkspaceArgs {
    /// Path to Cargo.toml
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(crate) manifest_path: Option<PathBuf>,
}

/// Cargo's own flags, with cargo's meaning.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Build")]
#[allow(clippy::struct_excessive_bools, reason = "they are cargo's flags")]
pub(crate) struct BuildArgs {
    /// Package with the program
    #[arg(short, long, value_name = "SPEC")]
    pub(crate) package: Option<String>,
    /// Name of the bin target
    #[arg(long, value_name = "NAME")]
    pub(crate) bin: Option<String>,
    /// Name of the example target
    #[arg(long, value_name = "NAME", conflicts_with = "bin")]
    pub(crate) example: Option<String>,
    /// Build with optimizations
    #[arg(short, long, conflicts_with = "profile")]
    pub(crate) release: bool,
    /// Build with this profile
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Features to activate, separated by commas or spaces
    #[arg(short = 'F', long, value_name = "FEATURES")]
    pub(crate) features: Vec<String>,
    /// Activate all features
    #[arg(long)]
    pub(crate) all_features: bool,
    /// Do not activate the `default` feature
    #[arg(long)]
    pub(crate) no_default_features: bool,
    /// Build for the target triple
    #[arg(long, value_name = "TRIPLE")]
    pub(crate) target: Option<String>,
    /// Directory for all generated artifacts
    #[arg(long, value_name = "DIRECTORY", value_hint = ValueHint::DirPath)]
    pub(crate) target_dir: Option<PathBuf>,
    /// Path to Cargo.toml
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(crate) manifest_path: Option<PathBuf>,
    /// Number of parallel build jobs
    #[arg(short, long, value_name = "N")]
    pub(crate) jobs: Option<String>,
    /// Assert that Cargo.lock stays as it is
    #[arg(long)]
    pub(crate) locked: bool,
    /// Build without the network
    #[arg(long)]
    pub(crate) offline: bool,
    /// The same as --locked and --offline
    #[arg(long)]
    pub(crate) frozen: bool,
    /// Ignore the `rust-version` of packages
    #[arg(long)]
    pub(crate) ignore_rust_version: bool,
    /// Build as much as possible despite errors
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// Write a report of how long each crate took to build
    #[arg(long, value_name = "FMTS", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) timings: Option<String>,
    /// Override a value of cargo's configuration
    #[arg(long, value_name = "KEY=VALUE|PATH")]
    pub(crate) config: Vec<String>,
    /// Unstable flag of a nightly cargo
    #[arg(short = 'Z', value_name = "FLAG")]
    pub(crate) unstable: Vec<String>,
    /// Print more of the build; twice for very verbose output
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Print only errors of the build
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Colours of cargo's output: auto, always, never
    #[arg(long, value_name = "WHEN")]
    pub(crate) color: Option<String>,
}

/// The options of the training.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Training")]
pub(crate) struct TrainingArgs {
    /// Set a param; nested params have dots
    #[arg(short = 'P', long = "param", value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) params: Vec<(String, String)>,
    /// Draw only the figures whose names match
    #[arg(long, value_name = "GLOB")]
    pub(crate) only: Vec<String>,
    /// Skip the figures whose names match
    #[arg(long, value_name = "GLOB")]
    pub(crate) skip: Vec<String>,
    /// Experiment of the run
    #[arg(long, value_name = "NAME")]
    pub(crate) experiment: Option<String>,
    /// Name of the run
    #[arg(long, value_name = "NAME")]
    pub(crate) run_name: Option<String>,
    /// Tag of the run
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) tags: Vec<(String, String)>,
}

/// The options of `run` and `exec`.
#[derive(Clone, Debug, Args)]
pub(crate) struct SessionArgs {
    #[command(flatten)]
    pub(crate) training: TrainingArgs,
    /// Resume a run, by the first digits of its id in this workspace or in MLflow; its params
    /// cannot change [default: `MLFLOW_RUN_ID`]
    #[arg(long, value_name = "RUN", conflicts_with_all = ["run_name", "experiment"])]
    #[arg(help_heading = "Training", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) resume: Option<String>,
    /// Stop the program after this duration, with SIGTERM, and 10 s later with SIGKILL; the run is
    /// KILLED
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=YEAR))]
    #[arg(help_heading = "Training")]
    pub(crate) timeout: Option<u64>,
    #[command(flatten)]
    pub(crate) shipping: ShippingArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// The destination of the run.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "MLflow")]
pub(crate) struct ShippingArgs {
    /// MLflow's tracking URI [default: `MLFLOW_TRACKING_URI`, then `tracking-uri` of
    /// `package.metadata.mlplots`, then `mlflow.db` in the workspace root]
    #[arg(long, value_name = "URI", verbatim_doc_comment, value_parser = UserUri::parser())]
    pub(crate) tracking_uri: Option<UserUri>,
    /// Maximum duration of shipping after the training has ended
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    #[arg(value_parser = clap::value_parser!(u64).range(..=YEAR))]
    flush_timeout: u64,
}

impl ShippingArgs {
    /// Maximum duration of shipping after the training has ended.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.flush_timeout)
    }
}

/// The maximum of a duration in seconds; clocks cannot represent much longer ones.
const YEAR: u64 = 365 * 24 * 60 * 60;

/// The output.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Print one JSON object on stdout at the end
    #[arg(long)]
    pub(crate) json: bool,
    /// Progress on stderr
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) progress: ProgressMode,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressMode {
    /// A status line on a terminal, plain lines elsewhere
    #[default]
    Auto,
    /// Plain lines
    Plain,
    /// No progress
    Off,
}

/// The exit codes, as the help shows them.
fn exit_codes() -> String {
    let lines = Exit::ALL.map(|exit| format!("\n  {:<3}  {}", exit.code(), exit.meaning()));
    format!("Exit codes:{}", lines.concat())
}

/// `key=value`.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected `key=value`".to_owned()),
    }
}

/// Parses the arguments of `cargo mlplots …` and of `cargo-mlplots …`.
pub(crate) fn parse(mut arguments: Vec<std::ffi::OsString>) -> Result<Cli, clap::Error> {
    if arguments.get(1).is_some_and(|word| word == "mlplots") {
        arguments.remove(1);
    }
    Cli::try_parse_from(arguments)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_words_are_consistent() {
        super::Cli::command().debug_assert();
    }

    #[test]
    fn an_empty_name_does_not_mean_every_run() {
        for command in ["sync", "drop"] {
            let words = ["cargo", "mlplots", command, ""];
            assert!(super::parse(words.map(Into::into).to_vec()).is_err());
        }
    }
}
