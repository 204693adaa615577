//! Watches over the training program: hands signals on, and knows how it ended.

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

/// How long a program that was asked to stop may take before it is killed.
pub(crate) const GRACE: Duration = Duration::from_secs(10);

/// Signals that come within this time of another are one request.
const ONCE: Duration = Duration::from_millis(100);

/// How long after the program our own copy of a signal to both of us may arrive.
const LATE: Duration = Duration::from_millis(200);

/// Signals by which somebody asks a program to stop.
const REQUESTS: [i32; 4] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT];

/// What asked the program to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Signal(i32),
    /// `--timeout`, of so many seconds.
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

/// The signals that we were started to ignore, the first as the lowest bit: `nohup` starts programs
/// so, and a script those that it leaves in the background. Linux tells; elsewhere none is taken to
/// be ignored.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let mask = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

/// Has the kernel keep children that ended until we have seen how, also where we were started to
/// ignore them.
pub(crate) fn keep_children() {
    // Any handler does. Where none can be set, the default may be in place.
    let _ = signal_hook::flag::register(SIGCHLD, Arc::default());
}

/// Whether the terminal's signals go to our group.
fn is_foreground() -> bool {
    File::open("/dev/tty")
        .is_ok_and(|terminal| tcgetpgrp(terminal).is_ok_and(|group| group == getpgrp()))
}

/// How a program ended.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    /// The process that was started.
    pub(crate) pid: u32,
    pub(crate) status: ExitStatus,
    /// What asked for it.
    pub(crate) asked: Option<Asked>,
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
    asked: Option<Asked>,
    times: u32,
    /// When we were asked the last time.
    last: Option<Instant>,
    events: u32,
    child: Option<Started>,
}

/// The program, while it runs.
#[derive(Clone, Copy)]
struct Started {
    pid: Pid,
    /// It leads a group of its own, and what it starts is in there too.
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
    /// From now on signals that ask us to stop end the program first.
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
                // A terminal sends Ctrl-C to the program as well; a process sends it to us alone.
                // Of a terminal that goes away only the leader of its session hears.
                let hand_on = origin.process.is_some() || origin.signal == SIGHUP;
                listener.signal(origin.signal, hand_on);
            }
        });
        Ok(stop)
    }

    /// How often we were asked.
    pub(crate) fn times(&self) -> u32 {
        self.lock().times
    }

    /// How often we were asked or woken.
    pub(crate) fn events(&self) -> u32 {
        self.lock().events
    }

    /// Sleeps, but not past the next event; not at all if there was one since `seen`.
    pub(crate) fn sleep_unless(&self, seen: u32, longest: Duration) {
        let state = self.lock();
        drop(
            self.shared
                .1
                .wait_timeout_while(state, longest, |state| state.events == seen),
        );
    }

    /// Wakes whoever sleeps.
    pub(crate) fn wake(&self) {
        self.lock().events += 1;
        self.shared.1.notify_all();
    }

    fn signal(&self, signal: i32, hand_on: bool) {
        let mut state = self.lock();
        // `timeout` signals us, and then the group that we are in: that is one request.
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
            // Asked twice, nobody wants to wait.
            child.signal(Signal::KILL);
        }
        drop(state);
        self.shared.1.notify_all();
    }

    /// Asks the program to stop, and kills it if it does not.
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

    /// Asks a program to stop that takes too long.
    fn limit(&self, seconds: u64) {
        if let Some(state) = self.still_running(Duration::from_secs(seconds))
            && state.asked.is_none()
        {
            self.ask(state, Asked::Timeout(seconds), true);
        }
    }

    /// Waits while the program runs, and returns if it runs longer than this.
    fn still_running(&self, most: Duration) -> Option<MutexGuard<'_, State>> {
        let waited = self
            .shared
            .1
            .wait_timeout_while(self.lock(), most, |state| state.child.is_some());
        let (state, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        waited.timed_out().then_some(state)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs the program to its end, or for as many seconds as it may take.
pub(crate) fn run(command: &mut Command, stop: &Stop, limit: Option<u64>) -> io::Result<Ending> {
    let (mut child, pid) = {
        // Held while the program starts, so that no signal falls between.
        let mut state = stop.lock();
        if let Some(asked) = state.asked {
            return Err(io::Error::new(
                io::ErrorKind::Interrupted,
                asked.to_string(),
            ));
        }
        let leads_group = !is_foreground();
        if leads_group {
            // A signal to our group would reach it twice: by itself, and handed on by us. Of the
            // terminal's group it stays a member: the terminal signals it, and it may read there.
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
    // Seen dead but not yet reaped, its id is still its own: no signal can reach a stranger.
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
        // A terminal or a service manager asks both of us, and the program was quicker; taken for
        // another request, our own copy would break off the shipping.
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
