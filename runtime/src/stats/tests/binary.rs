//! Curves of a binary classifier, and its calibration.

use super::super::calibration::{Strategy, brier_score, calibration_curve};
use super::{super::*, *};

#[test]
fn rankings_are_those_of_scikit_learn() {
    for (name, case) in cases("binary") {
        let ranking = ranking(case);
        let roc = ranking.roc();
        all_close(
            &format!("{name} fpr"),
            roc.points.iter().map(|point| point.0),
            &case["fpr"],
        );
        all_close(
            &format!("{name} tpr"),
            roc.points.iter().map(|point| point.1),
            &case["tpr"],
        );
        all_close(
            &format!("{name} roc thresholds"),
            roc.thresholds,
            &case["roc_thresholds"],
        );
        close(&format!("{name} AUC"), ranking.auc(), number(&case["auc"]));

        let curve = ranking.precision_recall();
        all_close(
            &format!("{name} recall"),
            curve.points.iter().map(|point| point.0),
            &case["recall"],
        );
        all_close(
            &format!("{name} precision"),
            curve.points.iter().map(|point| point.1),
            &case["precision"],
        );
        all_close(
            &format!("{name} thresholds"),
            curve.thresholds,
            &case["pr_thresholds"],
        );
        close(
            &format!("{name} AP"),
            ranking.average_precision(),
            number(&case["average_precision"]),
        );
    }
}

#[test]
fn scores_over_the_threshold_are_those_of_scikit_learn() {
    for (name, case) in cases("binary") {
        let at = ranking(case).at_thresholds();
        all_close(&name, at.iter().map(|at| at.threshold), &case["thresholds"]);
        all_close(
            &format!("{name} precision"),
            at.iter().map(|at| at.precision),
            &case["at_precision"],
        );
        all_close(
            &format!("{name} recall"),
            at.iter().map(|at| at.recall),
            &case["at_recall"],
        );
        all_close(
            &format!("{name} F1"),
            at.iter().map(|at| at.f1),
            &case["f1"],
        );
        all_close(
            &format!("{name} queue rate"),
            at.iter().map(|at| at.queue_rate),
            &case["queue_rate"],
        );
    }
}

#[test]
fn gain_and_lift_follow_the_counts_of_scikit_learn_and_the_distance_that_of_scipy() {
    for (name, case) in cases("binary") {
        let ranking = ranking(case);
        let gain = ranking.gain();
        all_close(
            &format!("{name} share"),
            gain.iter().map(|point| point.0),
            &case["gain"][0],
        );
        all_close(
            &format!("{name} gain"),
            gain.iter().map(|point| point.1),
            &case["gain"][1],
        );
        all_close(
            &format!("{name} lift"),
            ranking.lift().iter().map(|point| point.1),
            &case["lift"],
        );

        let distance = ranking.kolmogorov_smirnov();
        close(
            &format!("{name} distance"),
            distance.statistic,
            number(&case["ks"]),
        );
        close(
            &format!("{name} threshold"),
            distance.threshold,
            number(&case["ks_threshold"]),
        );
        let &(_, negatives, positives) = distance.curves.last().unwrap();
        assert_eq!((negatives, positives), (1.0, 1.0));
    }
}

#[test]
fn calibration_is_that_of_scikit_learn() {
    let case = &REFERENCE["calibration"];
    let (y, p) = (truths(&case["y"]), numbers(&case["p"]));
    close("Brier score", brier_score(&y, &p), number(&case["brier"]));
    for curve in case["curves"].as_array().unwrap() {
        let bins = number(&curve["bins"]) as usize;
        let uniform = curve["strategy"] == "uniform";
        let strategy = if uniform {
            Strategy::Uniform
        } else {
            Strategy::Quantile
        };
        let found = calibration_curve(&y, &p, bins, strategy);
        let name = format!("{bins} {strategy:?} bins");
        all_close(
            &name,
            found.iter().map(|bin| bin.observed),
            &curve["observed"],
        );
        all_close(
            &name,
            found.iter().map(|bin| bin.predicted),
            &curve["predicted"],
        );
        assert_eq!(found.iter().map(|bin| bin.count).sum::<usize>(), p.len());
    }
}

fn ranking(case: &Value) -> classification::Ranking {
    classification::Ranking::new(&truths(&case["y"]), &numbers(&case["score"])).unwrap()
}
