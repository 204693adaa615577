//! Draws plots on threads of their own. What happens in one plot stays there: a panic, an error
//! and a timeout are that plot's failure.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::panics;
use super::plot::{Inputs, Plot};
use crate::figure::{Output, Spec};

/// Seconds that a plot may take when it does not say.
const DEFAULT_TIMEOUT: u64 = 600;

/// A plot to be drawn from these values.
pub(crate) struct Job {
    pub(crate) plot: &'static Plot,
    pub(crate) inputs: Inputs,
    pub(crate) step: Option<i64>,
    /// Later jobs of a plot have larger numbers.
    pub(crate) number: u64,
}

/// What came of a job.
pub(crate) struct Drawn {
    pub(crate) plot: &'static Plot,
    pub(crate) step: Option<i64>,
    pub(crate) number: u64,
    pub(crate) output: Result<Output, String>,
    pub(crate) took: Duration,
}

/// A few threads that draw.
pub(crate) struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    most: usize,
    /// Takes each result; called once a job, off the training thread.
    take: Box<dyn Fn(Drawn) + Send + Sync>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Job>,
    active: HashMap<u64, Active>,
    next: u64,
    workers: usize,
    idle: usize,
    closed: bool,
}

/// A job that a thread works on; whoever removes it owns its result.
struct Active {
    plot: &'static Plot,
    step: Option<i64>,
    number: u64,
    since: Instant,
    drawing: bool,
}

impl Active {
    fn deadline(&self) -> Instant {
        self.since + Duration::from_secs(self.plot.timeout.unwrap_or(DEFAULT_TIMEOUT))
    }
}

impl Pool {
    pub(crate) fn new(take: impl Fn(Drawn) + Send + Sync + 'static) -> Self {
        // One core stays with the training.
        let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            shared: Arc::new(Shared {
                state: Mutex::default(),
                changed: Condvar::new(),
                most: (cores - 1).clamp(1, 8),
                take: Box::new(take),
            }),
        }
    }

    /// Adds a job and returns at once.
    pub(crate) fn draw(&self, job: Job) {
        let mut state = self.shared.lock();
        state.waiting.push_back(job);
        if state.idle == 0 && state.workers < self.shared.most {
            self.shared.spawn(&mut state);
        }
        drop(state);
        self.shared.changed.notify_all();
    }

    /// Gives up the plots whose time is over, whenever it is called.
    pub(crate) fn watchdog(&self) -> impl Fn() + Send + 'static {
        let shared = Arc::clone(&self.shared);
        move || {
            shared.expire();
        }
    }

    /// Waits until every job has a result.
    pub(crate) fn wait(&self) {
        loop {
            let next = self.shared.expire();
            let state = self.shared.lock();
            if state.waiting.is_empty() && state.active.is_empty() {
                return;
            }
            let most = next.map_or(Duration::from_secs(1), |at| {
                at.saturating_duration_since(Instant::now()) + Duration::from_millis(1)
            });
            drop(self.shared.changed.wait_timeout(state, most));
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spawn(self: &Arc<Self>, state: &mut State) {
        let shared = Arc::clone(self);
        let name = "mlplots draw".to_owned();
        if thread::Builder::new()
            .name(name)
            .spawn(move || shared.work())
            .is_ok()
        {
            state.workers += 1;
        }
    }

    /// Gives up the plots whose time is over; returns when the next one's will be.
    fn expire(self: &Arc<Self>) -> Option<Instant> {
        let mut state = self.lock();
        let now = Instant::now();
        let over: Vec<u64> = state
            .active
            .iter()
            .filter(|(_, active)| active.drawing && active.deadline() <= now)
            .map(|(&id, _)| id)
            .collect();
        let lost: Vec<Active> = over
            .iter()
            .filter_map(|id| state.active.remove(id))
            .collect();
        for _ in &lost {
            // The thread cannot be stopped: it is left to itself, and another takes its place.
            state.workers -= 1;
            if !state.waiting.is_empty() {
                self.spawn(&mut state);
            }
        }
        let next = state
            .active
            .values()
            .filter(|a| a.drawing)
            .map(Active::deadline)
            .min();
        drop(state);
        for active in lost {
            let seconds = active.plot.timeout.unwrap_or(DEFAULT_TIMEOUT);
            (self.take)(Drawn {
                plot: active.plot,
                step: active.step,
                number: active.number,
                output: Err(format!("it took longer than its timeout of {seconds} s")),
                took: active.since.elapsed(),
            });
        }
        self.changed.notify_all();
        next
    }

    fn work(&self) {
        let mut state = self.lock();
        loop {
            let Some(job) = state.waiting.pop_front() else {
                if state.closed {
                    state.workers -= 1;
                    return;
                }
                state.idle += 1;
                state = self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                state.idle -= 1;
                continue;
            };
            let id = state.next;
            state.next += 1;
            let since = Instant::now();
            let active = Active {
                plot: job.plot,
                step: job.step,
                number: job.number,
                since,
                drawing: true,
            };
            state.active.insert(id, active);
            drop(state);

            let output = draw(&job);
            let took = since.elapsed();
            drop(job.inputs);

            state = self.lock();
            match state.active.get_mut(&id) {
                // The job stays active while its result is stored, so that `wait` waits for it.
                Some(active) => active.drawing = false,
                // Its time was over: somebody else has said so, and taken this thread's place.
                None => return,
            }
            drop(state);
            (self.take)(Drawn {
                plot: job.plot,
                step: job.step,
                number: job.number,
                output,
                took,
            });
            state = self.lock();
            state.active.remove(&id);
            self.changed.notify_all();
        }
    }
}

/// Calls the plot function; a panic becomes an error with its place.
fn draw(job: &Job) -> Result<Output, String> {
    let spec = Spec {
        size: job.plot.size,
        formats: job.plot.formats,
    };
    panics::caught(false, || (job.plot.draw)(&job.inputs, &spec)).flatten()
}
