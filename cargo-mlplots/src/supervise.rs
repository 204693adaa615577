//! Supervises the training program: forwards signals and waits for its exit status.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use mlplots_journal::record::now_millis;
use rustix::io::retry_on_intr;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, getpgrp, kill_process, kill_process_group, waitid,
};
use rustix::termios::tcgetpgrp;
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;

/// Grace period between the request to stop and SIGKILL.
pub(crate) const GRACE: Duration = Duration::from_secs(10);

/// Signals within this duration count as one request.
const ONCE: Duration = Duration::from_millis(100);

/// Maximum delay of this process's copy of a signal that the program got too.
const LATE: Duration = Duration::from_millis(200);

/// Signals that ask a program to stop.
const REQUESTS: [i32; 4] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT];

/// The cause of a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Signal(i32),
    /// `--timeout` in seconds.
    Timeout(u64),
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal(signal) => write!(f, "stopped by {}", signal_name(*signal)),
            Self::Timeout(seconds) => write!(f, "stopped by --timeout after {seconds} s"),
        }
    }
}

/// `SIGTERM` for 15.
pub(crate) fn signal_name(signal: i32) -> String {
    signal_hook::low_level::signal_name(signal)
        .map_or_else(|| format!("signal {signal}"), str::to_owned)
}

/// The signals that this process was started to ignore, the first one as the lowest bit, as by
/// `nohup` or for background processes of a script. Known on Linux only; elsewhere empty.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let mask = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

/// Makes the kernel keep the exit status of children, even if this process was started with SIGCHLD
/// ignored.
pub(crate) fn keep_children() {
    // Any handler suffices. If none can be set, the default may be active.
    let _ = signal_hook::flag::register(SIGCHLD, Arc::default());
}

/// Whether the terminal's signals go to this process group.
fn is_foreground() -> bool {
    File::open("/dev/tty")
        .is_ok_and(|terminal| tcgetpgrp(terminal).is_ok_and(|group| group == getpgrp()))
}

/// The end of a program.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    /// Its process id.
    pub(crate) pid: u32,
    pub(crate) status: ExitStatus,
    /// The cause, if it was stopped.
    pub(crate) asked: Option<Asked>,
    /// Its time in milliseconds since 1970.
    pub(crate) time: i64,
}

/// Requests to stop this process.
#[derive(Clone)]
pub(crate) struct Stop {
    shared: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Default)]
struct State {
    asked: Option<Asked>,
    times: u32,
    /// The time of the last request.
    last: Option<Instant>,
    events: u32,
    child: Option<Started>,
}

/// The running program.
#[derive(Clone, Copy)]
struct Started {
    pid: Pid,
    /// Whether it leads its own process group, with its children.
    leads_group: bool,
}

impl Started {
    fn signal(self, signal: Signal) {
        let send = if self.leads_group {
            kill_process_group
        } else {
            kill_process
        };
        // It may have ended meanwhile.
        let _ = send(self.pid, signal);
    }
}

impl Stop {
    /// Installs the signal handlers: from now on, a request to stop ends the program first.
    pub(crate) fn listen() -> io::Result<Self> {
        let stop = Self {
            shared: Arc::default(),
        };
        let ignored = ignored();
        let heard = REQUESTS
            .iter()
            .filter(|&signal| ignored >> (signal - 1) & 1 == 0);
        let mut signals = SignalsInfo::<WithOrigin>::new(heard)?;
        let listener = stop.clone();
        thread::spawn(move || {
            for origin in signals.forever() {
                // A terminal sends Ctrl-C to the program too, another process only to this one.
                // When a terminal closes, only the leader of its session gets SIGHUP.
                let hand_on = origin.process.is_some() || origin.signal == SIGHUP;
                listener.signal(origin.signal, hand_on);
            }
        });
        Ok(stop)
    }

    /// Number of requests.
    pub(crate) fn times(&self) -> u32 {
        self.lock().times
    }

    /// Number of requests and wake-ups.
    pub(crate) fn events(&self) -> u32 {
        self.lock().events
    }

    /// Sleeps until the next event; returns at once if there was one since `seen`.
    pub(crate) fn sleep_unless(&self, seen: u32, longest: Duration) {
        let state = self.lock();
        drop(
            self.shared
                .1
                .wait_timeout_while(state, longest, |state| state.events == seen),
        );
    }

