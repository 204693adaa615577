//! Compares the drawing time of the tutorial's figures with matplotlib and seaborn, and the Canvas
//! with the bitmap backend of plotters: `cargo bench -p apple-sales --bench figures`.
//!
//! Each side runs in its own process; the processes alternate. The figures of both sides stay in
//! `target/mlplots-tests/figures`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use apple_sales::model::{Evaluation, Ridge};
use apple_sales::sales::{Day, Sales};
use mlplots::prelude::*;
use mlplots_tests::{Venv, cache_dir, checkout};
use serde_json::Value;

const ROUNDS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().position(|argument| argument == "--as") {
        Some(index) => child(&arguments[index + 1], Path::new(&arguments[index + 2])),
        None => compare(),
    }
}

/// The measurements of one process: milliseconds by figure, and the peak memory.
struct Measured {
    millis: BTreeMap<String, f64>,
    peak_mb: f64,
}

fn compare() {
    let folder = cache_dir("figures");
    let folders = ["rust", "python"].map(|side| folder.join(side));
    for side in &folders {
        std::fs::create_dir_all(side).expect("a folder for the figures");
        Job::new().write_data(side);
    }
    let [ours, theirs] = folders;
    println!("Milliseconds to draw and encode, median of {ROUNDS} alternating processes\n");
    compare_sides(
        "figure",
        &[
            ("mlplots", &|| rust("one", &ours)),
            ("2 threads", &|| rust("two", &ours)),
            ("at 2x", &|| rust("fine", &ours)),
            ("matplotlib", &|| python(&theirs, None)),
        ],
    );
    compare_sides(
        "a million points",
        &[
            ("mlplots", &|| rust("million", &ours)),
            ("matplotlib", &|| python(&theirs, Some("million"))),
        ],
    );
    compare_sides(
        "plotters code, 1000 × 800",
        &[
            ("Canvas", &|| rust("canvas", &ours)),
            ("bitmap backend", &|| rust("bitmap", &ours)),
        ],
    );
    println!("The figures are in {}", folder.display());
}

type Side<'a> = (&'a str, &'a dyn Fn() -> Measured);

