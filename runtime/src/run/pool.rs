//! Draws plots on a thread pool. A panic, an error or a timeout is confined to its plot.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::panics;
use super::plot::{Inputs, Plot};
use crate::figure::{Output, Spec};

/// Default timeout of a plot in seconds.
const DEFAULT_TIMEOUT: u64 = 600;
/// Maximum number of threads: each holds a figure in memory.
const MAX_WORKERS: usize = 8;
/// Maximum backlog of a plot. Each waiting job holds its values, and a training may provide values
/// faster than they are drawn.
pub(crate) const MAX_WAITING: usize = 16;

/// A plot to draw, with its inputs.
pub(crate) struct Job {
    pub(crate) plot: &'static Plot,
    pub(crate) inputs: Inputs,
    pub(crate) step: Option<i64>,
    /// Later jobs of a plot have larger numbers.
    pub(crate) number: u64,
}

/// The result of a job.
pub(crate) struct Drawn {
    pub(crate) plot: &'static Plot,
    pub(crate) step: Option<i64>,
    pub(crate) number: u64,
    pub(crate) output: Result<Output, String>,
    pub(crate) took: Duration,
}

/// A thread pool for drawing.
pub(crate) struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    spawn: fn(Box<dyn FnOnce() + Send>) -> io::Result<()>,
    /// Receives the result of each job, once.
    take: Box<dyn Fn(Drawn) + Send + Sync>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Job>,
    active: HashMap<u64, Active>,
    next: u64,
    /// Maximum number of threads now.
    max_workers: usize,
    workers: usize,
    idle: usize,
    closed: bool,
    /// Number of jobs of each plot that were dropped for newer ones.
    passed_over: HashMap<&'static str, u64>,
}

/// A job that a thread executes.
struct Active {
    plot: &'static Plot,
    step: Option<i64>,
    number: u64,
    since: Instant,
    /// Whether it has no result yet. The thread that clears this, under the lock, reports the result;
    /// the job stays active until then, so that `wait` waits for it.
    drawing: bool,
}

impl Active {
    /// `None` if the timeout exceeds the range of the clock.
    fn deadline(&self) -> Option<Instant> {
        let timeout = Duration::from_secs(self.plot.timeout.unwrap_or(DEFAULT_TIMEOUT));
        self.since.checked_add(timeout)
    }
}

impl Pool {
    pub(crate) fn new(take: impl Fn(Drawn) + Send + Sync + 'static) -> Self {
        let spawn = |work| {
            let thread = thread::Builder::new().name("mlplots draw".to_owned());
            thread.spawn(work).map(drop)
        };
        // One core is left to the training.
        Self::with(cores().saturating_sub(1), spawn, take)
    }

