//! The verdict on a run: from how its program ended and what its journal says last.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::UNIX_EPOCH;

use mlplots::journal::RunDir;
use mlplots::record::Status;
use serde::{Deserialize, Serialize};

use crate::ledger::Ledger;
use crate::supervise::Ending;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) status: Status,
    /// Milliseconds since 1970.
    pub(crate) end_time: i64,
    /// Why it is not FINISHED.
    pub(crate) reason: Option<String>,
}

impl Outcome {
    /// The verdict of the supervisor, who saw the program end.
    pub(crate) fn seen(ending: &Ending, ledger: &Ledger) -> Self {
        let stopped = ending
            .asked
            .map(|signal| format!("stopped by {}", signal_name(signal)));
        if let Some(close) = &ledger.close {
            return match (close.status, stopped) {
                // Asked to stop, the training gave up by itself.
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
            (None, Some(panic)) => (Status::Failed, panic.clone()),
            (None, None) => (Status::Failed, how(ending)),
        };
        Self {
            status,
            end_time: ending.time,
            reason: Some(reason),
        }
    }

    /// The verdict on a program that is dead: what its supervisor left, or else what the journal
    /// says last.
    pub(crate) fn of(dir: &RunDir, ledger: &Ledger) -> io::Result<Self> {
        if let Ok(bytes) = std::fs::read(path(dir))
            && let Ok(outcome) = serde_json::from_slice(&bytes)
        {
            return Ok(outcome);
        }
        if let Some(close) = &ledger.close {
            return Ok(Self {
                status: close.status,
                end_time: close.end_time,
                reason: close.reason.clone(),
            });
        }
        let written = dir.journal().metadata()?.modified()?;
        let written = written.duration_since(UNIX_EPOCH).unwrap_or_default();
        let unwatched = "the program ended before the training returned, and nobody watched it";
        Ok(Self {
            status: Status::Failed,
            end_time: written.as_millis() as i64,
            reason: Some(ledger.panic.clone().unwrap_or_else(|| unwatched.to_owned())),
        })
    }

    /// Leaves the verdict in the run's directory.
    pub(crate) fn save(&self, dir: &RunDir) -> io::Result<()> {
        replace(&path(dir), &serde_json::to_vec(self)?)
    }
}

fn path(dir: &RunDir) -> std::path::PathBuf {
    dir.path().join("outcome.json")
}

/// Replaces a small file as a whole: a reader sees the old or the new one, also after a power cut.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(temporary, path)
}

fn how(ending: &Ending) -> String {
    match (ending.status.signal(), ending.status.code()) {
        (Some(9), _) => {
            "the program was killed by SIGKILL, as the kernel does when memory runs out".to_owned()
        }
        (Some(signal), _) => format!("the program was killed by {}", signal_name(signal)),
        (None, Some(code)) => {
            format!("the program exited with code {code} before the training returned")
        }
        (None, None) => "the program ended before the training returned".to_owned(),
    }
}

/// `SIGTERM` for 15.
pub(crate) fn signal_name(signal: i32) -> String {
    signal_hook::low_level::signal_name(signal)
        .map_or_else(|| format!("signal {signal}"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mlplots::record::{Close, Record};
    use std::process::ExitStatus;

    fn ending(raw: i32, asked: Option<i32>) -> Ending {
        Ending {
            status: ExitStatus::from_raw(raw),
            asked,
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
