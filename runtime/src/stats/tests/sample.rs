//! One sample: summary, density, histogram, rolling window, jitter.

use super::{super::*, *};

#[test]
fn summaries_are_those_of_numpy_and_matplotlib() {
    for (name, case) in cases("summary") {
        let values = numbers(&case["values"]);
        close(
            &format!("mean of {name}"),
            summary::mean(&values),
            number(&case["mean"]),
        );
        let variances = [0, 1].map(|ddof| summary::variance(&values, ddof));
        all_close(&format!("variance of {name}"), variances, &case["variance"]);
        let quantiles = numbers(&case["q"])
            .into_iter()
            .map(|q| summary::quantile(&values, q));
        all_close(
            &format!("quantiles of {name}"),
            quantiles,
            &case["quantiles"],
        );
        close(
            "median",
            summary::median(&values),
            number(&case["quantiles"][3]),
        );

        let stats = summary::box_stats(&values).unwrap();
        let drawn = [
            stats.mean,
            stats.q1,
            stats.median,
            stats.q3,
            stats.low,
            stats.high,
        ];
        all_close(&format!("box of {name}"), drawn, &case["box"]);
        all_close(
            &format!("outliers of {name}"),
            stats.outliers,
            &case["outliers"],
        );
        assert_eq!(stats.count, values.len());
    }
}

/// Binning moves each value by up to half a grid step, so here the tolerance is 0.1 % of the peak.
#[test]
fn densities_are_those_of_scipy() {
    for (name, case) in cases("kde") {
        let values = numbers(&case["values"]);
        let density = kde::kde(&values, number(&case["cut"]), number(&case["adjust"])).unwrap();
        close(&name, density.bandwidth, number(&case["bandwidth"]));
        let points: Vec<_> = density.points.iter().step_by(33).collect();
        all_close(&name, points.iter().map(|point| point.0), &case["x"]);
        let tolerance = 1e-3 * number(&case["peak"]);
        for (point, expected) in points.iter().zip(numbers(&case["density"])) {
            within(
                &format!("{name} at {}", point.0),
                point.1,
                expected,
                tolerance,
            );
        }
    }
}

#[test]
fn histograms_are_those_of_numpy() {
    for (name, case) in cases("histogram") {
        let values = numbers(&case["values"]);
        let auto = histogram::Histogram::auto(&values).unwrap();
        all_close(&format!("edges of {name}"), auto.edges, &case["edges"]);
        assert_eq!(
            serde_json::json!(auto.counts),
            case["counts"],
            "counts of {name}"
        );

        let seven = histogram::Histogram::new(&values, 7).unwrap();
        assert_eq!(
            serde_json::json!(seven.counts),
            case["seven"],
            "7 counts of {name}"
        );
        all_close(
            &format!("density of {name}"),
            seven.density(),
            &case["seven_density"],
        );
        all_close(
            &format!("7 edges of {name}"),
            seven.edges,
            &case["seven_edges"],
        );
    }
}

#[test]
fn rolling_windows_are_those_of_pandas() {
    for (name, case) in cases("rolling") {
        let (values, window) = (numbers(&case["values"]), number(&case["window"]) as usize);
        all_close(
            &format!("{name} mean"),
            rolling::rolling_mean(&values, window),
            &case["mean"],
        );
        all_close(
            &format!("{name} std"),
            rolling::rolling_std(&values, window),
            &case["std"],
        );
    }
}

#[test]
fn jitter_is_even_and_the_same_again() {
    let offsets = jitter::jitter(20_000, 0.4, 7);
    assert_eq!(offsets, jitter::jitter(20_000, 0.4, 7));
    assert_ne!(offsets, jitter::jitter(20_000, 0.4, 8));
    assert!(offsets.iter().all(|offset| (-0.2..0.2).contains(offset)));
    within("mean", summary::mean(&offsets), 0.0, 0.003);
    within(
        "spread",
        summary::std(&offsets, 0),
        0.4 / 12.0_f64.sqrt(),
        0.003,
    );
}

/// The first outputs of `SplitMix64` for seed 1234567, from its authors' reference implementation.
#[test]
fn jitter_follows_splitmix64() {
    let published = [
        6_457_827_717_110_365_317_u64,
        3_203_168_211_198_807_973,
        9_817_491_932_198_370_423,
    ];
    let expected = published.map(|bits| (bits >> 11) as f64 / (1_u64 << 53) as f64 - 0.5);
    assert_eq!(jitter::jitter(3, 1.0, 1_234_567), expected);
}