    fn with(
        workers: usize,
        spawn: fn(Box<dyn FnOnce() + Send>) -> io::Result<()>,
        take: impl Fn(Drawn) + Send + Sync + 'static,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(State {
                    max_workers: workers.clamp(1, MAX_WORKERS),
                    ..State::default()
                }),
                changed: Condvar::new(),
                spawn,
                take: Box::new(take),
            }),
        }
    }

    /// Adds a job and returns at once.
    pub(crate) fn draw(&self, job: Job) {
        let mut state = self.shared.lock();
        let of_plot = |waiting: &Job| waiting.plot.name == job.plot.name;
        if state.waiting.iter().filter(|job| of_plot(job)).count() >= MAX_WAITING
            && let Some(oldest) = state.waiting.iter().position(of_plot)
        {
            state.waiting.remove(oldest);
            *state.passed_over.entry(job.plot.name).or_default() += 1;
        }
        state.waiting.push_back(job);
        self.shared.staff(&mut state);
        drop(state);
        self.shared.changed.notify_all();
    }

    /// A function that reports the plots that exceed their timeout.
    pub(crate) fn watchdog(&self) -> impl Fn() + Send + 'static {
        let shared = Arc::clone(&self.shared);
        move || {
            shared.expire();
        }
    }

    /// Waits until every job has a result.
    pub(crate) fn wait(&self) {
        {
            // The training has ended: its core draws too.
            let mut state = self.shared.lock();
            state.max_workers = cores().clamp(state.max_workers, MAX_WORKERS);
            self.shared.staff(&mut state);
        }
        loop {
            let next = self.shared.expire();
            let mut state = self.shared.lock();
            if state.waiting.is_empty() && state.active.is_empty() {
                return;
            }
            if state.workers == 0
                && let Some(job) = state.waiting.pop_front()
            {
                // The system gives no threads: this one draws, without a timeout.
                drop(self.shared.work_on(job, state));
                continue;
            }
            let longest = next.map_or(Duration::from_secs(1), |at| {
                at.saturating_duration_since(Instant::now()) + Duration::from_millis(1)
            });
            drop(self.shared.changed.wait_timeout(state, longest));
        }
    }

    /// Plots with dropped jobs, and their number.
    pub(crate) fn passed_over(&self) -> Vec<(&'static str, u64)> {
        let state = self.shared.lock();
        let mut passed_over: Vec<_> = state.passed_over.iter().map(|(&k, &n)| (k, n)).collect();
        passed_over.sort_unstable();
        passed_over
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

    /// Starts a thread for each waiting job that no idle thread will take, up to the maximum and as far
    /// as the system allows.
    fn staff(self: &Arc<Self>, state: &mut State) {
        let missing = state.waiting.len().saturating_sub(state.idle);
        for _ in 0..missing.min(state.max_workers.saturating_sub(state.workers)) {
            let shared = Arc::clone(self);
            if (self.spawn)(Box::new(move || shared.work())).is_err() {
                return;
            }
            // It is idle until it takes its first job.
            state.workers += 1;
            state.idle += 1;
        }
    }

    /// Reports the plots that exceed their timeout. Returns the next deadline.
    fn expire(self: &Arc<Self>) -> Option<Instant> {
        let mut state = self.lock();
        let now = Instant::now();
        let mut lost = Vec::new();
        for (&id, active) in &mut state.active {
            if active.drawing && active.deadline().is_some_and(|it| it <= now) {
                active.drawing = false;
                lost.push((id, active.plot, active.step, active.number, active.since));
            }
        }
        // Their threads cannot be stopped: they continue detached, and new threads replace them.
        state.workers = state.workers.saturating_sub(lost.len());
        self.staff(&mut state);
        let drawing = state.active.values().filter(|active| active.drawing);
        let next = drawing.filter_map(Active::deadline).min();
        drop(state);
        for (id, plot, step, number, since) in lost {
            let seconds = plot.timeout.unwrap_or(DEFAULT_TIMEOUT);
            (self.take)(Drawn {
                plot,
                step,
                number,
                output: Err(format!("it took longer than its timeout of {seconds} s")),
                took: since.elapsed(),
            });
            self.lock().active.remove(&id);
        }
        self.changed.notify_all();
        next
    }

    /// Executes jobs until the pool is closed.
    fn work(&self) {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.waiting.pop_front() {
                state.idle -= 1;
                let Some(after) = self.work_on(job, state) else {
                    return;
                };
                state = after;
                state.idle += 1;
            } else if state.closed {
                state.workers -= 1;
                state.idle -= 1;
                return;
            } else {
                let woken = self.changed.wait(state);
                state = woken.unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// Executes a job and reports its result. `None` if the job exceeded its timeout: that is reported
    /// already, and this thread no longer belongs to the pool.
    fn work_on<'a>(
        &'a self,
        job: Job,
        mut state: MutexGuard<'a, State>,
    ) -> Option<MutexGuard<'a, State>> {
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

        let owns = |active: &mut Active| std::mem::take(&mut active.drawing);
        if !self.lock().active.get_mut(&id).is_some_and(owns) {
            return None;
        }
        (self.take)(Drawn {
            plot: job.plot,
            step: job.step,
            number: job.number,
            output,
            took,
        });
        let mut state = self.lock();
        state.active.remove(&id);
        self.changed.notify_all();
        Some(state)
    }
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Calls the plot function; a panic becomes an error with its location.
fn draw(job: &Job) -> Result<Output, String> {
    let spec = Spec {
        size: job.plot.size,
        formats: job.plot.formats,
    };
    panics::caught(false, || (job.plot.draw)(&job.inputs, &spec)).flatten()
}

#[cfg(test)]
mod tests;
