//! Lines, smoothers, distributions, residuals, correlation.

use super::{super::*, *};

#[test]
fn lines_are_those_of_scipy_and_statsmodels() {
    for (name, case) in cases("regression") {
        let line = regression::Line::fit(&numbers(&case["x"]), &numbers(&case["y"])).unwrap();
        close(&format!("{name} slope"), line.slope, number(&case["slope"]));
        close(
            &format!("{name} intercept"),
            line.intercept,
            number(&case["intercept"]),
        );
        close(&format!("{name} r"), line.r, number(&case["r"]));
        close(
            &format!("{name} r²"),
            line.r_squared(),
            number(&case["r_squared"]),
        );
        let at = numbers(&case["at"]);
        all_close(
            &format!("{name} fit"),
            at.iter().map(|&x| line.at(x)),
            &case["fitted"],
        );
        for level in ["0.9", "0.95"] {
            for (&x, expected) in at.iter().zip(case["intervals"][level].as_array().unwrap()) {
                let (low, high) = line.mean_interval(x, level.parse().unwrap()).unwrap();
                all_close(&format!("{name} interval at {x}"), [low, high], expected);
            }
        }
    }
}

#[test]
fn smoothers_are_those_of_statsmodels() {
    for (name, case) in cases("lowess") {
        let (x, y, delta) = (
            numbers(&case["x"]),
            numbers(&case["y"]),
            number(&case["delta"]),
        );
        let (fraction, iterations) = (
            number(&case["fraction"]),
            number(&case["iterations"]) as usize,
        );
        let smoothed = lowess::lowess(&x, &y, fraction, iterations, delta);
        assert_eq!(smoothed.len(), x.len());
        let last = x[x.len() - 1];
        for (point, expected) in smoothed.iter().zip(numbers(&case["smoothed"])) {
            // With a delta, statsmodels fits one point more, the last but one, and interpolates
            // elsewhere in the last stretch; R does not. The robust weights carry it on.
            let tolerance = if delta > 0.0 {
                5e-4
            } else {
                1e-9 * expected.abs() + 1e-12
            };
            within(
                &format!("{name} at {} of {last}", point.0),
                point.1,
                expected,
                tolerance,
            );
        }
    }
}

#[test]
fn distributions_are_those_of_scipy() {
    let case = &REFERENCE["distributions"];
    let relative = |what: &str, actual: f64, expected: f64, tolerance: f64| {
        within(
            what,
            actual,
            expected,
            tolerance * expected.abs().max(f64::MIN_POSITIVE),
        );
    };
    for (index, &z) in numbers(&case["z"]).iter().enumerate() {
        relative(
            &format!("pdf({z})"),
            normal::pdf(z),
            number(&case["pdf"][index]),
            1e-9,
        );
        relative(
            &format!("cdf({z})"),
            normal::cdf(z),
            number(&case["cdf"][index]),
            1e-12,
        );
    }
    for (index, &p) in numbers(&case["p"]).iter().enumerate() {
        relative(
            &format!("quantile({p})"),
            normal::quantile(p),
            number(&case["quantile"][index]),
            1e-13,
        );
    }
    for (degrees, quantiles) in indices(&case["degrees"])
        .into_iter()
        .zip(rows(&case["t_quantile"]))
    {
        for (p, expected) in numbers(&case["t_p"]).into_iter().zip(quantiles) {
            relative(
                &format!("t({p}, {degrees})"),
                normal::t_quantile(p, degrees),
                expected,
                1e-10,
            );
        }
    }
}

#[test]
fn probability_plots_are_those_of_scipy() {
    for (name, case) in cases("probability_plot") {
        let plot = probability::probability_plot(&numbers(&case["values"])).unwrap();
        all_close(
            &name,
            plot.points.iter().map(|point| point.0),
            &case["theory"],
        );
        all_close(
            &name,
            plot.points.iter().map(|point| point.1),
            &case["ordered"],
        );
        all_close(
            &name,
            [plot.line.slope, plot.line.intercept, plot.line.r],
            &case["line"],
        );
    }
}

#[test]
fn residuals_are_those_of_statsmodels_and_scores_those_of_scikit_learn() {
    let case = &REFERENCE["residuals"];
    let (y, predicted) = (numbers(&case["y"]), numbers(&case["predicted"]));
    let found = residuals::residuals(&y, &predicted);
    all_close(
        "standardized",
        found.iter().map(|r| r.standardized),
        &case["standardized"],
    );
    all_close(
        "leverage",
        found.iter().map(|r| r.leverage),
        &case["leverage"],
    );
    for (residual, (y, predicted)) in found.iter().zip(y.iter().zip(&predicted)) {
        close("predicted", residual.predicted, *predicted);
        close("error", residual.error, y - predicted);
        close("root", residual.root().powi(2), residual.standardized.abs());
    }

    let scores = |y: &[f64], predicted: &[f64]| {
        let s = residuals::RegressionScores::new(y, predicted).unwrap();
        [
            s.r2,
            s.mse,
            s.rmse,
            s.mae,
            s.median_absolute,
            s.max_error,
            s.mape,
        ]
    };
    all_close("scores", scores(&y, &predicted), &case["scores"]);
    let equal = numbers(&case["equal"]);
    let off: Vec<f64> = equal.iter().map(|y| y + 0.5).collect();
    all_close(
        "scores of equal y",
        scores(&equal, &equal),
        &case["equal_scores"],
    );
    all_close(
        "scores off equal y",
        scores(&equal, &off),
        &case["off_scores"],
    );
}

#[test]
fn correlations_are_those_of_pandas_and_their_order_that_of_scipy() {
    let case = &REFERENCE["correlation"];
    for (columns, expected) in [("columns", "matrix"), ("holes", "holes_matrix")] {
        let matrix = correlation::matrix(&rows(&case[columns]));
        all_close_rows(columns, matrix, &case[expected]);
    }
    for (matrix, order) in [("matrix", "order"), ("wide", "wide_order")] {
        assert_eq!(
            correlation::cluster_order(&rows(&case[matrix])),
            indices(&case[order]),
            "{order}"
        );
    }
}
