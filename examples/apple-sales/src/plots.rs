//! The figures. A plot function receives only values that its run provided.

use std::path::PathBuf;

use chrono::Datelike;
use tempfile::TempDir;

use mlplots::prelude::*;

use crate::model::{Evaluation, Ridge};
use crate::sales::{Day, Sales};

/// Demand over time with its mean over four weeks. Inflation, harvests and promotions are visible.
#[plot(size = (1600, 800))]
fn time_series_demand(canvas: &Canvas, sales: &Sales) -> PlotResult {
    const WINDOW: usize = 28;
    // With dates in years, the axis places its ticks at whole years.
    let year = |day: &Day| 1970.0 + f64::from(day.date.to_epoch_days()) / 365.2425;
    let points: Vec<(f64, f64)> = sales
        .days
        .iter()
        .map(|day| (year(day), day.demand))
        .collect();
    let rolling = sales.days.windows(WINDOW).map(|days| {
        let demand: f64 = days.iter().map(|day| day.demand).sum();
        (year(&days[WINDOW - 1]), demand / WINDOW as f64)
    });
    let years = points[0].0.floor()..points[points.len() - 1].0.ceil();
    let maximum = points
        .iter()
        .fold(0.0_f64, |maximum, point| maximum.max(point.1));

    canvas.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(canvas)
        .caption(
            "Demand over time, with its mean over 28 days",
            ("sans-serif", 28),
        )
        .margin(25)
        .x_label_area_size(60)
        .y_label_area_size(80)
        .build_cartesian_2d(years, 0.0..maximum * 1.05)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc("Year")
        .y_desc("Demand (kg)")
        .x_labels(30)
        .x_label_formatter(&|year| format!("{year:.0}"))
        .y_label_formatter(&|demand| format!("{demand:.0}"))
        .axis_desc_style(("sans-serif", 20))
        .label_style(("sans-serif", 16))
        .draw()?;

    let faint = BLUE.mix(0.25).filled();
    chart
        .draw_series(points.iter().map(|&point| Circle::new(point, 2, faint)))?
        .label("One day")
        .legend(move |(x, y)| Circle::new((x + 10, y), 3, faint));
    let strong = RED.stroke_width(2);
    chart
        .draw_series(LineSeries::new(rolling, strong))?
        .label("Mean over 28 days")
        .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], strong));
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.9))
        .border_style(BLACK.mix(0.3))
        .label_font(("sans-serif", 18))
        .draw()?;
    Ok(())
}

/// Demand on weekdays and weekends: quartiles, and one point per day.
#[plot]
fn box_weekend(sales: &Sales) -> Figure {
    charts::box_strip(&by_weekend(sales))
        .title("Demand on weekdays and weekends")
        .x_label("Day")
        .y_label("Demand (kg)")
}

/// Demand by price, with the regression line.
#[plot]
fn scatter_demand_price(sales: &Sales) -> Figure {
    charts::scatter(
        &sales.column(|day| day.price_per_kg),
        &sales.column(|day| day.demand),
    )
    .title("Demand by price")
    .x_label("Price per kg")
    .y_label("Demand (kg)")
}

/// Density of demand on weekdays and weekends.
#[plot]
fn density_weekday_weekend(sales: &Sales) -> Figure {
    charts::density(&by_weekend(sales))
        .title("Density of demand on weekdays and weekends")
        .x_label("Demand (kg)")
        .y_label("Density")
}

/// Correlation matrix of features and demand. The function saves a file itself, as it would with
/// another plotting library.
#[plot]
fn corr_plot(sales: &Sales) -> anyhow::Result<(PathBuf, TempDir)> {
    let features: Vec<_> = sales.days.iter().map(Day::features).collect();
    let mut names = Day::FEATURES.to_vec();
    let mut columns: Vec<Vec<f64>> = (0..names.len())
        .map(|column| features.iter().map(|row| row[column]).collect())
        .collect();
    names.push("demand");
    columns.push(sales.column(|day| day.demand));

    let folder = tempfile::tempdir()?;
    let path = folder.path().join("corr_plot.png");
    charts::correlation(&names, &columns)
        .title("Correlation of features and demand")
        .x_label("Column")
        .y_label("Column")
        .size((1200, 1000))
        .save(&path)?;
    Ok((path, folder))
}

/// Residuals by predicted demand. A funnel shape means that the error grows with the demand.
#[plot]
fn residuals_plot(evaluation: &Evaluation) -> Figure {
    charts::residuals(&evaluation.y_true, &evaluation.y_pred)
        .title("Residuals")
        .x_label("Predicted demand (kg)")
        .y_label("True − predicted demand (kg)")
}

/// Change in demand per unit of each feature.
#[plot]
fn coefficients_plot(ridge: &Ridge) -> Figure {
    charts::coefficients(&Day::FEATURES, &ridge.coefficients)
        .title("Coefficients of the ridge regression")
        .x_label("Coefficient (kg per unit)")
        .y_label("Feature")
}

/// Predicted demand by true demand. Perfect predictions lie on the diagonal.
#[plot]
fn prediction_errors(evaluation: &Evaluation) -> Figure {
    charts::prediction_error(&evaluation.y_true, &evaluation.y_pred)
        .title("Predicted and true demand")
        .x_label("True demand (kg)")
        .y_label("Predicted demand (kg)")
}

/// Q–Q plot of the residuals. Normally distributed residuals lie on the line.
#[plot]
fn qq_plot(evaluation: &Evaluation) -> Figure {
    charts::qq(&evaluation.residuals())
        .title("Residuals against the normal distribution")
        .x_label("Theoretical quantile")
        .y_label("Residual (kg)")
}

/// Three figures from one function: mean demand by month, distribution of the residuals, and size
/// of the error by predicted demand.
#[plot(dir = "diagnostics")]
fn diagnostics(sales: &Sales, evaluation: &Evaluation) -> anyhow::Result<(PathBuf, TempDir)> {
    // The run copies the files, then drops the returned `TempDir`, which deletes the folder.
    let folder = tempfile::tempdir()?;
    charts::group_means(&by_month(sales))
        .title("Mean demand by month")
        .x_label("Month")
        .y_label("Demand (kg)")
        .save(folder.path().join("demand_by_month.png"))?;
    charts::histogram(&evaluation.residuals())
        .title("Distribution of the residuals")
        .x_label("Residual (kg)")
        .y_label("Days")
        .save(folder.path().join("residual_distribution.png"))?;
    charts::scale_location(&evaluation.y_true, &evaluation.y_pred)
        .title("Size of the error by prediction")
        .x_label("Predicted demand (kg)")
        .save(folder.path().join("error_size.png"))?;
    Ok((folder.path().to_path_buf(), folder))
}

fn by_weekend(sales: &Sales) -> [(&'static str, Vec<f64>); 2] {
    [("Weekday", false), ("Weekend", true)]
        .map(|(name, weekend)| (name, sales.demand(|day| day.weekend == weekend)))
}

fn by_month(sales: &Sales) -> [(&'static str, Vec<f64>); 12] {
    let names = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let mut months = 1..;
    names.map(|name| {
        let month = months.next();
        (name, sales.demand(|day| Some(day.date.month()) == month))
    })
}
