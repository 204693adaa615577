//! `cargo mlplots exec`: train with a program that is already built, without cargo.

use std::path::PathBuf;

use mlplots_journal::Exit;

use crate::cli::{ExecArgs, WorkspaceArgs};
use crate::failure::Failure;
use crate::project::{Environment, Program};
use crate::session::Session;
use crate::settings::Settings;
use crate::workspace::Workspace;

pub(crate) fn exec(args: ExecArgs) -> Result<Exit, Failure> {
    let Workspace { root, tracking_uri } = Workspace::find(&WorkspaceArgs::default())?;
    let uri = args.session.shipping.tracking_uri.as_ref();
    let settings = Settings::resolve(uri, tracking_uri.as_ref(), &root)?;
    let mut words = args.program.into_iter();
    // clap requires at least one argument.
    let path = PathBuf::from(words.next().unwrap_or_default());
    Session {
        root,
        program: Program {
            path,
            environment: Environment::default(),
            tracking_uri,
        },
        arguments: words.collect(),
        train: args.train,
        settings,
        args: args.session,
    }
    .train()
}
