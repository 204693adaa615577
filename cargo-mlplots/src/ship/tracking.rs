//! The lane that ships params, metrics and tags.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use mlplots_journal::record::{Metric, Param, Record, Tag};
use mlplots_journal::{Entry, Reader};

use super::closing::tag;
use super::store::check::{MAX_ALL, MAX_METRICS, MAX_PARAMS, MAX_TAGS};
use super::store::{Batch, Scope, StoreError, StoredRun};
use super::{ATTEMPTS, Delivery, Halt};

/// Maximum bytes of names and values per call. Some servers accept at most one megabyte.
const MAX_BYTES: usize = 500_000;
/// Interval between batches. Large batches are cheaper: each call costs the server milliseconds,
/// whatever its size.
const BATCH_INTERVAL: Duration = Duration::from_millis(100);
/// Number of parallel calls. A server has several workers.
const PARALLEL: usize = 4;
/// The tag with the supervisor's heartbeat. A RUNNING run with an old heartbeat is dead.
const HEARTBEAT: &str = "mlplots.heartbeat";
/// Interval between heartbeats.
const BEAT: Duration = Duration::from_mins(1);
/// Number of full batches between two saves of the cursor.
const WINDOW: usize = 32;
/// Maximum number of attempts for a part of a batch.
const ATTEMPTS_OF_A_PART: u32 = 3;
/// Maximum number of rejected items. More of them mean that the store rejects the run.
const MAX_REJECTED: usize = 200;

impl Delivery {
    /// Ships params, metrics and tags until the end of the journal.
    pub(super) fn track(&self, run: &StoredRun) -> Result<(), Halt> {
        let from = self.cursor().tracking;
        let mut reader =
            Reader::open(&self.dir.journal(), from).map_err(|why| self.unreadable(&why))?;
        let mut rejected = Rejected::default();
        let mut last_beat: Option<Instant> = None;
        loop {
            let ended = self.flow.ended();
            if ended {
                reader.over();
            }
            let mut builder = BatchBuilder::default();
            let mut batches = Vec::new();
            if !ended && last_beat.is_none_or(|last_beat| last_beat.elapsed() >= BEAT) {
                let now = humantime::format_rfc3339_seconds(SystemTime::now());
                let beat = tag(HEARTBEAT, &now.to_string());
                batches.extend(builder.add(Record::Tags(vec![beat])));
                last_beat = Some(Instant::now());
            }
            while batches.len() < WINDOW {
                match reader.next_entry().map_err(|why| self.unreadable(&why))? {
                    Some(Entry::Record(record)) => batches.extend(builder.add(record)),
                    Some(Entry::Damaged { .. }) => {}
                    None => break,
                }
            }
            let full = batches.len() >= WINDOW;
            if !builder.batch.is_empty() {
                batches.push(builder.batch);
            }
            self.send_all(run, &batches, &mut rejected)?;
            if ended && !full {
                self.retry_failing(run, &mut rejected)?;
            }
            if rejected.is_empty() && reader.offset() > self.cursor().tracking {
                let upto = reader.offset();
                // An error is harmless: a later save succeeds, or the records are sent again, which
                // is idempotent.
                let _ = self.advance(|cursor| cursor.tracking = upto);
            }
            if full {
                continue;
            }
            if ended {
                return rejected
                    .refused
                    .map_or(Ok(()), |error| Err(Halt::Refused(error)));
            }
            self.flow.wait_for_records(BATCH_INTERVAL);
        }
    }

    /// Ships batches. Batches without tags are sent in parallel, since points and params may arrive
    /// in any order. Batches with tags are sent in order, since a later value replaces an earlier
    /// one.
    fn send_all(
        &self,
        run: &StoredRun,
        batches: &[Batch],
        rejected: &mut Rejected,
    ) -> Result<(), Halt> {
        let (tagged, free): (Vec<&Batch>, Vec<&Batch>) =
            batches.iter().partition(|batch| !batch.tags.is_empty());
        let parallel = PARALLEL.min(free.len());
        let queue = Mutex::new(free.into_iter());
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        let lane = || {
            let mut rejected = Rejected::default();
            while let Some(batch) = next() {
                self.send(run, batch, ATTEMPTS, &mut rejected)?;
            }
            Ok(rejected)
        };
        let sent: Vec<Result<_, Halt>> = thread::scope(|scope| {
            let lanes: Vec<_> = (0..parallel).map(|_| scope.spawn(lane)).collect();
            lanes
                .into_iter()
                .map(|lane| lane.join().unwrap_or(Err(Halt::GivenUp(None))))
                .collect()
        });
        for sent in sent {
            rejected.extend(sent?);
        }
        for batch in tagged {
            self.send(run, batch, ATTEMPTS, rejected)?;
        }
        Ok(())
    }

