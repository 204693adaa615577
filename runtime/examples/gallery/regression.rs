//! Charts of a regression model.

use mlplots::{Figure, charts};

use crate::numbers::Numbers;

/// Every chart of the family with its name.
pub fn charts() -> Vec<(&'static str, Figure)> {
    let mut numbers = Numbers::new(11);
    let (y_true, y_pred): (Vec<f64>, Vec<f64>) = (0..700)
        .map(|_| {
            let y_pred = 20.0 + 60.0 * numbers.even();
            let bend = 0.004 * (y_pred - 50.0).powi(2) - 1.2;
            (
                y_pred + bend + (0.6 + 0.05 * y_pred) * numbers.normal(),
                y_pred,
            )
        })
        .unzip();
    let errors: Vec<f64> = y_true.iter().zip(&y_pred).map(|(t, p)| t - p).collect();
    let names = [
        "income",
        "rooms",
        "age",
        "crime rate",
        "distance to centre",
        "tax",
        "noise",
        "garden",
    ];
    let weights = [3.42, 2.81, -0.94, -2.37, -1.55, -0.38, -0.06, 0.72];
    vec![
        ("residuals", charts::residuals(&y_true, &y_pred)),
        (
            "prediction_error",
            charts::prediction_error(&y_true, &y_pred),
        ),
        ("scale_location", charts::scale_location(&y_true, &y_pred)),
        (
            "qq",
            charts::qq(&errors).title("Normal Q–Q of the residuals"),
        ),
        ("coefficients", charts::coefficients(&names, &weights)),
    ]
}