/// Prints a table with a column per side. The ratio is the last side divided by the first.
fn compare_sides(title: &str, sides: &[Side<'_>]) {
    let mut rounds: Vec<Vec<Measured>> = sides.iter().map(|_| Vec::new()).collect();
    for _ in 0..ROUNDS {
        for (index, (_, measure)) in sides.iter().enumerate() {
            rounds[index].push(measure());
        }
    }
    let names: Vec<String> = rounds[0][0].millis.keys().cloned().collect();
    let mut table = format!("{title:<26}");
    for (side, _) in sides {
        let _ = write!(table, "{side:>16}");
    }
    let _ = writeln!(table, "{:>12}", "ratio");
    let mut row = |name: &str, value: &dyn Fn(&Measured) -> f64| {
        let medians: Vec<f64> = rounds
            .iter()
            .map(|side| median(side.iter().map(value).collect()))
            .collect();
        let _ = write!(table, "{name:<26}");
        for value in &medians {
            let _ = write!(table, "{value:>16.1}");
        }
        let _ = writeln!(table, "{:>12.1}", medians[medians.len() - 1] / medians[0]);
    };
    for name in names.iter().filter(|name| *name != "all") {
        row(name, &|measured| measured.millis[name]);
    }
    row("all", &|measured| {
        measured
            .millis
            .get("all")
            .copied()
            .unwrap_or_else(|| measured.millis.values().sum())
    });
    row("peak memory (MB)", &|measured| measured.peak_mb);
    println!("{table}");
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn rust(kind: &str, folder: &Path) -> Measured {
    let program = std::env::current_exe().expect("this program");
    measured(Command::new(program).args(["--as", kind]).arg(folder))
}

fn python(folder: &Path, kind: Option<&str>) -> Measured {
    let script = checkout().join("examples/apple-sales/benches/figures.py");
    let mut command = Venv::get().python();
    measured(command.arg(script).arg(folder).args(kind))
}

fn measured(command: &mut Command) -> Measured {
    let output = command.output().expect("the process starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{errors}");
    let value: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let millis = value["millis"].as_object().expect("times by name");
    Measured {
        millis: millis
            .iter()
            .map(|(name, millis)| (name.clone(), millis.as_f64().expect("a number")))
            .collect(),
        peak_mb: value["peak_kb"].as_f64().expect("a number") / 1024.0,
    }
}

/// Measures one kind of drawing and prints the result as JSON.
fn child(kind: &str, folder: &Path) {
    let job = Job::new();
    let mut millis = BTreeMap::new();
    let mut time = |name: &str, draw: &dyn Fn() -> Vec<u8>| {
        let start = Instant::now();
        let bytes = draw();
        std::fs::write(folder.join(format!("{name}.png")), bytes).expect("the figure is written");
        millis.insert(name.to_owned(), millis_of(start.elapsed()));
    };
    let png = |figure: Figure, scale: f32| figure.to_png(scale).expect("a PNG");
    match kind {
        "one" => NINE
            .iter()
            .for_each(|(name, draw)| time(name, &|| png(draw(&job), 1.0))),
        "fine" => NINE
            .iter()
            .for_each(|(name, draw)| time(name, &|| png(draw(&job), 2.0))),
        "two" => millis = two_threads(&job),
        "million" => million(&mut time, png),
        "canvas" => EXAMPLES.iter().for_each(|(name, _)| {
            time(name, &|| {
                let figure = Figure::draw(SIZE, |canvas| Ok(draw_example(canvas, name)?));
                png(figure.expect("a drawing"), 1.0)
            });
        }),
        _ => EXAMPLES.iter().for_each(|(name, file)| {
            let path = folder.join(file);
            let start = Instant::now();
            // The first recorder registers the embedded fonts.
            let _ = mlplots::figure::Recorder::new(SIZE);
            let area = BitMapBackend::new(&path, SIZE).into_drawing_area();
            draw_example(&area, name).expect("a drawing");
            area.present().expect("a file");
            millis.insert((*name).to_owned(), millis_of(start.elapsed()));
        }),
    }
    println!(
        "{}",
        serde_json::json!({ "millis": millis, "peak_kb": peak_kb() })
    );
}

fn millis_of(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The peak resident memory of this process.
fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| {
            line.strip_prefix("VmHWM:")?
                .split_whitespace()
                .next()?
                .parse()
                .ok()
        })
        .unwrap_or_default()
}

type Draw = fn(&Job) -> Figure;

const NINE: [(&str, Draw); 9] = [
    ("time_series_demand", |job| {
        let days = job.sales.column(|day| f64::from(day.date.to_epoch_days()));
        charts::time_series(&days, &job.sales.column(|day| day.demand), 28)
            .title("Demand over time")
            .y_label("Demand (kg)")
            .size((1600, 1200))
    }),
    ("box_weekend", |job| {
        charts::box_strip(&job.by_weekend())
            .title("Demand on weekdays and weekends")
            .x_label("Day")
            .y_label("Demand (kg)")
    }),
    ("scatter_demand_price", |job| {
        let price = job.sales.column(|day| day.price_per_kg);
        charts::scatter(&price, &job.sales.column(|day| day.demand))
            .title("Demand by price")
            .x_label("Price per kg")
            .y_label("Demand (kg)")
    }),
    ("density_weekday_weekend", |job| {
        charts::density(&job.by_weekend())
            .title("Density of demand on weekdays and weekends")
            .x_label("Demand (kg)")
    }),
    ("corr_plot", |job| {
        let (names, columns) = job.columns();
        charts::correlation(&names, &columns).title("Correlation of features and demand")
    }),
    ("residuals_plot", |job| {
        charts::residuals(&job.evaluation.y_true, &job.evaluation.y_pred)
            .x_label("Predicted demand (kg)")
            .y_label("True − predicted demand (kg)")
    }),
    ("coefficients_plot", |job| {
        charts::coefficients(&Day::FEATURES, &job.ridge.coefficients)
            .title("Coefficients of the ridge regression")
            .x_label("Coefficient (kg per unit)")
            .y_label("Feature")
    }),
    ("prediction_errors", |job| {
        charts::prediction_error(&job.evaluation.y_true, &job.evaluation.y_pred)
            .title("Predicted and true demand")
            .x_label("True demand (kg)")
            .y_label("Predicted demand (kg)")
    }),
    ("qq_plot", |job| {
        charts::qq(&job.evaluation.residuals())
            .title("Residuals against the normal distribution")
            .x_label("Theoretical quantile")
            .y_label("Residual (kg)")
    }),
];

/// Draws all nine figures on two threads, which take figures from a shared counter.
fn two_threads(job: &Job) -> BTreeMap<String, f64> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let mut millis = BTreeMap::new();
    let start = Instant::now();
    std::thread::scope(|scope| {
        let work = || {
            let mut durations = Vec::new();
            while let Some((name, draw)) =
                NINE.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
            {
                let start = Instant::now();
                draw(job).to_png(1.0).expect("a PNG");
                durations.push(((*name).to_owned(), millis_of(start.elapsed())));
            }
            durations
        };
        let threads = [scope.spawn(work), scope.spawn(work)];
        for thread in threads {
            millis.extend(thread.join().expect("a thread"));
        }
    });
    millis.insert("all".to_owned(), millis_of(start.elapsed()));
    millis
}

