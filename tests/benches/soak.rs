//! Trainings that die at random, and whether MLflow has every record that they had logged:
//! `cargo bench -p mlplots-tests --bench soak -- KILLS SEED`.
//!
//! KILLS is 1000 without it, SEED the time.

use std::process::ExitCode;
use std::time::UNIX_EPOCH;

fn main() -> ExitCode {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<u64>().ok());
    let kills = numbers.next().unwrap_or(1000);
    let seed = numbers
        .next()
        .unwrap_or_else(|| UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs()));
    println!("seed {seed}");
    let soaked = mlplots_tests::soak("bench-soak", kills as usize, seed);
    println!("{soaked}");
    if soaked.is_whole() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
