//! Charts of a classifier.

use mlplots::{Figure, charts};

use crate::numbers::Numbers;

/// Every chart of the family with its name.
pub fn charts() -> Vec<(&'static str, Figure)> {
    let mut numbers = Numbers::new(3);
    let moods = ["angry", "calm", "happy", "sad"];
    let (mut y_true, mut scores) = (Vec::new(), Vec::new());
    for sample in 0..800 {
        let class = [0, 1, 1, 2, 2, 2, 3, 1][sample % 8];
        let logits: Vec<f64> = (0..4)
            .map(|other| numbers.normal() + if other == class { 1.7 } else { 0.0 })
            .collect();
        let sum: f64 = logits.iter().map(|logit| logit.exp()).sum();
        scores.push(
            logits
                .iter()
                .map(|logit| logit.exp() / sum)
                .collect::<Vec<_>>(),
        );
        y_true.push(class);
    }
    let best =
        |row: &Vec<f64>| (0..4).fold(0, |best, at| if row[at] > row[best] { at } else { best });
    let predicted: Vec<&str> = scores.iter().map(|row| moods[best(row)]).collect();
    let named: Vec<&str> = y_true.iter().map(|class| moods[*class]).collect();

    let (is_fraud, fraud): (Vec<bool>, Vec<f64>) = (0..1500)
        .map(|sample| {
            let is_fraud = sample % 6 == 0;
            let logit = 1.3 * numbers.normal() + if is_fraud { 1.2 } else { -1.6 };
            (is_fraud, 1.0 / (1.0 + (-logit).exp()))
        })
        .unzip();
    vec![
        (
            "confusion_matrix",
            charts::confusion_matrix(&named, &predicted).title("Moods in speech"),
        ),
        (
            "confusion_matrix_normalized",
            charts::confusion_matrix_normalized(&named, &predicted)
                .title("Moods in speech, by true mood"),
        ),
        ("class_report", charts::class_report(&named, &predicted)),
        (
            "class_balance",
            charts::class_balance(&named).x_label("Mood"),
        ),
        (
            "roc",
            charts::roc(&is_fraud, &fraud).title("Fraud: ROC curve"),
        ),
        (
            "roc_multiclass",
            charts::roc_multiclass(&moods, &y_true, &scores),
        ),
        (
            "precision_recall",
            charts::precision_recall(&is_fraud, &fraud).title("Fraud: precision and recall"),
        ),
        (
            "precision_recall_multiclass",
            charts::precision_recall_multiclass(&moods, &y_true, &scores),
        ),
        ("calibration", charts::calibration(&is_fraud, &fraud)),
        (
            "cumulative_gain",
            charts::cumulative_gain(&is_fraud, &fraud),
        ),
        ("lift", charts::lift(&is_fraud, &fraud)),
        ("thresholds", charts::thresholds(&is_fraud, &fraud)),
    ]
}
