//! Several classes, and the confusion between them.

use super::super::classification::Ranking;
use super::super::confusion::{Confusion, Normalize, value_counts};
use super::{super::*, *};

#[test]
fn averages_over_classes_are_those_of_scikit_learn() {
    let case = &REFERENCE["multiclass"];
    let (y, scores) = (indices(&case["y"]), rows(&case["score"]));
    let classes: Vec<_> = (0..4)
        .map(|class| multiclass::one_vs_rest(&y, &scores, class).unwrap())
        .collect();
    all_close("AUC", classes.iter().map(Ranking::auc), &case["auc"]);
    all_close(
        "AP",
        classes.iter().map(Ranking::average_precision),
        &case["average_precision"],
    );
    close(
        "macro AUC",
        multiclass::macro_auc(&classes),
        number(&case["macro_auc"]),
    );
    let macro_precision = multiclass::macro_average_precision(&classes);
    close(
        "macro AP",
        macro_precision,
        number(&case["macro_average_precision"]),
    );

    let micro = multiclass::micro(&y, &scores).unwrap();
    close("micro AUC", micro.auc(), number(&case["micro_auc"]));
    close(
        "micro AP",
        micro.average_precision(),
        number(&case["micro_average_precision"]),
    );

    let curve = multiclass::macro_roc(&classes);
    all_close(
        "macro x",
        curve.iter().step_by(37).map(|point| point.0),
        &case["macro_x"],
    );
    all_close(
        "macro y",
        curve.iter().step_by(37).map(|point| point.1),
        &case["macro_tpr"],
    );
}

#[test]
fn confusion_is_that_of_scikit_learn() {
    let case = &REFERENCE["confusion"];
    let (y, predicted) = (words(&case["y"]), words(&case["predicted"]));
    let confusion = Confusion::new(&y, &predicted);
    assert_eq!(confusion.labels, words(&case["labels"]));
    assert_eq!(serde_json::json!(confusion.counts), case["counts"]);
    close("accuracy", confusion.accuracy(), number(&case["accuracy"]));
    for (name, over) in [
        ("true", Normalize::True),
        ("pred", Normalize::Pred),
        ("all", Normalize::All),
    ] {
        all_close_rows(name, confusion.normalized(over), &case["normalized"][name]);
    }

    let scores = confusion.class_scores();
    all_close(
        "precision",
        scores.iter().map(|class| class.precision),
        &case["precision"],
    );
    all_close(
        "recall",
        scores.iter().map(|class| class.recall),
        &case["recall"],
    );
    all_close("F1", scores.iter().map(|class| class.f1), &case["f1"]);
    all_close(
        "support",
        scores.iter().map(|class| class.support as f64),
        &case["support"],
    );
    assert_eq!(serde_json::json!(value_counts(&y)), case["value_counts"]);
}
