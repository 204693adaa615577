//! Charts of the data, before there is a model.

use mlplots::{Figure, charts};

use crate::numbers::Numbers;

/// Every chart of the family with its name.
pub fn charts() -> Vec<(&'static str, Figure)> {
    let mut numbers = Numbers::new(7);
    let (days, demand) = demand(&mut numbers);
    let (size, price): (Vec<f64>, Vec<f64>) = (0..400)
        .map(|_| {
            let size = 95.0 + 30.0 * numbers.normal();
            (size, 3.1 * size + 60.0 + 45.0 * numbers.normal())
        })
        .unzip();
    let waits: Vec<f64> = (0..900)
        .map(|place| {
            let (peak, spread) = if place % 3 == 0 {
                (54.0, 6.0)
            } else {
                (80.0, 6.5)
            };
            peak + spread * numbers.normal()
        })
        .collect();
    let regions = regions(&mut numbers);
    let species = species(&mut numbers);
    let species: Vec<(&str, &[(f64, f64)])> = species
        .iter()
        .map(|(name, points)| (*name, points.as_slice()))
        .collect();
    let (names, columns) = houses(&mut numbers);
    let gaps = with_gaps(&mut numbers, &columns);
    vec![
        (
            "time_series",
            charts::time_series(&days, &demand, 30)
                .title("Demand and its mean over 30 days")
                .y_label("Demand"),
        ),
        (
            "scatter",
            charts::scatter(&size, &price)
                .title("Price by size")
                .x_label("Size [m²]")
                .y_label("Price [1,000 €]"),
        ),
        (
            "scatter_groups",
            charts::scatter_groups(&species)
                .title("Petals of three species")
                .x_label("Petal length [cm]")
                .y_label("Petal width [cm]"),
        ),
        (
            "histogram",
            charts::histogram(&waits)
                .title("Waiting for the next eruption")
                .x_label("Minutes"),
        ),
        (
            "box_strip",
            charts::box_strip(&regions)
                .title("Sales by region")
                .y_label("Sales [1,000 €]"),
        ),
        (
            "violin",
            charts::violin(&regions)
                .title("Sales by region")
                .y_label("Sales [1,000 €]"),
        ),
        (
            "density",
            charts::density(&regions)
                .title("Sales by region")
                .x_label("Sales [1,000 €]"),
        ),
        (
            "group_means",
            charts::group_means(&regions)
                .title("Mean sales by region")
                .y_label("Sales [1,000 €]"),
        ),
        ("correlation", charts::correlation(&names, &columns)),
        (
            "correlation_clustered",
            charts::correlation_clustered(&names, &columns).title("Correlation, clustered"),
        ),
        ("pair_grid", charts::pair_grid(&names[..5], &columns[..5])),
        ("missing_values", charts::missing_values(&names, &gaps)),
    ]
}

/// Four years of days, in days since 1970-01-01.
fn demand(numbers: &mut Numbers) -> (Vec<f64>, Vec<f64>) {
    (0..1461)
        .map(|day| {
            let day = f64::from(day);
            let season = (day / 365.25 * std::f64::consts::TAU).sin();
            let value = 420.0 + 0.08 * day + 90.0 * season + 35.0 * numbers.normal();
            (18_262.0 + day, value)
        })
        .unzip()
}

fn regions(numbers: &mut Numbers) -> Vec<(&'static str, Vec<f64>)> {
    [
        ("North", 42.0, 6.0),
        ("East", 55.0, 9.0),
        ("South", 48.0, 4.0),
        ("West", 61.0, 7.5),
    ]
    .into_iter()
    .map(|(name, mean, spread)| {
        let values = (0..140).map(|place| {
            let jump = if name == "East" && place % 3 == 0 {
                24.0
            } else {
                0.0
            };
            mean + jump + spread * numbers.normal()
        });
        (name, values.collect())
    })
    .collect()
}

fn species(numbers: &mut Numbers) -> Vec<(&'static str, Vec<(f64, f64)>)> {
    [
        ("setosa", (1.46, 0.25), 0.17),
        ("versicolor", (4.26, 1.33), 0.47),
        ("virginica", (5.55, 2.03), 0.55),
    ]
    .into_iter()
    .map(|(name, (long, wide), spread)| {
        let points = (0..50).map(|_| {
            let grown = spread * numbers.normal();
            let own = 0.35 * spread * numbers.normal();
            (long + grown, wide + 0.35 * grown + own)
        });
        (name, points.collect())
    })
    .collect()
}

/// Columns of which some tell the same.
fn houses(numbers: &mut Numbers) -> ([&'static str; 8], Vec<Vec<f64>>) {
    let names = [
        "price", "size", "age", "rooms", "garden", "distance", "tax", "noise",
    ];
    let mut columns = vec![Vec::new(); names.len()];
    for _ in 0..500 {
        let (place, size) = (numbers.normal(), numbers.normal());
        let age = 40.0 * numbers.even().powi(2);
        let price = 350.0 + 80.0 * size - 60.0 * place - 1.5 * age + 25.0 * numbers.normal();
        let row = [
            price,
            110.0 + 25.0 * size,
            age,
            (4.0 + 1.2 * size + 0.5 * numbers.normal()).round().max(1.0),
            (200.0 + 120.0 * place + 60.0 * numbers.normal()).max(0.0),
            (6.0 + 3.0 * place + numbers.normal()).exp().ln_1p(),
            0.011 * price + 0.3 * numbers.normal(),
            55.0 + 4.0 * numbers.normal(),
        ];
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    (names, columns)
}

fn with_gaps(numbers: &mut Numbers, columns: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut columns = columns.to_vec();
    for (place, column) in columns.iter_mut().enumerate() {
        for (row, value) in column.iter_mut().enumerate() {
            let lost = match place {
                2 => numbers.even() < 0.25,
                4 | 5 => (120..210).contains(&row) || numbers.even() < 0.02,
                7 => row > 320,
                _ => false,
            };
            if lost {
                *value = f64::NAN;
            }
        }
    }
    columns
}
