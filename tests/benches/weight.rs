//! Compares the build time and the size of a program that uses mlplots with one that uses only
//! plotters: `cargo bench -p mlplots-tests --bench weight`. Both are clean release builds.

use std::time::Instant;

use mlplots_tests::Project;

const PLOTTERS: &str = r#"
use plotters::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let font: &[u8] = include_bytes!(FONT);
    plotters::style::register_font("sans-serif", FontStyle::Normal, font).map_err(|_| "a font")?;
    let area = BitMapBackend::new("loss.png", (1000, 800)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area).caption("Loss", 24).build_cartesian_2d(0.0..10.0, 0.0..1.0)?;
    chart.configure_mesh().draw()?;
    chart.draw_series(LineSeries::new((1..10).map(|x| (f64::from(x), 1.0 / f64::from(x))), &BLUE))?;
    area.present()?;
    Ok(())
}
"#;

const MLPLOTS: &str = r#"
use mlplots::prelude::*;

struct Fit(Vec<f64>);

#[train]
fn fit(run: &Run) -> Fit {
    let loss: Vec<f64> = (1..10).map(|x| 1.0 / f64::from(x)).collect();
    run.log_metric("loss", loss[8]);
    Fit(loss)
}

#[plot]
fn loss(canvas: &Canvas, fit: &Fit) -> PlotResult {
    canvas.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(canvas).caption("Loss", 24).build_cartesian_2d(0.0..10.0, 0.0..1.0)?;
    chart.configure_mesh().draw()?;
    chart.draw_series(LineSeries::new((0..).map(f64::from).zip(fit.0.iter().copied()), &BLUE))?;
    Ok(())
}

#[plot]
fn spread(fit: &Fit) -> Figure {
    charts::histogram(&fit.0)
}

mlplots::main!();
"#;

fn main() {
    let plotters = Project::new("weight-plotters")
        .file("src/main.rs", &PLOTTERS.replace("FONT", &format!("\"{}\"", font().display())))
        .manifest(
            "[dependencies.plotters]\nversion = \"=0.3.7\"\ndefault-features = false\n\
             features = [\"ab_glyph\", \"all_series\", \"all_elements\", \"bitmap_backend\", \"bitmap_encoder\"]",
        );
    plotters.remove_dependency("mlplots");
    plotters.remove_dependency("serde");
    let mlplots = Project::new("weight-mlplots").file("src/main.rs", MLPLOTS);
    println!(
        "{:<24}{:>8}{:>18}{:>18}{:>18}",
        "", "crates", "clean build (s)", "program (MB)", "stripped (MB)"
    );
    row("plotters only", &plotters);
    row("mlplots", &mlplots);
}

fn font() -> std::path::PathBuf {
    mlplots_tests::checkout().join("runtime/fonts/DejaVuSans.ttf")
}

/// Builds a project and prints its row.
fn row(name: &str, project: &Project) {
    let crates = project.crates().len();
    let target = project.path().join("target");
    let target_flag = format!("--target-dir={}", target.display());
    let start = Instant::now();
    let build = project.cargo(&["build", "--release", "--quiet", &target_flag]);
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(build.code, 0, "{}", build.text());
    let program = std::fs::read_dir(target.join("release"))
        .expect("the release folder")
        .flatten()
        .map(|entry| entry.path())
        .find(|path| {
            path.is_file()
                && path.extension().is_none()
                && path
                    .file_name()
                    .is_some_and(|name| !name.to_string_lossy().starts_with('.'))
        })
        .expect("the program");
    let megabytes = |path: &std::path::Path| {
        std::fs::metadata(path).map_or(0.0, |file| file.len() as f64 / 1e6)
    };
    let stripped = program.with_extension("stripped");
    let status = std::process::Command::new("strip")
        .arg("-o")
        .arg(&stripped)
        .arg(&program)
        .status();
    let stripped = match status {
        Ok(status) if status.success() => format!("{:.2}", megabytes(&stripped)),
        _ => "no `strip`".to_owned(),
    };
    println!(
        "{name:<24}{crates:>8}{seconds:>18.1}{:>18.2}{stripped:>18}",
        megabytes(&program)
    );
}