fn million(mut time: impl FnMut(&str, &dyn Fn() -> Vec<u8>), png: impl Fn(Figure, f32) -> Vec<u8>) {
    let mut rng = fastrand::Rng::with_seed(0);
    let mut normal = || {
        let (u, v) = (1.0 - rng.f64(), rng.f64());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    };
    let x: Vec<f64> = (0..1_000_000).map(|_| normal()).collect();
    let y: Vec<f64> = x.iter().map(|x| 0.5 * x + normal()).collect();
    let mut sum = 0.0;
    let walk: Vec<f64> = x
        .iter()
        .map(|x| {
            sum += x;
            sum
        })
        .collect();
    let minutes: Vec<f64> = (0..walk.len()).map(|step| step as f64 / 1440.0).collect();
    time("million_scatter", &|| png(charts::scatter(&x, &y), 1.0));
    time("million_line", &|| {
        png(charts::time_series(&minutes, &walk, 1), 1.0)
    });
}

const SIZE: (u32, u32) = (1000, 800);

/// Charts in plain plotters code, with the file of the bitmap backend.
const EXAMPLES: [(&str, &str); 3] = [
    ("points", "bitmap_points.png"),
    ("line", "bitmap_line.png"),
    ("bars", "bitmap_bars.png"),
];

fn draw_example<DB: DrawingBackend>(
    area: &DrawingArea<DB, mlplots::plotters::coord::Shift>,
    name: &str,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>>
where
    DB::ErrorType: 'static,
{
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(area)
        .caption(name, 24)
        .margin(20)
        .x_label_area_size(40)
        .y_label_area_size(50)
        .build_cartesian_2d(0.0..100.0, -1.2..1.2)?;
    chart.configure_mesh().x_desc("x").y_desc("y").draw()?;
    let wave = |index: usize| {
        let x = index as f64 / 100.0;
        (x, x.sin() * (0.3 + (index as f64 * 0.618).fract()))
    };
    match name {
        "points" => {
            let style = BLUE.mix(0.15).filled();
            chart.draw_series((0..10_000).map(|index| Circle::new(wave(index), 3, style)))?;
        }
        "line" => {
            let smooth = (0..10_000).map(|index| (wave(index).0, wave(index).0.sin()));
            chart.draw_series(LineSeries::new(smooth, RED.stroke_width(2)))?;
        }
        _ => {
            let bar = |index: usize| {
                let (x, y) = (index as f64, wave(index * 100).1);
                Rectangle::new([(x, 0.0), (x + 0.8, y)], GREEN.mix(0.6).filled())
            };
            chart.draw_series((0..100).map(bar))?;
        }
    }
    Ok(())
}

/// The data and the model of the tutorial.
struct Job {
    sales: Sales,
    ridge: Ridge,
    evaluation: Evaluation,
}

impl Job {
    fn new() -> Self {
        let sales = Sales::generate(10_000, 9999);
        let (train, test) = sales.split(0.2, 0);
        let ridge = Ridge::fit(&train, 1.0).expect("the model fits");
        let evaluation = ridge.evaluate(&test);
        Self {
            sales,
            ridge,
            evaluation,
        }
    }

    fn by_weekend(&self) -> [(&'static str, Vec<f64>); 2] {
        [("Weekday", false), ("Weekend", true)]
            .map(|(name, weekend)| (name, self.sales.demand(|day| day.weekend == weekend)))
    }

    fn columns(&self) -> (Vec<&'static str>, Vec<Vec<f64>>) {
        let mut names = Day::FEATURES.to_vec();
        let mut columns: Vec<Vec<f64>> = (0..names.len())
            .map(|index| self.sales.column(|day| day.features()[index]))
            .collect();
        names.push("demand");
        columns.push(self.sales.column(|day| day.demand));
        (names, columns)
    }

    /// Writes the data that the Python script reads.
    fn write_data(&self, folder: &Path) {
        let save = |name: &str, text: String| {
            let path: PathBuf = folder.join(name);
            std::fs::write(path, text).expect("the file is written");
        };
        let (names, columns) = self.columns();
        let mut text = format!("date,{}\n", names.join(","));
        for (row, day) in self.sales.days.iter().enumerate() {
            let values: Vec<String> = columns
                .iter()
                .map(|column| column[row].to_string())
                .collect();
            let _ = writeln!(text, "{},{}", day.date, values.join(","));
        }
        save("sales.csv", text);
        let pairs = self.evaluation.y_true.iter().zip(&self.evaluation.y_pred);
        let rows = pairs.map(|(y_true, y_pred)| format!("{y_true},{y_pred}\n"));
        save(
            "evaluation.csv",
            format!("y_true,y_pred\n{}", rows.collect::<String>()),
        );
        let weights = Day::FEATURES.iter().zip(&self.ridge.coefficients);
        let rows = weights.map(|(name, value)| format!("{name},{value}\n"));
        save(
            "coefficients.csv",
            format!("name,value\n{}", rows.collect::<String>()),
        );
    }
}
