//! `cargo mlplots exec`: train with a program that is already built, without cargo.

use std::path::PathBuf;

use mlplots::journal::workspace_root;

use crate::cli::ExecArgs;
use crate::failure::{Failure, failure};
use crate::project::Program;
use crate::session::Session;
use crate::settings::Settings;

pub(crate) fn exec(args: ExecArgs) -> Result<u8, Failure> {
    let here = std::env::current_dir()
        .map_err(|why| failure(format!("the current folder cannot be used: {why}")))?;
    let root = workspace_root(&here);
    let settings = Settings::resolve(args.session.shipping.tracking_uri.as_ref(), None, &root)?;
    let mut words = args.program.into_iter();
    // clap asks for at least one word.
    let path = PathBuf::from(words.next().unwrap_or_default());
    Session {
        root,
        program: Program {
            path,
            manifest_dir: None,
            tracking_uri: None,
        },
        arguments: words.collect(),
        train: args.train,
        settings,
        args: args.session,
    }
    .train()
}
