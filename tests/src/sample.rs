//! A small training program. A param selects how it ends.

use std::path::Path;

use crate::{Project, program};

/// A project with one training and two figures. `-P ending=` is one of:
/// - `ok`, `error`, `panic`, `abort`,
/// - `plot`: one plot panics,
/// - `exit`, `exit1`: exits with code 0 or 1 before the training returns,
/// - `overflow`: overflows the stack,
/// - `memory`: allocates 2 GB in blocks of 16 MB,
/// - `orphan`: exits with code 1 and leaves a child process that keeps the standard streams open,
/// - `hang`: writes the file `hanging` to the current folder and never returns.
///
/// `-P steps=` and `-P millis=` set the duration.
pub fn sample(name: &str) -> Project {
    Project::new(name).file("src/main.rs", SOURCE)
}

/// Builds the program of [`sample`] once per test binary. `name` becomes its file name.
pub fn sample_program(name: &str) -> &'static Path {
    program(name, SOURCE)
}

const SOURCE: &str = r#"
use mlplots::prelude::*;

#[derive(Serialize, Deserialize)]
struct Params { ending: String, steps: u32, millis: u64, rate: f64 }

impl Default for Params {
    fn default() -> Self {
        Self { ending: "ok".to_owned(), steps: 5, millis: 0, rate: 0.1 }
    }
}

struct Data(Vec<f64>);
struct Fit { ending: String, loss: Vec<f64> }

/// A curve that falls.
#[train(experiment = "Sample", provides(Data))]
fn fall(run: &Run, params: Params) -> Result<Fit, String> {
    let data = run.provide(Data((1..50).map(f64::from).collect()));
    println!("training on {} values", data.0.len());
    let mut loss = Vec::new();
    for step in 0..params.steps {
        loss.push(1.0 / f64::from(step + 1));
        run.log_metric_at("loss", loss[step as usize], step);
        std::thread::sleep(std::time::Duration::from_millis(params.millis));
    }
    match params.ending.as_str() {
        "error" => return Err("the data is bad".to_owned()),
        "panic" => panic!("the training is bad"),
        "exit" => std::process::exit(0),
        "abort" => std::process::abort(),
        other => end(other),
    }
    run.log_text("<b>bold</b>", "notes/page.html").map_err(|e| e.to_string())?;
    Ok(Fit { ending: params.ending, loss })
}

/// The data.
#[plot(dir = "data")]
fn spread(data: &Data) -> Figure {
    charts::histogram(&data.0).title("Data")
}

/// The loss.
#[plot(formats(png, svg), size = (600, 400))]
fn curve(canvas: &Canvas, fit: &Fit) -> PlotResult {
    assert!(fit.ending != "plot", "the plot is bad");
    canvas.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(canvas)
        .caption("Loss", 20)
        .margin(10)
        .x_label_area_size(30)
        .y_label_area_size(40)
        .build_cartesian_2d(0..fit.loss.len(), 0.0..1.0)?;
    chart.configure_mesh().x_desc("step").y_desc("loss").draw()?;
    chart.draw_series(LineSeries::new(fit.loss.iter().copied().enumerate(), &BLUE))?;
    Ok(())
}

/// Endings other than a return.
fn end(ending: &str) {
    use std::{process, thread, time::Duration};
    match ending {
        "exit1" => process::exit(1),
        "overflow" => println!("{}", deep(1)),
        "memory" => {
            let pieces: Vec<_> = (0..128).map(|_| vec![1_u8; 16 << 20]).collect();
            println!("{} pieces", pieces.len());
        }
        "orphan" => {
            process::Command::new("sleep").arg("60").spawn().expect("the process starts");
            process::exit(1);
        }
        "hang" => {
            std::fs::write("hanging", "").expect("a file");
            loop {
                thread::sleep(Duration::from_secs(1));
            }
        }
        _ => {}
    }
}

fn deep(level: u64) -> u64 {
    let room = std::hint::black_box([level; 1000]);
    if level == u64::MAX { 0 } else { 1 + deep(room[0] + 1) }
}

mlplots::main!();
"#;
