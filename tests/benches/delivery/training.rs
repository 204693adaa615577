//! The measured training. Arguments: `points` and their number, or `artifact` and its size in
//! bytes.

use std::error::Error;
use std::fs::File;

use mlplots::Run;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, count] = arguments.as_slice() else {
        return Err("two arguments are needed".into());
    };
    let count: u64 = count.parse()?;
    let run = Run::start("Delivery")?;
    if kind == "points" {
        for step in 0..count {
            run.log_metric_at("loss", 1.0 / (step + 1) as f64, step);
        }
    } else {
        // A sparse file, which takes no disk space until it is copied.
        File::create("large.bin")?.set_len(count)?;
        run.log_artifact("large.bin", "")?;
    }
    run.finish()?;
    Ok(())
}
