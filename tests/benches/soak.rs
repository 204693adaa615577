//! The long soak test: kills trainings at random and checks that MLflow has every record that they
//! acknowledged: `cargo bench -p mlplots-tests --bench soak -- KILLS SEED`.
//!
//! The defaults are 1000 kills and the current time as the seed.

use std::process::ExitCode;
use std::time::UNIX_EPOCH;

fn main() -> ExitCode {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<u64>().ok());
    let kills = numbers.next().unwrap_or(1000);
    let seed = numbers
        .next()
        .unwrap_or_else(|| UNIX_EPOCH.elapsed().map_or(0, |elapsed| elapsed.as_secs()));
    println!("seed {seed}");
    let report = mlplots_tests::soak("bench-soak", kills as usize, seed);
    println!("{report}");
    if report.is_complete() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
