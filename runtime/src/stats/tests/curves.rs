//! Several trainings, and clusters.

use super::{super::*, *};

#[test]
fn spreads_are_those_of_numpy_and_scipy() {
    let case = &REFERENCE["model"];
    let folds = rows(&case["folds"]);
    let spreads = model::spread_of_rows(&folds);
    all_close(
        "mean",
        spreads.iter().map(|spread| spread.mean),
        &case["mean"],
    );
    all_close("std", spreads.iter().map(|spread| spread.std), &case["std"]);
    for (spread, expected) in spreads.iter().zip(case["interval"].as_array().unwrap()) {
        let (low, high) = spread.mean_interval(0.95).unwrap();
        all_close("interval", [low, high], expected);
    }
}

#[test]
fn series_of_unequal_length_are_read_step_by_step() {
    let spreads = model::spread_of_series(&[vec![1.0, 4.0, f64::NAN, 9.0], vec![3.0, 6.0]]);
    assert_eq!(
        spreads
            .iter()
            .map(|spread| spread.count)
            .collect::<Vec<_>>(),
        [2, 2, 0, 1]
    );
    assert_eq!((spreads[0].mean, spreads[0].std), (2.0, 1.0));
    assert!(spreads[2].mean.is_nan());
    assert_eq!((spreads[3].mean, spreads[3].std), (9.0, 0.0));
    assert!(spreads[3].mean_interval(0.95).is_none());
}

#[test]
fn silhouettes_are_those_of_scikit_learn() {
    let case = &REFERENCE["model"];
    let found = model::silhouette_samples(&rows(&case["samples"]), &indices(&case["labels"]));
    all_close("silhouette", found, &case["silhouettes"]);
}
