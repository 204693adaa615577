//! Charts of what a model has learned.

use mlplots::{Figure, charts};

use crate::numbers::Numbers;

/// Every chart of the family with its name.
pub fn charts() -> Vec<(&'static str, Figure)> {
    let mut numbers = Numbers::new(13);
    let names = [
        "income",
        "rooms",
        "age",
        "crime rate",
        "distance",
        "tax",
        "noise",
        "garden",
    ];
    let means = [0.31, 0.22, 0.05, 0.12, 0.09, 0.02, -0.004, 0.03];
    let repeats: Vec<Vec<f64>> = means
        .iter()
        .map(|mean| (0..10).map(|_| mean + 0.015 * numbers.normal()).collect())
        .collect();
    let grid: Vec<f64> = (0..40).map(|step| 20.0 + 3.0 * f64::from(step)).collect();
    let individual: Vec<Vec<f64>> = (0..60)
        .map(|_| {
            let (shift, slope) = (30.0 * numbers.normal(), 2.6 + 0.4 * numbers.normal());
            grid.iter()
                .map(|size| 80.0 + shift + slope * size - 40.0 * (size / 25.0).sin())
                .collect()
        })
        .collect();
    let ages: Vec<f64> = (0..25).map(|step| 4.0 * f64::from(step)).collect();
    let plane: Vec<Vec<f64>> = ages
        .iter()
        .map(|age| {
            grid.iter()
                .map(|size| 2.6 * size - 1.3 * age + 0.012 * (age - 50.0).powi(2))
                .collect()
        })
        .collect();
    let centers = [(0.0, 0.0), (5.0, 1.0), (2.0, 5.0)];
    let (points, clusters): (Vec<(f64, f64)>, Vec<usize>) = (0..450)
        .map(|sample| {
            let (x, y) = centers[sample % 3];
            (
                (x + numbers.normal(), y + 0.9 * numbers.normal()),
                sample % 3,
            )
        })
        .unzip();
    let rows: Vec<[f64; 2]> = points.iter().map(|(x, y)| [*x, *y]).collect();
    let species: Vec<&str> = clusters
        .iter()
        .map(|cluster| ["Adelie", "Chinstrap", "Gentoo"][*cluster])
        .collect();
    let counts: Vec<usize> = (1..=9).collect();
    let inertia: Vec<f64> = counts
        .iter()
        .map(|count| 5200.0 / (*count as f64).powf(1.6) + 240.0)
        .collect();
    vec![
        (
            "feature_importance",
            charts::feature_importance(&names, &means.map(f64::abs)),
        ),
        (
            "permutation_importance",
            charts::permutation_importance(&names, &repeats),
        ),
        (
            "partial_dependence",
            charts::partial_dependence(&grid, &individual)
                .x_label("Size [m²]")
                .y_label("Price [1,000 €]"),
        ),
        (
            "partial_dependence_2d",
            charts::partial_dependence_2d(&grid, &ages, &plane)
                .x_label("Size [m²]")
                .y_label("Age [years]"),
        ),
        ("silhouette", charts::silhouette(&rows, &clusters)),
        ("elbow", charts::elbow(&counts, &inertia)),
        (
            "embedding",
            charts::embedding(&points, &species).title("Penguins by two components"),
        ),
    ]
}
