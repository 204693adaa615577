//! The outcome of a run, from the exit status of its program and its journal.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::time::UNIX_EPOCH;

use mlplots_journal::record::Status;
use mlplots_journal::{Host, RunDir, disk};
use serde::{Deserialize, Serialize};

use crate::ledger::Ledger;
use crate::supervise::{Ending, signal_name};

/// The outcome of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    #[serde(deserialize_with = "Status::of_an_end")]
    pub(crate) status: Status,
    /// Milliseconds since 1970.
    pub(crate) end_time: i64,
    /// The reason, unless it is FINISHED.
    pub(crate) reason: Option<String>,
}

impl Outcome {
    /// The outcome for the supervisor, which knows the exit status.
    pub(crate) fn seen(ending: &Ending, ledger: &Ledger) -> Self {
        Self::ended(ending, ledger).damaged(ledger)
    }

    /// A run with lost records is not FINISHED.
    fn damaged(self, ledger: &Ledger) -> Self {
        match ledger.damages.first() {
            Some(damage) if self.status == Status::Finished => Self {
                status: Status::Failed,
                reason: Some(damage.clone()),
                ..self
            },
            _ => self,
        }
    }

    fn ended(ending: &Ending, ledger: &Ledger) -> Self {
        let stopped = ending.asked.map(|asked| asked.to_string());
        if let Some(close) = &ledger.close {
            return match (close.status, stopped) {
                // The training stopped on request.
                (Status::Failed, Some(stopped)) => Self {
                    status: Status::Killed,
                    end_time: close.end_time,
                    reason: Some(stopped),
                },
                (status, _) => Self {
                    status,
                    end_time: close.end_time,
                    reason: close.reason.clone(),
                },
            };
        }
        let (status, reason) = match (stopped, &ledger.panic) {
            (Some(stopped), _) => (Status::Killed, stopped),
            (None, Some(panic)) if ended_by_panic(ending) => (Status::Failed, panic.clone()),
            (None, _) => (Status::Failed, how(ending)),
        };
        Self {
            status,
            end_time: ending.time,
            reason: Some(reason),
        }
    }

    /// The outcome of a run whose journal was deleted.
    pub(crate) fn lost(ending: &Ending, why: &str) -> Self {
        Self {
            status: Status::Failed,
            end_time: ending.time,
            reason: Some(why.to_owned()),
        }
    }

    /// The outcome and the summary of the journal of a dead program.
    pub(crate) fn and_ledger(dir: &RunDir) -> io::Result<(Self, Ledger)> {
        let mut ledger = Ledger::read(dir)?;
        let outcome = Self::found(dir, &ledger)?;
        ledger.settle();
        Ok((outcome, ledger))
    }

    /// The outcome without a supervisor.
    pub(crate) fn found(dir: &RunDir, ledger: &Ledger) -> io::Result<Self> {
        Self::of(dir, ledger).map(|outcome| outcome.damaged(ledger))
    }

    /// The supervisor's outcome, or else that of the journal.
    fn of(dir: &RunDir, ledger: &Ledger) -> io::Result<Self> {
        if let Some(outcome) = Self::saved(dir)? {
            return Ok(outcome);
        }
        if let Some(close) = &ledger.close {
            return Ok(Self {
                status: close.status,
                end_time: close.end_time,
                reason: close.reason.clone(),
            });
        }
        let journal = dir.journal().metadata()?.modified()?;
        let beat = std::fs::symlink_metadata(dir.heartbeat()).and_then(|beat| beat.modified());
        let alive = beat.map_or(journal, |beat| beat.max(journal));
        let written = alive.duration_since(UNIX_EPOCH).unwrap_or_default();
        let host = ledger.open.as_ref().map(|open| &open.host);
        let unwatched = match host.filter(|host| !host.is_unknown() && **host != Host::current()) {
            Some(Host { name, .. }) => {
                format!("the machine {name} went down before the training returned")
            }
            None => {
                "the program ended before the training returned, and had no supervisor".to_owned()
            }
        };
        Ok(Self {
            status: Status::Failed,
            end_time: written.as_millis() as i64,
            reason: Some(ledger.panic.clone().unwrap_or(unwatched)),
        })
    }