    /// Ships a batch. If the store rejects it, ships its halves, to isolate the items that cause
    /// the error.
    fn send(
        &self,
        run: &StoredRun,
        batch: &Batch,
        attempts: u32,
        rejected: &mut Rejected,
    ) -> Result<(), Halt> {
        let error = match self.attempt_up_to(attempts, || self.store.log_batch(&run.id, batch)) {
            Ok(()) => {
                self.progress.shipped(batch.metrics.len(), 0);
                return Ok(());
            }
            Err(Halt::Refused(error)) if error.scope == Scope::Item => error,
            Err(halt) => return Err(halt),
        };
        let Some(halves) = batch.halves() else {
            return rejected.add(batch, error);
        };
        for half in halves {
            self.send(run, &half, ATTEMPTS_OF_A_PART, rejected)?;
        }
        Ok(())
    }

    /// Retries failed items once, since the cause may be gone.
    fn retry_failing(&self, run: &StoredRun, rejected: &mut Rejected) -> Result<(), Halt> {
        for batch in std::mem::take(&mut rejected.failing) {
            let mut again = Rejected::default();
            self.send(run, &batch, ATTEMPTS_OF_A_PART, &mut again)?;
            rejected.refused = rejected.refused.take().or(again.refused).or(again.failure);
        }
        Ok(())
    }
}

/// Items that the store did not accept.
#[derive(Default)]
struct Rejected {
    /// The first permanent error.
    refused: Option<StoreError>,
    /// Items that failed and may be retried.
    failing: Vec<Batch>,
    /// The first error that may be temporary.
    failure: Option<StoreError>,
    count: usize,
}

impl Rejected {
    fn is_empty(&self) -> bool {
        self.refused.is_none() && self.failing.is_empty()
    }

    /// Adds an item. Returns an error if there are too many.
    fn add(&mut self, item: &Batch, error: StoreError) -> Result<(), Halt> {
        self.count += 1;
        if self.count > MAX_REJECTED {
            return Err(Halt::Refused(error));
        }
        if error.is_failure_of_item() {
            self.failing.push(item.clone());
            self.failure.get_or_insert(error);
        } else {
            self.refused.get_or_insert(error);
        }
        Ok(())
    }

    fn extend(&mut self, other: Self) {
        self.refused = self.refused.take().or(other.refused);
        self.failing.extend(other.failing);
        self.failure = self.failure.take().or(other.failure);
        self.count += other.count;
    }
}

impl Batch {
    fn len(&self) -> usize {
        self.metrics.len() + self.params.len() + self.tags.len()
    }

