//! `cargo mlplots run`: build, then train.

use mlplots_journal::Exit;

use crate::cli::RunArgs;
use crate::failure::Failure;
use crate::project::Project;
use crate::session::Session;
use crate::settings::Settings;

pub(crate) fn run(args: RunArgs) -> Result<Exit, Failure> {
    let project = Project::find(&args.build)?;
    let program = project.build(&args.build)?;
    let uri = args.session.shipping.tracking_uri.as_ref();
    let settings = Settings::resolve(uri, program.tracking_uri.as_ref(), project.root())?;
    Session {
        root: project.root().to_path_buf(),
        program,
        arguments: args.arguments,
        train: args.train,
        settings,
        args: args.session,
    }
    .train()
}