    /// Wakes all sleepers.
    pub(crate) fn wake(&self) {
        self.lock().events += 1;
        self.shared.1.notify_all();
    }

    fn signal(&self, signal: i32, hand_on: bool) {
        let mut state = self.lock();
        // `timeout` signals this process and then its group: that is one request.
        if state.last.is_some_and(|last| last.elapsed() < ONCE) {
            return;
        }
        state.last = Some(Instant::now());
        state.times += 1;
        state.events += 1;
        if state.asked.is_none() {
            let signal = Asked::Signal(signal);
            self.ask(state, signal, hand_on);
            return;
        }
        if let Some(child) = state.child {
            // The second request kills at once.
            child.signal(Signal::KILL);
        }
        drop(state);
        self.shared.1.notify_all();
    }

    /// Asks the program to stop, and kills it after the grace period.
    fn ask(&self, mut state: MutexGuard<'_, State>, asked: Asked, hand_on: bool) {
        state.asked = Some(asked);
        let signal = match asked {
            Asked::Signal(signal) => Signal::from_named_raw(signal),
            Asked::Timeout(_) => Some(Signal::TERM),
        };
        if let (Some(child), Some(signal), true) = (state.child, signal, hand_on) {
            child.signal(signal);
        }
        drop(state);
        self.shared.1.notify_all();
        let stop = self.clone();
        thread::spawn(move || {
            if let Some(state) = stop.still_running(GRACE)
                && let Some(child) = state.child
            {
                child.signal(Signal::KILL);
            }
        });
    }

    /// Asks the program to stop after `--timeout`.
    fn limit(&self, seconds: u64) {
        if let Some(state) = self.still_running(Duration::from_secs(seconds))
            && state.asked.is_none()
        {
            self.ask(state, Asked::Timeout(seconds), true);
        }
    }

    /// Waits for the program up to a duration.
    fn still_running(&self, timeout: Duration) -> Option<MutexGuard<'_, State>> {
        let waited = self
            .shared
            .1
            .wait_timeout_while(self.lock(), timeout, |state| state.child.is_some());
        let (state, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        waited.timed_out().then_some(state)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs the program to its end, or until the timeout in seconds.
pub(crate) fn run(command: &mut Command, stop: &Stop, limit: Option<u64>) -> io::Result<Ending> {
    let (mut child, pid) = {
        // Locked while the program starts, so that no signal is lost.
        let mut state = stop.lock();
        if let Some(asked) = state.asked {
            return Err(io::Error::new(
                io::ErrorKind::Interrupted,
                asked.to_string(),
            ));
        }
        let leads_group = !is_foreground();
        if leads_group {
            // Otherwise a signal to this process group would reach it twice: directly and
            // forwarded. At a terminal it stays in the foreground group: the terminal signals it,
            // and it may read input.
            command.process_group(0);
        }
        let child = command.spawn()?;
        let pid = Pid::from_child(&child);
        state.child = Some(Started { pid, leads_group });
        (child, pid)
    };
    if let Some(seconds) = limit {
        let stop = stop.clone();
        thread::spawn(move || stop.limit(seconds));
    }
    // Until it is reaped, its process id is not reused: no signal can reach another process.
    let seen = retry_on_intr(|| {
        waitid(
            WaitId::Pid(pid),
            WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
        )
    });
    let time = now_millis();
    let mut state = stop.lock();
    state.child = None;
    stop.shared.1.notify_all();
    let killed_by = seen
        .ok()
        .flatten()
        .and_then(|seen| seen.terminating_signal());
    if let Some(signal) = killed_by.filter(|signal| REQUESTS.contains(signal))
        && state.asked.is_none()
    {
        // A terminal or a service manager signals both processes, and the program may end first:
        // the copy for this process must not count as a second request, which would stop the
        // shipping.
        let waited = stop
            .shared
            .1
            .wait_timeout_while(state, LATE, |state| state.asked.is_none());
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.asked.get_or_insert(Asked::Signal(signal));
    }
    let asked = state.asked;
    drop(state);
    Ok(Ending {
        pid: child.id(),
        status: child.wait()?,
        asked,
        time,
    })
}
