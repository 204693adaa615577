//! The figures. Each function sees only what its run provided.

use mlplots::prelude::*;

use crate::sales::{Day, Sales};

/// Every day's demand and its mean over four weeks: inflation, two harvests a year, promotions.
#[plot(size = (1600, 800))]
fn time_series_demand(canvas: &Canvas, sales: &Sales) -> PlotResult {
    const WINDOW: usize = 28;
    // A date as a number of years puts the axis' ticks on whole years.
    let year = |day: &Day| 1970.0 + f64::from(day.date.0) / 365.2425;
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
    let highest = points
        .iter()
        .fold(0.0_f64, |highest, point| highest.max(point.1));

    canvas.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(canvas)
        .caption(
            "Demand over time, with its mean over 28 days",
            ("sans-serif", 28),
        )
        .margin(25)
        .x_label_area_size(60)
        .y_label_area_size(80)
        .build_cartesian_2d(years, 0.0..highest * 1.05)?;
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
