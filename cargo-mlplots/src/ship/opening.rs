//! How a delivery begins: which run the journal is, and where that is in the store.

use std::io;
use std::time::Duration;

use mlplots_journal::record::{FORMAT, Open, Record, Tag};
use mlplots_journal::{Entry, Reader, RunDir};

use super::store::{Experiment, ExperimentChoice, KnownRun, NewRun, StoreError, StoredRun};
use super::{Delivery, Halt, connect, unreadable};

/// The tag that says which journal a run is.
const RUN_UUID: &str = "mlplots.run_uuid";

impl Delivery {
    /// Waits for the journal's first record. None: the program ended without a run.
    pub(super) fn opening(&self) -> Result<Option<Box<Open>>, Halt> {
        loop {
            let ended = self.flow.ended();
            let open = first(&self.dir, ended).map_err(Halt::Refused)?;
            if open.is_some() || ended {
                return Ok(open);
            }
            self.flow.rest(Duration::from_millis(20));
        }
    }

    /// Finds the run of an earlier delivery, or makes it.
    pub(super) fn run(&self, open: &Open) -> Result<StoredRun, Halt> {
        let begun = self.cursor().run.clone();
        if let Some(run) = begun {
            return self.begun(&run.id);
        }
        if let Some(run) = self.resumed()? {
            return Ok(run);
        }
        let experiment = self.attempt(|| self.experiment(open))?;
        let uuid = Tag {
            key: RUN_UUID.to_owned(),
            value: open.run_uuid.to_string(),
        };
        let mut tags = self.settings.run_context.clone();
        tags.push(uuid);
        let asked = self.cursor().asked;
        let find = || self.store.find_run(&experiment.id, &open.run_uuid);
        let run = self.found_or_made(asked, find, || {
            self.asking()?;
            self.store.create_run(&NewRun {
                experiment_id: &experiment.id,
                name: open.run_name.as_deref(),
                user: &open.user,
                start_time: open.start_time,
                tags: &tags,
            })
        })?;
        self.advance(|cursor| {
            cursor.run = Some(run.kept());
            cursor.experiment = Some(experiment.name);
        })?;
        Ok(run)
    }

    /// The run of an earlier delivery. The journal may come from elsewhere, and name any run: one
    /// that carries another journal's id is not touched.
    fn begun(&self, id: &str) -> Result<StoredRun, Halt> {
        let known = self.attempt(|| self.store.run(id))?;
        if self.is_ours(&known) {
            return Ok(known.run);
        }
        let refused = StoreError::refused(format!(
            "`{}` says that the run is {id} in {}, which is another run",
            self.dir.path().join("cursor.json").display(),
            self.store.uri()
        ));
        let help = "remove that file: the run is looked for by its own id then";
        Err(Halt::Refused(refused.help(help)))
    }

    /// Whether the run is this journal's, or one that it goes on with.
    pub(super) fn is_ours(&self, known: &KnownRun) -> bool {
        let uuid = self.dir.uuid();
        let is_ours = |tag: &Tag| tag.key == RUN_UUID && *uuid == tag.value.as_str();
        let cursor = self.cursor();
        let is_resumed = cursor.resume.is_some() || cursor.continues.is_some();
        is_resumed || known.tags.iter().any(is_ours)
    }

    /// Notes that a run is asked for now: a supervisor that is killed leaves that to the next.
    fn asking(&self) -> Result<(), StoreError> {
        let mut cursor = self.cursor();
        cursor.asked = true;
        cursor.save(&self.dir)
    }

    /// What the run names; else what the environment names; else MLflow's own default.
    fn experiment(&self, open: &Open) -> Result<Experiment, StoreError> {
        if let Some(name) = &open.experiment {
            return self.store.experiment(&ExperimentChoice::Name(name.clone()));
        }
        match connect::experiment(&self.settings, &*self.store)? {
            Some(experiment) => Ok(experiment),
            None => self.store.experiment(&ExperimentChoice::Id("0".to_owned())),
        }
    }
}

/// The journal's first record, once it is there; `ended` is whether no more comes. A journal that
/// does not say which run it is cannot be shipped.
pub(super) fn first(dir: &RunDir, ended: bool) -> Result<Option<Box<Open>>, StoreError> {
    let unreadable = |why| unreadable(dir, &why);
    let mut reader = match Reader::open(&dir.journal(), 0) {
        // Whatever is wrong with it may be over when it is looked at again.
        Err(why) if !ended || why.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(unreadable)?,
    };
    if ended {
        reader.over();
    }
    let why = match reader.next_entry().map_err(unreadable)? {
        None => return Ok(None),
        Some(Entry::Record(Record::Open(open))) => return known(dir, open).map(Some),
        Some(Entry::Record(_)) => String::new(),
        Some(Entry::Damaged { why, .. }) => format!(": in its first record, {why}"),
    };
    Err(StoreError::refused(format!(
        "the journal `{}` does not say which run it is{why}",
        dir.journal().display()
    )))
}

/// A newer program may journal what this one would leave out.
fn known(dir: &RunDir, open: Box<Open>) -> Result<Box<Open>, StoreError> {
    let journal = dir.journal();
    let journal = journal.display();
    if open.run_uuid != *dir.uuid() {
        let run = &open.run_uuid;
        let refused = format!("the journal `{journal}` is that of another run, {run}");
        return Err(StoreError::refused(refused));
    }
    if open.format <= FORMAT {
        return Ok(open);
    }
    let refused = StoreError::refused(format!(
        "the journal `{journal}` was written by mlplots {} in format {}, and cargo-mlplots {} \
         knows formats up to {FORMAT}",
        open.mlplots,
        open.format,
        env!("CARGO_PKG_VERSION"),
    ));
    Err(refused.help("`cargo install cargo-mlplots` gets a newer one"))
}
