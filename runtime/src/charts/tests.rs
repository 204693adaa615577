//! Charts of unusual input: each is drawn, or fails with an error that names the argument.

use super::*;
use crate::{Figure, Theme};

type Values = Vec<f64>;
type Named = (&'static str, Figure);

fn names(count: usize) -> Vec<String> {
    (0..count).map(|place| format!("column {place}")).collect()
}

fn wave(count: u32, scale: f64) -> Values {
    let value = |place| scale * ((f64::from(place) * 0.7).sin() + 0.01 * f64::from(place));
    (0..count).map(value).collect()
}

/// All charts of a sample and a second one of the same length.
fn of(sample: &[f64], other: &[f64]) -> Vec<Named> {
    let days: Values = (0..sample.len()).map(|day| 19_000.0 + day as f64).collect();
    let points: Vec<(f64, f64)> = sample.iter().copied().zip(other.iter().copied()).collect();
    let groups = [("a", sample), ("b", other)];
    let columns = [sample, other];
    vec![
        ("time_series", time_series(&days, sample, 3)),
        ("scatter", scatter(sample, other)),
        ("scatter_groups", scatter_groups(&[("a", points)])),
        ("histogram", histogram(sample)),
        ("box_strip", box_strip(&groups)),
        ("violin", violin(&groups)),
        ("density", density(&groups)),
        ("group_means", group_means(&groups)),
        ("correlation", correlation(&["a", "b"], &columns)),
        (
            "correlation_clustered",
            correlation_clustered(&["a", "b"], &columns),
        ),
        ("pair_grid", pair_grid(&["a", "b"], &columns)),
        ("missing_values", missing_values(&["a", "b"], &columns)),
        ("residuals", residuals(sample, other)),
        ("prediction_error", prediction_error(sample, other)),
        ("scale_location", scale_location(sample, other)),
        ("qq", qq(sample)),
        ("coefficients", coefficients(&names(sample.len()), sample)),
    ]
}

/// Draws all charts; only these may fail.
fn drawn(figures: Vec<Named>, refused: &[&str]) {
    for (name, figure) in figures {
        match figure.to_svg() {
            Ok(svg) => assert!(
                !svg.contains("NaN") && !svg.contains("inf"),
                "{name}: {svg}"
            ),
            Err(error) => {
                assert!(refused.contains(&name), "{name}: {error}");
                assert!(error.to_string().starts_with('`'), "{name}: {error}");
            }
        }
    }
}

#[test]
fn ordinary_values_in_every_theme() {
    for theme in Theme::ALL {
        let figures = of(&wave(120, 3.0), &wave(120, -2.0));
        let themed = figures
            .into_iter()
            .map(|(name, figure)| (name, figure.theme(theme)));
        drawn(themed.collect(), &[]);
    }
}

#[test]
fn few_and_equal_values() {
    drawn(of(&[3.5], &[3.4]), &["density", "scale_location", "qq"]);
    // Two pairs have no degree of freedom.
    drawn(of(&[1.0, 2.0], &[2.0, 1.0]), &["scale_location"]);
    drawn(of(&[7.0; 30], &[7.0; 30]), &["density", "scale_location"]);
    drawn(of(&[0.0; 5], &wave(5, 1.0)), &[]);
}

#[test]
fn gaps_and_extremes() {
    let mut gaps = wave(90, 1.0);
    (gaps[3], gaps[40], gaps[41]) = (f64::NAN, f64::INFINITY, f64::NEG_INFINITY);
    drawn(of(&gaps, &wave(90, 2.0)), &[]);
    for scale in [1e300, 1e-300, 1e9, 1e-5, -1e6] {
        drawn(
            of(&wave(60, scale), &wave(60, scale * 0.9)),
            &["scale_location"],
        );
    }
    let ends = [f64::MAX, f64::MIN, 0.0, 1.0];
    drawn(of(&ends, &ends), &["density", "scale_location", "qq"]);
}

#[test]
fn nothing_to_draw_names_the_argument() {
    for (name, figure) in of(&[], &[])
        .into_iter()
        .chain(of(&[f64::NAN; 3], &[f64::NAN; 3]))
    {
        let unknown = ["correlation", "correlation_clustered", "missing_values"];
        match figure.to_svg() {
            Ok(_) => assert!(unknown.contains(&name), "{name} draws no value"),
            Err(error) => assert!(error.to_string().starts_with('`'), "{name}: {error}"),
        }
    }
}

#[test]
fn fifty_groups_and_texts_of_any_kind() {
    let long = "A very long name that goes on and on ".repeat(6);
    for text in ["group", long.as_str(), "東京の売上高", "🚀🔥", "", "a\nb"] {
        let names: Vec<String> = (0..50).map(|place| format!("{text}{place}")).collect();
        let columns: Vec<Values> = (1..=50).map(|scale| wave(20, f64::from(scale))).collect();
        let groups: Vec<(&String, &Values)> = names.iter().zip(&columns).collect();
        let figures = vec![
            ("box_strip", box_strip(&groups)),
            ("violin", violin(&groups)),
            ("density", density(&groups)),
            ("group_means", group_means(&groups)),
            ("coefficients", coefficients(&names, &wave(50, 1.0))),
            (
                "correlation_clustered",
                correlation_clustered(&names, &columns),
            ),
            ("missing_values", missing_values(&names, &columns)),
            ("pair_grid", pair_grid(&names[..8], &columns[..8])),
        ];
        let titled = figures.into_iter();
        let titled = titled.map(|(name, figure)| (name, figure.title(text).y_label(&long)));
        drawn(titled.collect(), &[]);
    }
}

#[test]
fn dates_of_any_span() {
    for span in [1e-9, 1e-4, 0.02, 1.5, 40.0, 400.0, 11_000.0, 700_000.0] {
        let days: Values = (0..50)
            .map(|place| 19_000.3 + span * f64::from(place) / 49.0)
            .collect();
        drawn(
            vec![("time_series", time_series(&days, &wave(50, 1.0), 5))],
            &[],
        );
    }
}

#[test]
fn what_cannot_be_drawn_is_told() {
    let two = [[1.0, 2.0], [2.0, 3.0]];
    let told = [
        (
            time_series(&[1.7e9], &[1.0], 1),
            "`days` has 1700000000, beyond the years 1 to 9999",
        ),
        (time_series(&[1.0], &[1.0], 0), "`window` is 0"),
        (histogram(&[1.0]).bins(0), "`bins` is 0"),
        (
            histogram(&[1.0]).bins(usize::MAX),
            "`bins` is 18446744073709551615",
        ),
        (
            pair_grid(&names(9), &[[1.0, 2.0]; 9]),
            "`columns` has 9; a grid of pairs shows 2 to 8",
        ),
        (
            pair_grid(&["a", "b"], &two).log_x(),
            "`log_x` is for axes of numbers",
        ),
        (
            correlation(&["a"], &two),
            "`names` has 1 values and `columns` has 2",
        ),
        (
            missing_values(&["a", "b"], &[vec![1.0], vec![1.0, 2.0]]),
            "`columns` has 1 rows in \"a\" and 2 in \"b\"",
        ),
        (violin::<&str, Values>(&[]), "`groups` is empty"),
        (
            scatter_groups(&[("a", [(f64::NAN, 1.0)])]),
            "`groups[\"a\"]` has no finite point",
        ),
        (
            box_strip(&[("a", [1.0])]).size((20, 15)),
            "`size` is 20 × 15: too small",
        ),
        (
            pair_grid(&["a", "b"], &two).size((20, 15)),
            "`size` is 20 × 15: too small",
        ),
    ];
    for (figure, message) in told {
        let error = figure.to_svg().expect_err(message).to_string();
        assert!(error.starts_with(message), "{error}");
    }
}

#[test]
fn missing_shares_are_never_rounded_away() {
    let mut column = vec![1.0; 10_000];
    column[5] = f64::NAN;
    let svg = missing_values(&["a"], &[&column])
        .to_svg()
        .expect("a picture");
    assert!(svg.contains("&lt; 0.1 %"), "{svg}");
    column.fill(f64::NAN);
    column[5] = f64::INFINITY;
    let svg = missing_values(&["a"], &[column])
        .to_svg()
        .expect("a picture");
    assert!(svg.contains("&gt; 99.9 %"), "{svg}");
}
