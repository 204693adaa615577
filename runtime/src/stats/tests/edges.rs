//! Input that has no answer, and input that is hard to answer: nothing panics.

use super::super::calibration::{Strategy, calibration_curve};
use super::super::confusion::{Confusion, Normalize, value_counts};
use super::super::histogram::Histogram;
use super::{super::*, *};

/// Samples that a careless formula divides by zero on, overflows on, or indexes beyond.
fn awkward() -> Vec<Vec<f64>> {
    const NAN: f64 = f64::NAN;
    const INFINITE: f64 = f64::INFINITY;
    vec![
        vec![],
        vec![NAN],
        vec![NAN, INFINITE, -INFINITE],
        vec![3.0],
        vec![0.1; 9],
        vec![0.0, -0.0],
        vec![1.0, NAN, 2.0, INFINITE, 2.0],
        vec![f64::MAX, f64::MIN],
        vec![f64::MAX; 3],
        vec![f64::MIN; 3],
        vec![5e-324, 0.0, 1e-323],
        vec![1e17, 1e17 + 32.0, 1e17],
        vec![-1e-300, 1e300, 0.0, 1.0],
        (0..200).map(|i| f64::from(i % 3)).collect(),
    ]
}

#[test]
fn no_sample_panics() {
    for x in awkward() {
        let finite = summary::finite(&x).len();
        let (q1, mean) = (summary::quantile(&x, 0.25), summary::mean(&x));
        assert_eq!(
            (q1.is_nan(), mean.is_nan()),
            (finite == 0, finite == 0),
            "{x:?}"
        );
        assert_eq!(summary::box_stats(&x).is_some(), finite > 0);
        assert_eq!(summary::range(&x).is_some(), finite > 0);
        let _ = (
            summary::std(&x, 0),
            summary::std(&x, 1),
            summary::quantile(&x, f64::NAN),
        );

        for (cut, adjust) in [
            (3.0, 1.0),
            (0.0, 1.0),
            (f64::NAN, 1.0),
            (3.0, 0.0),
            (3.0, f64::NAN),
        ] {
            if let Some(density) = kde::kde(&x, cut, adjust) {
                assert!(
                    density
                        .points
                        .iter()
                        .all(|point| point.0.is_finite() && point.1.is_finite())
                );
            }
        }
        for bins in [1, 7, histogram::auto_bins(&x)] {
            let counted = Histogram::new(&x, bins).map_or(0, |found| found.counts.iter().sum());
            assert_eq!(counted, finite as u64, "{bins} bins of {x:?}");
        }
        for window in 0..5 {
            assert_eq!(rolling::rolling_mean(&x, window).len(), x.len());
            assert_eq!(rolling::rolling_std(&x, window).len(), x.len());
        }
        let _ = probability::probability_plot(&x);
        let _ = model::spread_of_series(&[&x, &x[..x.len() / 2]]);
    }
}

#[test]
fn no_pair_of_samples_panics() {
    for x in awkward() {
        for y in awkward() {
            let _ = (
                correlation::pearson(&x, &y),
                residuals::RegressionScores::new(&x, &y),
            );
            let matrix = correlation::matrix(&[&x, &y, &x]);
            assert_eq!(correlation::cluster_order(&matrix).len(), 3);
            if let Some(line) = regression::Line::fit(&x, &y) {
                let _ = (line.r_squared(), line.mean_interval(f64::NAN, 2.0));
            }
            let pairs = summary::finite_pairs(&x, &y).len();
            assert_eq!(residuals::residuals(&x, &y).len(), pairs);
            assert_eq!(lowess::smooth(&x, &y).len(), pairs);
            for (fraction, delta) in [
                (0.0, 0.0),
                (f64::NAN, f64::NAN),
                (9.0, f64::INFINITY),
                (0.5, -1.0),
            ] {
                assert_eq!(lowess::lowess(&x, &y, fraction, 2, delta).len(), pairs);
            }
        }
    }
}

