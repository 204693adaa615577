//! The summary of a whole journal.

use std::collections::BTreeMap;
use std::io;

use mlplots_journal::record::{
    Artifact, Close, Figure, FigureStatus, Metric, Model, Open, Param, Record, Tag, Tally,
};
use mlplots_journal::{Entry, Reader, RunDir};

/// The summary of a journal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) open: Option<Box<Open>>,
    pub(crate) params: Vec<Param>,
    /// The newest value of each tag, and whether it had another before.
    pub(crate) tags: BTreeMap<String, (String, bool)>,
    /// The newest point of each metric, by MLflow's rule: step, then time, then value.
    pub(crate) latest: BTreeMap<String, Metric>,
    pub(crate) points: u64,
    pub(crate) artifacts: Vec<Artifact>,
    pub(crate) tally: Tally,
    pub(crate) models: Vec<Model>,
    pub(crate) problems: Vec<String>,
    pub(crate) panic: Option<String>,
    pub(crate) close: Option<Close>,
    pub(crate) damages: Damages,
}

/// Damaged entries of a journal. Only the first ones are kept: an arbitrary file may have millions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Damages {
    first: Vec<String>,
    further: u64,
}

/// Maximum number of entries that are reported individually.
const MAX_DAMAGES: usize = 20;

impl Damages {
    fn add(&mut self, damage: String) {
        if self.first.len() < MAX_DAMAGES {
            self.first.push(damage);
        } else {
            self.further += 1;
        }
    }

    /// The first entries.
    pub(crate) fn first(&self) -> Option<&String> {
        self.first.first()
    }

    /// The messages for the user.
    pub(crate) fn messages(&self) -> impl Iterator<Item = String> {
        let further = (self.further > 0)
            .then(|| format!("the journal is damaged at {} more places", self.further));
        self.first.iter().cloned().chain(further)
    }
}

impl Ledger {
    /// Reads a journal to its end.
    pub(crate) fn read(dir: &RunDir) -> io::Result<Self> {
        let mut ledger = Self::default();
        let mut reader = Reader::open(&dir.journal(), 0)?;
        reader.over();
        while let Some(entry) = reader.next_entry()? {
            match entry {
                Entry::Record(record) => ledger.add(record),
                Entry::Damaged { offset, why } => ledger
                    .damages
                    .add(format!("the journal is damaged at byte {offset}: {why}")),
            }
        }
        if reader.torn() > 0 {
            let (offset, bytes) = (reader.offset(), reader.torn());
            ledger.damages.add(format!(
                "the journal's last record, at byte {offset}, is truncated after {bytes} bytes"
            ));
        }
        Ok(ledger)
    }

    /// Adds a record.
    pub(crate) fn add(&mut self, record: Record) {
        match record {
            Record::Open(open) => self.open = Some(open),
            Record::Params(params) => self.params.extend(params),
            Record::Metrics(metrics) => {
                self.points += metrics.len() as u64;
                for metric in metrics {
                    let newer = self
                        .latest
                        .get(&metric.key)
                        .is_none_or(|known| rank(&metric) >= rank(known));
                    if newer {
                        self.latest.insert(metric.key.clone(), metric);
                    }
                }
            }
            Record::Tags(tags) => {
                for tag in tags {
                    let again = self.tags.contains_key(&tag.key);
                    self.tags.insert(tag.key, (tag.value, again));
                }
            }
            Record::Artifact(artifact) => self.artifacts.push(artifact),
            Record::Figure(figure) => self.tally.add(&figure),
            Record::Model(model) => self.models.push(*model),
            Record::Problem(problem) => self.problems.push(problem.message),
            Record::Panic(panic) => self.panic = Some(panic),
            Record::Close(close) => self.close = Some(close),
        }
    }

    /// The problems that the program reported, and the damage of the journal.
    pub(crate) fn all_problems(&self) -> impl Iterator<Item = String> {
        self.problems.iter().cloned().chain(self.damages.messages())
    }

    /// The final values of tags that were set more than once.
    pub(crate) fn renewed(&self) -> impl Iterator<Item = Tag> {
        let renewed = self.tags.iter();
        let renewed = renewed.filter(|(key, (_, again))| *again && !key.starts_with("mlplots."));
        renewed.map(|(key, (value, _))| Tag {
            key: key.clone(),
            value: value.clone(),
        })
    }

    /// Adds the figures that were not drawn because the program died.
    pub(crate) fn settle(&mut self) {
        let Some(open) = &self.open else { return };
        for plot in &open.figures {
            if self.tally.get(&plot.name).is_none() {
                self.tally.add(&Figure {
                    name: plot.name.clone(),
                    status: FigureStatus::Failed,
                    reason: Some("the run ended before it was drawn".to_owned()),
                    step: None,
                    files: Vec::new(),
                    millis: 0,
                    source: plot.source.clone(),
                    optional: plot.optional,
                });
            }
        }
    }
}

fn rank(metric: &Metric) -> (i64, i64, f64) {
    (metric.step, metric.timestamp, metric.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_were_set_again_are_known_by_their_last_value() {
        let tag = |key: &str, value: &str| Tag {
            key: key.to_owned(),
            value: value.to_owned(),
        };
        let mut ledger = Ledger::default();
        for (key, value) in [("a", "1"), ("b", "1"), ("a", "2"), ("mlplots.a", "1")] {
            ledger.add(Record::Tags(vec![tag(key, value)]));
        }
        ledger.add(Record::Tags(vec![tag("a", "3"), tag("mlplots.a", "2")]));
        assert_eq!(ledger.renewed().collect::<Vec<_>>(), [tag("a", "3")]);
    }
}
