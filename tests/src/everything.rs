//! A training program that logs values of every kind, and a check that MLflow has exactly those.

mod compare;

use std::path::Path;

pub use compare::assert_stored;

use crate::program;

/// Builds the program once per test binary. `name` becomes its file name.
///
/// `-P steps=` and `-P millis=` set the duration, `-P megabytes=` the size of the largest file.
/// With `-P waits=true` the program waits for the file `go on` in the current folder before its
/// last step.
pub fn everything_program(name: &str) -> &'static Path {
    program(name, SOURCE)
}

const SOURCE: &str = r#"
use std::{path::Path, thread, time::Duration};
use mlplots::prelude::*;
use mlplots::{Error, Model, onnx};

#[derive(Serialize, Deserialize)]
struct Params { steps: u32, millis: u64, megabytes: usize, waits: bool }

impl Default for Params {
    fn default() -> Self {
        Self { steps: 1000, millis: 1, megabytes: 4, waits: false }
    }
}

struct Fit(Vec<f64>);

#[train(experiment = "Everything")]
fn everything(run: &Run, params: Params) -> Result<Fit, Error> {
    let weights = (0..params.megabytes << 18).flat_map(|i| (i as u32).wrapping_mul(2_654_435_761).to_le_bytes());
    std::fs::write("weights.bin", weights.collect::<Vec<_>>()).expect("a file");
    run.log_artifact("weights.bin", "data")?;
    run.log_model("model", Model::onnx(onnx::linear(&[2.0, -1.0], 0.5)))?;
    run.set_tag("phase", "early");
    let mut loss = Vec::new();
    for step in 0..params.steps {
        if step + 1 == params.steps {
            while params.waits && !Path::new("go on").exists() {
                thread::sleep(Duration::from_millis(10));
            }
            run.set_tag("phase", "late");
        }
        loss.push(1.0 / f64::from(step + 1));
        run.log_metrics_at([("loss", loss[step as usize]), ("rate", 0.1 * f64::from(step))], step);
        run.log_metric_at("odd", if step % 10 == 0 { f64::NAN } else { -1e-300 * f64::from(step) }, step);
        if step % 100 == 50 {
            run.log_text(format!("step {step}"), &format!("notes/{step}.txt"))?;
            run.log_param(format!("p{step}"), step);
        }
        thread::sleep(Duration::from_millis(params.millis));
    }
    Ok(Fit(loss))
}

/// The loss.
#[plot]
fn curve(fit: &Fit) -> Figure {
    charts::histogram(&fit.0)
}

mlplots::main!();
"#;
