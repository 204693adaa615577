#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};

use super::*;

fn thread_for(work: Box<dyn FnOnce() + Send>) -> io::Result<()> {
    thread::Builder::new().spawn(work).map(drop)
}

/// A pool of so many threads, and what it hands over.
fn pool(workers: usize) -> (Pool, Receiver<Drawn>) {
    let (drawn, results) = channel();
    let drawn = Mutex::new(drawn);
    let take = move |result| drawn.lock().unwrap().send(result).unwrap();
    (Pool::with(workers, thread_for, take), results)
}

fn plot(draw: fn(&Inputs, &Spec) -> Result<Output, String>, timeout: u64) -> &'static Plot {
    Box::leak(Box::new(Plot {
        name: "plot",
        dir: None,
        size: None,
        formats: &[],
        every: 1,
        optional: false,
        timeout: Some(timeout),
        module: "tests",
        file: "tests.rs",
        line: 1,
        doc: "",
        inputs: &[],
        draw,
    }))
}

fn job(plot: &'static Plot, number: u64) -> Job {
    Job {
        plot,
        inputs: Inputs(Vec::new()),
        step: Some(number as i64),
        number,
    }
}

#[allow(clippy::unnecessary_wraps, reason = "a plot function returns it")]
fn nothing() -> Result<Output, String> {
    Ok(Output::Files(Vec::new()))
}

#[test]
fn jobs_that_come_while_one_thread_is_idle_are_drawn_side_by_side() {
    static ALL: Barrier = Barrier::new(8);
    let (pool, results) = pool(8);
    pool.draw(job(plot(|_, _| nothing(), 60), 0));
    results.recv().unwrap();
    // Its thread is idle now, or will be in a moment: both must do.
    for number in 1..=8 {
        // Each waits for the seven others: fewer threads than eight never finish.
        let together = |_: &Inputs, _: &Spec| {
            ALL.wait();
            nothing()
        };
        pool.draw(job(plot(together, 60), number));
    }
    pool.wait();
    let drawn: Vec<_> = results.try_iter().collect();
    assert_eq!(drawn.len(), 8);
    assert!(drawn.iter().all(|drawn| drawn.output.is_ok()));
}

#[test]
fn a_figure_that_times_out_is_reported_before_the_run_closes() {
    for _ in 0..50 {
        let (drawn, results) = channel();
        let drawn = Mutex::new(drawn);
        let pool = Pool::with(8, thread_for, move |result| {
            // Storing it takes a while, on whichever thread found it late.
            thread::sleep(Duration::from_millis(2));
            drawn.lock().unwrap().send(result).unwrap();
        });
        let forever = |_: &Inputs, _: &Spec| loop {
            thread::park();
        };
        pool.draw(job(plot(forever, 0), 1));
        let watchdog = pool.watchdog();
        let over = Arc::new(AtomicBool::new(false));
        let ticker = thread::spawn({
            let over = Arc::clone(&over);
            move || {
                while !over.load(Ordering::Relaxed) {
                    watchdog();
                }
            }
        });
        pool.wait();
        let all: Vec<_> = results.try_iter().collect();
        over.store(true, Ordering::Relaxed);
        ticker.join().unwrap();
        assert_eq!(all.len(), 1);
        let why = all[0].output.as_ref().err().unwrap();
        assert_eq!(why, "it took longer than its timeout of 0 s");
    }
}

#[test]
fn values_that_come_faster_than_they_are_drawn_do_not_pile_up() {
    static BEGIN: Barrier = Barrier::new(2);
    static HELD: AtomicUsize = AtomicUsize::new(0);
    struct Value;
    impl Drop for Value {
        fn drop(&mut self) {
            HELD.fetch_sub(1, Ordering::SeqCst);
        }
    }
    let (pool, results) = pool(1);
    let first = plot(
        |_, _| {
            BEGIN.wait();
            BEGIN.wait();
            nothing()
        },
        60,
    );
    pool.draw(job(first, 0));
    BEGIN.wait();
    let fast = plot(|_, _| nothing(), 60);
    for number in 1..=1000 {
        HELD.fetch_add(1, Ordering::SeqCst);
        pool.draw(Job {
            inputs: Inputs(vec![Arc::new(Value)]),
            ..job(fast, number)
        });
        assert!(HELD.load(Ordering::SeqCst) <= MAX_WAITING);
    }
    BEGIN.wait();
    pool.wait();
    let mut steps: Vec<_> = results.try_iter().map(|drawn| drawn.number).collect();
    steps.sort_unstable();
    let newest = 1000 - MAX_WAITING as u64 + 1..=1000;
    assert_eq!(steps, [0].into_iter().chain(newest).collect::<Vec<_>>());
    assert_eq!(pool.passed_over(), [("plot", 1000 - MAX_WAITING as u64)]);
}

#[test]
fn a_machine_that_refuses_threads_still_draws() {
    let (drawn, results) = channel();
    let drawn = Mutex::new(drawn);
    let take = move |result| drawn.lock().unwrap().send(result).unwrap();
    let refuse = |_: Box<dyn FnOnce() + Send>| Err(io::Error::from(io::ErrorKind::WouldBlock));
    let pool = Pool::with(8, refuse, take);
    for number in 0..3 {
        pool.draw(job(plot(|_, _| nothing(), 60), number));
    }
    pool.wait();
    assert_eq!(results.try_iter().count(), 3);
}

#[test]
fn a_plot_that_panics_costs_no_thread() {
    let (pool, results) = pool(1);
    for number in 0..3 {
        pool.draw(job(plot(|_, _| panic!("oh"), 60), number));
    }
    pool.wait();
    let all: Vec<_> = results.try_iter().collect();
    assert_eq!(all.len(), 3);
    assert!(
        all.iter()
            .all(|drawn| drawn.output.as_ref().is_err_and(|why| why.contains("oh")))
    );
}
