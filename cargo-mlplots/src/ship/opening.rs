//! Finds or creates the run of a journal in the store.

use std::io;
use std::time::Duration;

use mlplots_journal::record::{FORMAT, Open, Record, Tag};
use mlplots_journal::{Entry, Reader, RunDir};

use super::store::{Experiment, ExperimentChoice, KnownRun, NewRun, StoreError, StoredRun};
use super::{Delivery, Halt, connect, unreadable};

/// The tag with the uuid of the journal.
const RUN_UUID: &str = "mlplots.run_uuid";

impl Delivery {
    /// Waits for the journal's first record. Returns `None` if the program ended without a run.
    pub(super) fn opening(&self) -> Result<Option<Box<Open>>, Halt> {
        loop {
            let ended = self.flow.ended();
            let open = first(&self.dir, ended).map_err(Halt::Refused)?;
            if open.is_some() || ended {
                return Ok(open);
            }
            self.flow.wait_for_records(Duration::from_millis(20));
        }
    }

    /// Finds the run of an earlier delivery, or creates it.
    pub(super) fn run(&self, open: &Open) -> Result<StoredRun, Halt> {
        let saved = self.cursor().run.clone();
        if let Some(run) = saved {
            return self.saved_run(&run.id);
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
        let requested = self.cursor().asked;
        let find = || self.store.find_run(&experiment.id, &open.run_uuid);
        let run = self.find_or_create(requested, find, || {
            self.save_request()?;
            self.store.create_run(&NewRun {
                experiment_id: &experiment.id,
                name: open.run_name.as_deref(),
                user: &open.user,
                start_time: open.start_time,
                tags: &tags,
            })
        })?;
        self.advance(|cursor| {
            cursor.run = Some(run.saved());
            cursor.experiment = Some(experiment.name);
        })?;
        Ok(run)
    }

    /// The run of an earlier delivery. The cursor is untrusted and may name any run, so a run that
    /// belongs to another journal is rejected.
    fn saved_run(&self, id: &str) -> Result<StoredRun, Halt> {
        let known = self.attempt(|| self.store.run(id))?;
        if self.is_ours(&known) {
            return Ok(known.run);
        }
        let refused = StoreError::refused(format!(
            "`{}` names the run {id} in {}, which belongs to another journal",
            self.dir.path().join("cursor.json").display(),
            self.store.uri()
        ));
        let help =
            "remove that file: `cargo mlplots sync` then finds the run by the uuid of this journal";
        Err(Halt::Refused(refused.help(help)))
    }

    /// Whether the run belongs to this journal, or is resumed by it.
    pub(super) fn is_ours(&self, known: &KnownRun) -> bool {
        let uuid = self.dir.uuid();
        let is_ours = |tag: &Tag| tag.key == RUN_UUID && *uuid == tag.value.as_str();
        let cursor = self.cursor();
        let is_resumed = cursor.resume.is_some() || cursor.continues.is_some();
        is_resumed || known.tags.iter().any(is_ours)
    }

    /// Saves that a run is being created: if this delivery is killed, the next one must expect the
    /// run.
    fn save_request(&self) -> Result<(), StoreError> {
        let mut cursor = self.cursor();
        cursor.asked = true;
        cursor.save(&self.dir)
    }

    /// The experiment that the run names, else the one of the environment, else MLflow's default.
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

/// The journal's first record, which identifies the run. `None` if it does not exist yet. `ended`
/// is whether the writer has ended.
pub(super) fn first(dir: &RunDir, ended: bool) -> Result<Option<Box<Open>>, StoreError> {
    let unreadable = |why| unreadable(dir, &why);
    let mut reader = match Reader::open(&dir.journal(), 0) {
        // The next attempt may read it.
        Err(why) if !ended || why.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(unreadable)?,
    };
    if ended {
        reader.over();
    }
    let why = match reader.next_entry().map_err(unreadable)? {
        None => return Ok(None),
        Some(Entry::Record(Record::Open(open))) => return validated(dir, open).map(Some),
        Some(Entry::Record(_)) => String::new(),
        Some(Entry::Damaged { why, .. }) => format!(": the first record is damaged: {why}"),
    };
    Err(StoreError::refused(format!(
        "the journal `{}` does not identify its run{why}",
        dir.journal().display()
    )))
}

/// Checks the uuid and the format. A journal of a newer format may have records that this version
/// would lose.
fn validated(dir: &RunDir, open: Box<Open>) -> Result<Box<Open>, StoreError> {
    let journal = dir.journal();
    let journal = journal.display();
    if open.run_uuid != *dir.uuid() {
        let run = &open.run_uuid;
        let refused = format!("the journal `{journal}` belongs to another run, {run}");
        return Err(StoreError::refused(refused));
    }
    if open.format <= FORMAT {
        return Ok(open);
    }
    let refused = StoreError::refused(format!(
        "the journal `{journal}` was written by mlplots {} in format {}, and cargo-mlplots {} \
         reads formats up to {FORMAT}",
        open.mlplots,
        open.format,
        env!("CARGO_PKG_VERSION"),
    ));
    Err(refused.help("install a newer version: `cargo install cargo-mlplots`"))
}
