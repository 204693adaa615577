//! What is shipped. Arguments: `points` and how many, or `artifact` and how many bytes.

use std::error::Error;
use std::fs::File;

use mlplots::Run;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [what, count] = words.as_slice() else {
        return Err("two arguments are needed".into());
    };
    let count: u64 = count.parse()?;
    let run = Run::start("Delivery")?;
    if what == "points" {
        for step in 0..count {
            run.log_metric_at("loss", 1.0 / (step + 1) as f64, step);
        }
    } else {
        // Zeros that take no room until they are copied.
        File::create("large.bin")?.set_len(count)?;
        run.log_artifact("large.bin", "")?;
    }
    run.finish()?;
    Ok(())
}