#[test]
fn no_classification_panics() {
    let labels: Vec<Vec<bool>> = vec![vec![], vec![true], vec![false; 4], vec![true, false, true]];
    for scores in awkward() {
        for y in &labels {
            if let Some(ranking) = classification::Ranking::new(y, &scores) {
                let _ = (
                    ranking.roc(),
                    ranking.precision_recall(),
                    ranking.kolmogorov_smirnov(),
                );
                assert!((0.0..=1.0).contains(&ranking.auc()));
                assert!((0.0..=1.0).contains(&ranking.average_precision()));
                assert!(ranking.lift().iter().all(|point| point.0.is_finite()));
            }
            for bins in [0, 1, 10] {
                for strategy in [Strategy::Uniform, Strategy::Quantile] {
                    let _ = calibration_curve(y, &scores, bins, strategy);
                }
            }
            let classes: Vec<usize> = y.iter().map(|&truth| usize::from(truth) * 7).collect();
            let rows = [&scores[..], &[], &scores[..scores.len() / 2]];
            let _ = (
                multiclass::micro(&classes, &rows),
                multiclass::one_vs_rest(&classes, &rows, 1),
            );
            assert_eq!(
                model::silhouette_samples(&rows, &classes).len(),
                rows.len().min(y.len())
            );
        }
    }
    assert!(multiclass::macro_roc(&[]).is_empty());
    assert!(multiclass::macro_auc(&[]).is_nan());
}

#[test]
fn an_empty_confusion_is_empty() {
    let confusion = Confusion::<u8>::new(&[], &[1, 2]);
    assert!(confusion.labels.is_empty());
    assert!(confusion.normalized(Normalize::True).is_empty());
    assert_eq!(confusion.accuracy().to_bits(), 0.0_f64.to_bits());
    assert!(value_counts::<u8>(&[]).is_empty());
}

#[test]
fn distributions_know_their_ends() {
    for p in [f64::NAN, -0.1, 1.1] {
        assert!(normal::quantile(p).is_nan() && normal::t_quantile(p, 3).is_nan());
    }
    for degrees in [1, 30, 1000] {
        assert_eq!(
            (normal::quantile(0.0), normal::quantile(1.0)),
            (f64::NEG_INFINITY, f64::INFINITY)
        );
        let ends = (
            normal::t_quantile(0.0, degrees),
            normal::t_quantile(1.0, degrees),
        );
        assert_eq!(ends, (f64::NEG_INFINITY, f64::INFINITY));
        within("centre", normal::t_quantile(0.5, degrees), 0.0, 1e-15);
    }
    assert!(normal::t_quantile(0.9, 0).is_nan());
    assert_eq!(
        (normal::cdf(f64::NEG_INFINITY), normal::cdf(f64::INFINITY)),
        (0.0, 1.0)
    );
    assert!(normal::cdf(f64::NAN).is_nan());
}

/// A forest or a constant model predicts few distinct values: the smoother goes through their
/// means.
#[test]
fn a_smoother_over_one_x_is_the_mean() {
    let smoothed = lowess::lowess(&[2.0; 4], &[1.0, 2.0, 3.0, 6.0], 1.0, 0, 0.0);
    assert_eq!(smoothed, [(2.0, 3.0); 4]);
}

#[test]
fn a_smoother_does_not_depend_on_the_unit_of_x() {
    let x: Vec<f64> = (0..50).map(f64::from).collect();
    let y: Vec<f64> = x.iter().map(|x| (x / 9.0).sin()).collect();
    let tiny: Vec<f64> = x.iter().map(|x| x * 1e-12).collect();
    let pairs = lowess::lowess(&x, &y, 0.5, 3, 0.0)
        .into_iter()
        .zip(lowess::lowess(&tiny, &y, 0.5, 3, 0.0));
    for (metre, picometre) in pairs {
        close("smoothed", picometre.1, metre.1);
    }
}

#[test]
fn a_million_points_are_smoothed_from_a_selection() {
    let x: Vec<f64> = (0..1_000_000).map(|i| f64::from(i) * 1e-6).collect();
    let y: Vec<f64> = x
        .iter()
        .zip(jitter::jitter(x.len(), 0.5, 1))
        .map(|(x, e)| x * x + e)
        .collect();
    let smoothed = lowess::smooth(&x, &y);
    assert_eq!(smoothed.len(), 10_000);
    assert_eq!((smoothed[0].0, smoothed[9_999].0), (x[0], x[999_999]));
    within("middle", smoothed[5_000].1, 0.25, 0.03);
}
