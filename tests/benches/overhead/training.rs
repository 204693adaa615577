//! The measured training. Arguments: kind of work, number of threads, total number of calls, and
//! path of the file for the durations, which are nanoseconds as little-endian `u64`.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use mlplots::Run;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, threads, count, file] = arguments.as_slice() else {
        return Err("four arguments are needed".into());
    };
    let (threads, count): (u64, u64) = (threads.parse()?, count.parse()?);
    let each = count / threads;
    let times = match kind.as_str() {
        "clock" => timed(threads, each, |_| {}),
        "computation" => timed(threads, each, |step| compute(step, 150)),
        "work" => vec![work(count, |_| {})],
        _ => {
            let run = Run::start("Overhead")?;
            let log = |step| run.log_metric_at("loss", 1.0 / (step + 1) as f64, step);
            let times = match kind.as_str() {
                "calls" => timed(threads, each, log),
                "volume" => vec![volume(count, log)],
                "shipping" => {
                    // The server needs many seconds to store these points, so it is busy
                    // throughout.
                    (0..500_000).for_each(log);
                    timed(threads, each, |step| compute(step, 150))
                }
                "logged work" => vec![work(count, log)],
                other => return Err(format!("unknown kind of work `{other}`").into()),
            };
            run.finish()?;
            times
        }
    };
    let bytes: Vec<u8> = times.into_iter().flat_map(u64::to_le_bytes).collect();
    std::fs::write(file, bytes)?;
    Ok(())
}

/// The duration of each call, on parallel threads.
fn timed(threads: u64, each: u64, call: impl Fn(u64) + Sync) -> Vec<u64> {
    let run_thread = |thread: u64| {
        // Initialized with 1, so that page faults occur before the measurement.
        let mut times = vec![1; each as usize];
        for (time, step) in times.iter_mut().zip(thread * each..) {
            let start = Instant::now();
            call(step);
            *time = start.elapsed().as_nanos() as u64;
        }
        times
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || run_thread(thread)))
            .collect();
        let all = all
            .into_iter()
            .map(|thread| thread.join().expect("no thread panics"));
        all.flatten().collect()
    })
}

/// The total duration of many calls, without reading the clock in between.
fn volume(count: u64, call: impl Fn(u64)) -> u64 {
    let start = Instant::now();
    (0..count).for_each(call);
    start.elapsed().as_nanos() as u64
}

/// The duration of a training that computes for about a millisecond per step.
fn work(steps: u64, after: impl Fn(u64)) -> u64 {
    let start = Instant::now();
    for step in 0..steps {
        compute(step, 500_000);
        after(step);
    }
    start.elapsed().as_nanos() as u64
}

/// Keeps the processor busy for about two nanoseconds per round.
fn compute(seed: u64, rounds: u64) {
    let mut x = seed + 1;
    for _ in 0..rounds {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    black_box(x);
}
