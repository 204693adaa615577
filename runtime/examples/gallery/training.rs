//! Charts of how a model learns.

use mlplots::{Figure, charts};

use crate::numbers::Numbers;

/// Every chart of the family with its name.
pub fn charts() -> Vec<(&'static str, Figure)> {
    let mut numbers = Numbers::new(5);
    let training: Vec<f64> = (0..60)
        .map(|epoch| 2.1 * (-f64::from(epoch) / 14.0).exp() + 0.08 + 0.015 * numbers.normal())
        .collect();
    let validation: Vec<f64> = (0..60)
        .map(|epoch| {
            let at = f64::from(epoch);
            2.0 * (-at / 11.0).exp() + 0.28 + 0.004 * (at - 25.0).max(0.0) + 0.02 * numbers.normal()
        })
        .collect();
    let mut seeds = |of: &[f64], spread: f64| -> Vec<Vec<f64>> {
        (0..5)
            .map(|_| {
                let shift = spread * numbers.normal();
                of.iter()
                    .map(|loss| loss + shift + spread * numbers.normal())
                    .collect()
            })
            .collect()
    };
    let bands = [
        ("training", seeds(&training, 0.03)),
        ("validation", seeds(&validation, 0.06)),
    ];
    let sizes = [100.0, 300.0, 600.0, 1000.0, 1500.0, 2200.0, 3000.0];
    let mut folds = |score: fn(f64) -> f64, at: &[f64]| -> Vec<Vec<f64>> {
        at.iter()
            .map(|x| {
                (0..5)
                    .map(|_| score(*x) + 0.008 * numbers.normal())
                    .collect()
            })
            .collect()
    };
    let train = folds(|size| 0.93 + 3.0 / size, &sizes);
    let validated = folds(|size| 0.91 - 14.0 / (size + 40.0), &sizes);
    let alphas = [1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0];
    let alpha_train = folds(|alpha| 0.95 - 0.02 * (alpha.log10() + 4.0), &alphas);
    let alpha_validated = folds(
        |alpha| 0.88 - 0.018 * (alpha.log10() + 0.5).powi(2),
        &alphas,
    );
    vec![
        (
            "loss_curves",
            charts::loss_curves(&[("training", training), ("validation", validation)]),
        ),
        (
            "loss_bands",
            charts::loss_bands(&bands).title("Loss of five seeds"),
        ),
        (
            "learning_curve",
            charts::learning_curve(&sizes, &train, &validated).y_label("Accuracy"),
        ),
        (
            "validation_curve",
            charts::validation_curve(&alphas, &alpha_train, &alpha_validated)
                .x_label("alpha")
                .y_label("Accuracy")
                .log_x(),
        ),
    ]
}