    /// Splits the batch into two halves. Returns `None` for a single item.
    fn halves(&self) -> Option<[Self; 2]> {
        fn tail<T>(items: &mut Vec<T>, room: &mut usize) -> Vec<T> {
            let rest = items.split_off(items.len().min(*room));
            *room -= items.len();
            rest
        }
        let mut room = self.len() / 2;
        if room == 0 {
            return None;
        }
        let mut first = self.clone();
        let second = Self {
            metrics: tail(&mut first.metrics, &mut room),
            params: tail(&mut first.params, &mut room),
            tags: tail(&mut first.tags, &mut room),
        };
        Some([first, second])
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Collects items into batches within MLflow's limits.
#[derive(Default)]
struct BatchBuilder {
    batch: Batch,
    bytes: usize,
}

impl BatchBuilder {
    /// Adds the items of a record. Returns the batches that became full.
    fn add(&mut self, record: Record) -> Vec<Batch> {
        let mut full = Vec::new();
        match record {
            Record::Metrics(metrics) => {
                metrics
                    .into_iter()
                    .for_each(|metric| self.metric(metric, &mut full));
            }
            Record::Params(params) => {
                params
                    .into_iter()
                    .for_each(|param| self.param(param, &mut full));
            }
            Record::Tags(tags) => tags.into_iter().for_each(|tag| self.tag(tag, &mut full)),
            _ => {}
        }
        full
    }

    fn metric(&mut self, metric: Metric, full: &mut Vec<Batch>) {
        self.make_room(metric.key.len() + 100, full);
        if self.batch.metrics.len() == MAX_METRICS {
            self.take(full);
        }
        self.batch.metrics.push(metric);
    }

    fn param(&mut self, param: Param, full: &mut Vec<Batch>) {
        self.make_room(param.key.len() + param.value.len() + 50, full);
        if self.batch.params.len() == MAX_PARAMS {
            self.take(full);
        }
        self.batch.params.push(param);
    }

    fn tag(&mut self, tag: Tag, full: &mut Vec<Batch>) {
        self.make_room(tag.key.len() + tag.value.len() + 50, full);
        // A call must not set a tag twice.
        self.batch.tags.retain(|known| known.key != tag.key);
        if self.batch.tags.len() == MAX_TAGS {
            self.take(full);
        }
        self.batch.tags.push(tag);
    }

    fn make_room(&mut self, bytes: usize, full: &mut Vec<Batch>) {
        if self.batch.len() == MAX_ALL || self.bytes + bytes > MAX_BYTES {
            self.take(full);
        }
        self.bytes += bytes;
    }

    fn take(&mut self, full: &mut Vec<Batch>) {
        full.push(std::mem::take(&mut self.batch));
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(step: i64) -> Metric {
        Metric {
            key: "loss".into(),
            value: 1.0,
            timestamp: 1,
            step,
        }
    }

    fn tag(key: String) -> Tag {
        Tag {
            key,
            value: "v".into(),
        }
    }

    #[test]
    fn batches_stay_within_mlflows_limits() {
        let mut builder = BatchBuilder::default();
        let mut batches = builder.add(Record::Metrics((0..2500).map(metric).collect()));
        let params = (0..250).map(|i| Param {
            key: format!("p{i}"),
            value: "x".repeat(6000),
        });
        batches.extend(builder.add(Record::Params(params.collect())));
        batches.extend(builder.add(Record::Tags(
            (0..250).map(|i| tag(format!("t{i}"))).collect(),
        )));
        batches.push(builder.batch);
        for batch in &batches {
            assert!(
                batch.metrics.len() <= 1000 && batch.params.len() <= 100 && batch.tags.len() <= 100
            );
            assert!(batch.metrics.len() + batch.params.len() + batch.tags.len() <= 1000);
        }
        let steps: Vec<_> = batches
            .iter()
            .flat_map(|b| &b.metrics)
            .map(|m| m.step)
            .collect();
        assert_eq!(steps, (0..2500).collect::<Vec<_>>());
        assert_eq!(batches.iter().map(|b| b.params.len()).sum::<usize>(), 250);
        assert_eq!(batches.iter().map(|b| b.tags.len()).sum::<usize>(), 250);
    }

    #[test]
    fn the_halves_of_a_batch_contain_all_its_items() {
        let param = |i: usize| Param {
            key: format!("p{i}"),
            value: String::new(),
        };
        for (metrics, params, tags) in [
            (0, 0, 2),
            (1, 0, 1),
            (1, 1, 1),
            (7, 0, 2),
            (0, 5, 9),
            (3, 8, 1),
        ] {
            let batch = Batch {
                metrics: (0..metrics).map(metric).collect(),
                params: (0..params).map(param).collect(),
                tags: (0..tags).map(|i| tag(format!("t{i}"))).collect(),
            };
            let [first, second] = batch.halves().expect("two halves");
            assert_eq!(first.len(), batch.len() / 2);
            assert_eq!([first.metrics, second.metrics].concat(), batch.metrics);
            assert_eq!([first.params, second.params].concat(), batch.params);
            assert_eq!([first.tags, second.tags].concat(), batch.tags);
        }
        let single = Batch {
            tags: vec![tag("t".into())],
            ..Batch::default()
        };
        assert!(single.halves().is_none() && Batch::default().halves().is_none());
    }

    #[test]
    fn only_the_last_value_of_a_tag_is_sent() {
        let mut builder = BatchBuilder::default();
        builder.add(Record::Tags(vec![
            Tag {
                key: "a".into(),
                value: "1".into(),
            },
            Tag {
                key: "a".into(),
                value: "2".into(),
            },
        ]));
        assert_eq!(
            builder.batch.tags,
            [Tag {
                key: "a".into(),
                value: "2".into()
            }]
        );
    }
}