    /// The supervisor's saved outcome. An invalid file counts as missing, since the journal has the
    /// same information.
    pub(crate) fn saved(dir: &RunDir) -> io::Result<Option<Self>> {
        let bytes = disk::read(&path(dir))?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Saves the outcome in the run's directory.
    pub(crate) fn save(&self, dir: &RunDir) -> io::Result<()> {
        disk::replace(&path(dir), &serde_json::to_vec(self)?)
    }
}

fn path(dir: &RunDir) -> std::path::PathBuf {
    dir.path().join("outcome.json")
}

/// Whether it ended like a Rust program that panics; an earlier panic may have been caught.
fn ended_by_panic(ending: &Ending) -> bool {
    ending.status.signal() == Some(6) || ending.status.code() == Some(101)
}

fn how(ending: &Ending) -> String {
    match (ending.status.signal(), ending.status.code()) {
        (Some(9), _) => {
            "the program was killed by SIGKILL, as the kernel does when memory runs out".to_owned()
        }
        (Some(6), _) => {
            "the program was killed by SIGABRT, as after abort, a stack overflow or a failed allocation"
                .to_owned()
        }
        (Some(signal), _) => format!("the program was killed by {}", signal_name(signal)),
        (None, Some(code)) => {
            format!("the program exited with code {code} before the training returned")
        }
        (None, None) => "the program ended before the training returned".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::supervise::Asked;
    use mlplots_journal::record::{Close, Record};
    use std::process::ExitStatus;

    fn ending(raw: i32, asked: Option<i32>) -> Ending {
        Ending {
            pid: 1,
            status: ExitStatus::from_raw(raw),
            asked: asked.map(Asked::Signal),
            time: 7,
        }
    }

    fn closed(status: Status) -> Ledger {
        let mut ledger = Ledger::default();
        ledger.add(Record::Close(Close {
            status,
            end_time: 5,
            reason: Some("why".into()),
        }));
        ledger
    }

    #[test]
    fn verdicts() {
        let open = Ledger::default();
        let mut panicked = Ledger::default();
        panicked.add(Record::Panic("panicked at src/main.rs:3: oh".into()));
        let cases = [
            (
                ending(0, None),
                &closed(Status::Finished),
                Status::Finished,
                "why",
            ),
            (
                ending(1 << 8, None),
                &closed(Status::Failed),
                Status::Failed,
                "why",
            ),
            (
                ending(1 << 8, Some(2)),
                &closed(Status::Failed),
                Status::Killed,
                "stopped by SIGINT",
            ),
            (
                ending(0, Some(2)),
                &closed(Status::Finished),
                Status::Finished,
                "why",
            ),
            (
                ending(9, None),
                &open,
                Status::Failed,
                "the program was killed by SIGKILL, as the kernel does when memory runs out",
            ),
            (
                ending(11, None),
                &open,
                Status::Failed,
                "the program was killed by SIGSEGV",
            ),
            (
                ending(15, Some(15)),
                &open,
                Status::Killed,
                "stopped by SIGTERM",
            ),
            (
                ending(0, None),
                &open,
                Status::Failed,
                "the program exited with code 0 before the training returned",
            ),
            (
                ending(6, None),
                &panicked,
                Status::Failed,
                "panicked at src/main.rs:3: oh",
            ),
            (
                ending(101 << 8, None),
                &panicked,
                Status::Failed,
                "panicked at src/main.rs:3: oh",
            ),
            (
                // It was caught, and did not end the program.
                ending(9, None),
                &panicked,
                Status::Failed,
                "the program was killed by SIGKILL, as the kernel does when memory runs out",
            ),
            (
                Ending {
                    asked: Some(Asked::Timeout(3)),
                    ..ending(15, None)
                },
                &open,
                Status::Killed,
                "stopped by --timeout after 3 s",
            ),
        ];
        for (ending, ledger, status, reason) in cases {
            let outcome = Outcome::seen(&ending, ledger);
            assert_eq!(
                (outcome.status, outcome.reason.as_deref()),
                (status, Some(reason))
            );
        }
    }
}
