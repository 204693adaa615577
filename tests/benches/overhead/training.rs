//! The training whose calls are timed. Arguments: what to do, threads, how often in all, and the
//! file for the times: nanoseconds as `u64`, little-endian.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use mlplots::Run;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [what, threads, count, file] = words.as_slice() else {
        return Err("four arguments are needed".into());
    };
    let (threads, count): (u64, u64) = (threads.parse()?, count.parse()?);
    let each = count / threads;
    let times = match what.as_str() {
        "clock" => timed(threads, each, |_| {}),
        "computation" => timed(threads, each, |step| compute(step, 150)),
        "work" => vec![work(count, |_| {})],
        _ => {
            let run = Run::start("Overhead")?;
            let log = |step| run.log_metric_at("loss", 1.0 / (step + 1) as f64, step);
            let times = match what.as_str() {
                "calls" => timed(threads, each, log),
                "volume" => vec![volume(count, log)],
                "shipping" => {
                    // As much as a server takes in many seconds: it is at work all the while.
                    (0..500_000).for_each(log);
                    timed(threads, each, |step| compute(step, 150))
                }
                "logged work" => vec![work(count, log)],
                other => return Err(format!("`{other}` is nothing that it does").into()),
            };
            run.finish()?;
            times
        }
    };
    let bytes: Vec<u8> = times.into_iter().flat_map(u64::to_le_bytes).collect();
    std::fs::write(file, bytes)?;
    Ok(())
}

/// What each call takes its caller, on several threads at once.
fn timed(threads: u64, each: u64, call: impl Fn(u64) + Sync) -> Vec<u64> {
    let one = |thread: u64| {
        // Touched before, so that no page fault is taken for the call's cost.
        let mut times = vec![1; each as usize];
        for (time, step) in times.iter_mut().zip(thread * each..) {
            let begin = Instant::now();
            call(step);
            *time = begin.elapsed().as_nanos() as u64;
        }
        times
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || one(thread)))
            .collect();
        let all = all
            .into_iter()
            .map(|thread| thread.join().expect("no thread panics"));
        all.flatten().collect()
    })
}

/// What many calls take together, with no clock in between.
fn volume(count: u64, call: impl Fn(u64)) -> u64 {
    let begin = Instant::now();
    (0..count).for_each(call);
    begin.elapsed().as_nanos() as u64
}

/// A training that computes for about a millisecond a step.
fn work(steps: u64, after: impl Fn(u64)) -> u64 {
    let begin = Instant::now();
    for step in 0..steps {
        compute(step, 500_000);
        after(step);
    }
    begin.elapsed().as_nanos() as u64
}

/// Keeps the processor busy for some two nanoseconds a round.
fn compute(seed: u64, rounds: u64) {
    let mut x = seed + 1;
    for _ in 0..rounds {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    black_box(x);
}
