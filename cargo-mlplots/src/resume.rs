//! `--resume`: finds the run to resume, with its params and last steps.

use std::path::Path;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use mlplots_journal::request::Resumed;
use mlplots_journal::{Exit, RunDir, disk};

use crate::failure::{Failure, failure};
use crate::ledger::Ledger;
use crate::outcome::Outcome;
use crate::settings::Settings;
use crate::ship::store::{ErrorKind, KnownRun, StoreError};
use crate::ship::{
    Claim, Cursor, Life, Resumption, before, belongs_to_store, life, open_existing, quote,
};
use crate::view;

/// The tag with the list of tables.
const TABLES: &str = "mlflow.loggedArtifacts";

/// Timeout for reading a run that has no journal here.
const PATIENCE: Duration = Duration::from_secs(10);

/// The run to resume.
#[derive(Default)]
pub(crate) struct Resume {
    pub(crate) resumption: Resumption,
    /// Its data for the program.
    pub(crate) known: Resumed,
}

impl Resume {
    /// Finds a run by the first digits of its id here or in MLflow, or by its full id in MLflow.
    pub(crate) fn find(prefix: &str, root: &Path, settings: &Settings) -> Result<Self, Failure> {
        let folder = RunDir::runs(root);
        let all = RunDir::all(root)
            .map_err(|why| failure(format!("`{}` cannot be read: {why}", folder.display())))?;
        let all: Vec<_> = all
            .into_iter()
            .filter(|dir| dir.journal().exists())
            // An unreadable one is an error only if it is the selected run.
            .map(|dir| (Cursor::load(&dir).unwrap_or_default(), dir))
            .collect();
        let mut found: Vec<usize> = (0..all.len())
            .filter(|&index| is_named(&all[index], prefix))
            .map(|index| newest(&all, index))
            .collect();
        found.dedup();
        match *found {
            [index] => Self::journaled(&all, index, settings),
            [] if prefix.len() == 32 && prefix.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                Self::stored(prefix, settings)
            }
            [] => Err(failure(format!(
                "there is no run `{prefix}` in `{}`",
                folder.display()
            ))
            .help(
                "`cargo mlplots runs` lists them; name a run that was journaled elsewhere by its full run id in MLflow",
            )
            .exit(Exit::Usage)),
            _ => Err(
                failure(format!("several runs begin with `{prefix}`"))
                    .help("give more of its digits; `cargo mlplots runs` lists them")
                    .exit(Exit::Usage),
            ),
        }
    }

    /// A run with a journal here.
    fn journaled(
        all: &[(Cursor, RunDir)],
        index: usize,
        settings: &Settings,
    ) -> Result<Self, Failure> {
        let dir = &all[index].1;
        let cursor = &Cursor::load(dir)?;
        let uuid = dir.uuid();
        if matches!(life(dir), Life::Alive | Life::Elsewhere(_)) {
            return Err(failure(format!("the run {uuid} is still running")).exit(Exit::Refused));
        }
        Claim::take(dir).map_err(|why| {
            failure(format!("the run {uuid} cannot be resumed: {why}")).exit(Exit::Refused)
        })?;
        if let (Some(uri), Some(_)) = (&cursor.tracking_uri, &cursor.run)
            && !belongs_to_store(cursor, settings)?
        {
            return Err(failure(format!(
                "the run {uuid} is in {uri}, not in {}",
                settings.uri()
            ))
            .help(format!("resume it there: `--tracking-uri {}`", quote(uri)))
            .exit(Exit::Usage));
        }
        let unreadable = |why| {
            let journal = dir.path().display();
            failure(format!("the journal in `{journal}` cannot be read: {why}"))
        };
        let (outcome, ledger) = Outcome::and_ledger(dir).map_err(unreadable)?;
        let reason = outcome.reason.map(|why| format!(": {why}"));
        let mut resume = Self {
            resumption: Resumption {
                run_id: cursor.run.as_ref().map(|run| run.id.clone()),
                continues: Some(uuid.clone()),
                before: Some(format!("{}{}", outcome.status, reason.unwrap_or_default())),
            },
            known: Resumed::default(),
        };
        resume.add(ledger);
        for before in before(dir, cursor) {
            let (dir, _) = before?;
            resume.add(Ledger::read(&dir).map_err(unreadable)?);
        }
        Ok(resume)
    }

    /// Adds the data of one of its journals.
    fn add(&mut self, ledger: Ledger) {
        let params = ledger.params.into_iter();
        self.known
            .params
            .extend(params.map(|param| (param.key, param.value)));
        if self.known.tables.is_none() {
            let tables = ledger.tags.get(TABLES).map(|(value, _)| value.clone());
            self.known.tables = tables;
        }
        for (key, metric) in ledger.latest {
            let step = self.known.steps.entry(key).or_insert(metric.step);
            *step = metric.step.max(*step);
        }
    }

    /// A run without a journal here.
    fn stored(id: &str, settings: &Settings) -> Result<Self, Failure> {
        let mut resume = Self {
            resumption: Resumption {
                run_id: Some(id.to_owned()),
                ..Resumption::default()
            },
            known: Resumed::default(),
        };
        match query(id, settings) {
            Ok(known) => {
                let params = known.params.into_iter();
                resume.known = Resumed {
                    params: params.map(|param| (param.key, param.value)).collect(),
                    steps: known.steps,
                    tables: known
                        .tags
                        .into_iter()
                        .find(|tag| tag.key == TABLES)
                        .map(|tag| tag.value),
                };
            }
            Err(error) if error.kind == ErrorKind::Refused => return Err(error.into()),
            Err(error) => view::warning(&format!(
                "{error}; the training continues without the run's params and last steps"
            )),
        }
        Ok(resume)
    }

    /// Writes the data for the program to the new run's directory.
    pub(crate) fn write(&self, dir: &RunDir) -> std::io::Result<()> {
        disk::replace(&dir.resumed(), &serde_json::to_vec(&self.known)?)
    }
}

/// Whether the id of a journal, or of its run in MLflow, begins with these digits.
fn is_named((cursor, dir): &(Cursor, RunDir), prefix: &str) -> bool {
    let made = cursor.run.as_ref().map(|run| &run.id);
    let mut names = [made, cursor.resume.as_ref()].into_iter().flatten();
    dir.uuid().starts_with(prefix) || names.any(|id| id.starts_with(prefix))
}

/// The index of the newest journal of the same run.
fn newest(all: &[(Cursor, RunDir)], mut index: usize) -> usize {
    let next = |index: usize| {
        let uuid = all[index].1.uuid();
        let resumes = |(cursor, _): &(Cursor, RunDir)| cursor.continues.as_ref() == Some(uuid);
        let later = all[index + 1..].iter().position(resumes)?;
        Some(index + 1 + later)
    };
    while let Some(later) = next(index) {
        index = later;
    }
    index
}

/// Reads a run from the store, with a timeout and without retries.
fn query(id: &str, settings: &Settings) -> Result<KnownRun, StoreError> {
    let store = open_existing(settings)?;
    let uri = settings.uri();
    let (sender, receiver) = channel();
    let id = id.to_owned();
    thread::spawn(move || drop(sender.send(store.run(&id))));
    receiver
        .recv_timeout(PATIENCE)
        .unwrap_or_else(|_| Err(StoreError::retry(format!("{uri} does not answer"))))
}
