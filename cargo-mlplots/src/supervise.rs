//! Watches over the training program: hands signals on, and knows how it ended.

use std::io;
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use mlplots::record::now_millis;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;

/// How long a program that was asked to stop may take before it is killed.
const GRACE: Duration = Duration::from_secs(10);

/// How a program ended.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    pub(crate) status: ExitStatus,
    /// The signal by which somebody asked us to stop it.
    pub(crate) asked: Option<i32>,
    /// In milliseconds since 1970.
    pub(crate) time: i64,
}

/// Signals that ask us to stop.
#[derive(Clone)]
pub(crate) struct Stop {
    shared: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Default)]
struct State {
    asked: Option<i32>,
    times: u32,
    child: Option<Pid>,
}

impl Stop {
    /// From now on SIGINT, SIGTERM and SIGHUP do not end us but the program first.
    pub(crate) fn listen() -> io::Result<Self> {
        let stop = Self {
            shared: Arc::default(),
        };
        let mut signals = SignalsInfo::<WithOrigin>::new([SIGINT, SIGTERM, SIGHUP])?;
        let listener = stop.clone();
        thread::spawn(move || {
            for origin in signals.forever() {
                // A terminal sends Ctrl-C to the program as well; a process sends it to us alone.
                listener.ask(origin.signal, origin.process.is_some());
            }
        });
        Ok(stop)
    }

    /// How often we were asked.
    pub(crate) fn times(&self) -> u32 {
        self.lock().times
    }

    /// Sleeps, but not past the next time that we are asked.
    pub(crate) fn sleep(&self, most: Duration) {
        let state = self.lock();
        let times = state.times;
        drop(
            self.shared
                .1
                .wait_timeout_while(state, most, |state| state.times == times),
        );
    }

    fn ask(&self, signal: i32, hand_on: bool) {
        let mut state = self.lock();
        state.times += 1;
        let first = state.asked.is_none();
        state.asked.get_or_insert(signal);
        if let Some(child) = state.child {
            if !first {
                let _ = kill_process(child, Signal::KILL);
            } else if hand_on && let Some(signal) = Signal::from_named_raw(signal) {
                let _ = kill_process(child, signal);
            }
        }
        drop(state);
        self.shared.1.notify_all();
        if first {
            let stop = self.clone();
            thread::spawn(move || stop.kill_after(GRACE));
        }
    }

    fn kill_after(&self, grace: Duration) {
        let until = Instant::now() + grace;
        let mut state = self.lock();
        while state.child.is_some() {
            let Some(left) = until.checked_duration_since(Instant::now()) else {
                if let Some(child) = state.child {
                    let _ = kill_process(child, Signal::KILL);
                }
                return;
            };
            let waited = self.shared.1.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs the program to its end.
pub(crate) fn run(command: &mut Command, stop: &Stop) -> io::Result<Ending> {
    let mut child = {
        // Held while the program starts, so that no signal falls between.
        let mut state = stop.lock();
        let child = command.spawn()?;
        state.child = Pid::from_raw(child.id().cast_signed());
        child
    };
    if let Some(pid) = Pid::from_raw(child.id().cast_signed()) {
        // Seen dead but not yet reaped, its id is still its own: no signal can reach a stranger.
        let _ = waitid(
            WaitId::Pid(pid),
            WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
        );
    }
    let time = now_millis();
    let mut state = stop.lock();
    state.child = None;
    let asked = state.asked;
    drop(state);
    stop.shared.1.notify_all();
    Ok(Ending {
        status: child.wait()?,
        asked,
        time,
    })
}
