//! Charts of a fitted model: the influence of features, and clusters of samples.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::axes::Axis;
use super::frame::Room;
use super::heat::{BAR, Heat};
use super::input::{same_length, span, values};
use super::legend::Key;
use super::marks::{opacity, radius};
use super::sheet::{Labels, chart};
use crate::figure::{ColorMap, Figure};
use crate::stats::model::silhouette_samples;
use crate::stats::summary::{box_stats, mean};

/// Maximum number of features in a chart.
const MOST: usize = 30;

/// Importance of each feature as a bar, in descending order from the top. The model depends most on
/// the features at the top.
///
/// `names` and `importances` hold one value per feature, in the same order; at least one feature is
/// required. Importances must be finite and may have any unit; a higher value means more influence.
/// Only the 30 features with the highest values are drawn; the axis label then shows how many are
/// left out.
///
/// ```
/// use mlplots::charts;
///
/// let names = ["age", "income", "height"];
/// let figure = charts::feature_importance(&names, &[0.2, 0.7, 0.1]).title("Credit model");
/// assert!(figure.to_svg()?.contains("income"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn feature_importance<N: AsRef<str>>(names: &[N], importances: &[f64]) -> Figure {
    let rows = importances.iter().map(|value| vec![*value]);
    importance(
        names,
        rows.collect(),
        "importances",
        "Feature importance",
        "Importance",
    )
}

/// Permutation importance: the decrease of the model's score when the values of a feature are
/// shuffled, as a box plot over the repeats, in descending order of the mean. A feature near 0 does
/// not affect the score; correlated features may all look unimportant because each can replace the
/// other.
///
/// `names` and `repeats` hold one entry per feature, in the same order. A row of `repeats` holds
/// the decrease of the score in each repeat, in the unit of the score, with at least one finite
/// value. A row of one value is drawn as a bar. Only the 30 features with the highest means are
/// drawn; the axis label then shows how many are left out. The rows are the `importances` of
/// scikit-learn's `permutation_importance`.
///
/// ```
/// use mlplots::charts;
///
/// let names = ["age", "income"];
/// let repeats = [[0.05, 0.02, 0.04], [0.30, 0.34, 0.31]];
/// let figure = charts::permutation_importance(&names, &repeats).title("Credit model");
/// assert!(figure.to_svg()?.contains("income"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn permutation_importance<N: AsRef<str>, R: AsRef<[f64]>>(
    names: &[N],
    repeats: &[R],
) -> Figure {
    let rows = repeats.iter().map(|row| row.as_ref().to_vec());
    importance(
        names,
        rows.collect(),
        "repeats",
        "Permutation importance",
        "Decrease of the score",
    )
}

fn importance<N: AsRef<str>>(
    names: &[N],
    rows: Vec<Vec<f64>>,
    argument: &'static str,
    title: &'static str,
    x: &'static str,
) -> Figure {
    let names: Vec<String> = names.iter().map(|name| name.as_ref().to_owned()).collect();
    chart(move |sheet| {
        same_length(("names", argument), names.len(), rows.len())?;
        let mut features = Vec::new();
        for (name, row) in names.iter().zip(&rows) {
            let of = values(&format!("{argument}[{name:?}]"), row)?;
            features.push((name.clone(), mean(&of), of));
        }
        if features.is_empty() {
            return Err("`names` is empty".to_owned());
        }
        features.sort_by(|a, b| b.1.total_cmp(&a.1));
        let hidden = features.len().saturating_sub(MOST);
        features.truncate(MOST);
        let all = features.iter().flat_map(|(.., of)| of.iter().copied());
        let (low, high) = span(all.chain([0.0]));
        let room = (high - low) * 0.05;
        let low = if low < 0.0 { low - room } else { 0.0 };
        let y = if hidden > 0 {
            format!("Feature (and {hidden} more)")
        } else {
            "Feature".to_owned()
        };
        let region = sheet.title(title);
        let labels = sheet.names(x, &y);
        let axis = Axis::Exact(low, if high > low { high + room } else { low + 1.0 });
        let rows = features.iter().rev().map(|(name, ..)| name.clone());
        let down = Axis::Names(rows.collect());
        let mut frame = sheet.panel(region, &labels, &axis, &down, Room::default())?;
        let (color, edge) = (frame.color(0), frame.sheet.look.edge);
        for (place, (_, mean, of)) in features.iter().rev().enumerate() {
            let row = place as f64;
            match box_stats(of).filter(|_| of.len() > 1) {
                None => frame.rect((0.0, row - 0.38), (*mean, row + 0.38), color),
                Some(stats) => {
                    frame.rect(
                        (stats.q1, row - 0.3),
                        (stats.q3, row + 0.3),
                        color.alpha(0.6),
                    );
                    for (from, to) in [(stats.q1, stats.low), (stats.q3, stats.high)] {
                        frame.curve(&[(from, row), (to, row)], edge, 1.4);
                        frame.curve(&[(to, row - 0.15), (to, row + 0.15)], edge, 1.4);
                    }
                    let median = stats.median;
                    frame.curve(&[(median, row - 0.3), (median, row + 0.3)], edge, 2.2);
                }
            }
        }
        if low < 0.0 || features.iter().any(|(.., of)| of.len() > 1) {
            let (ink, rows) = (frame.ink(), frame.y_range());
            frame.dashes(&[(0.0, rows.0), (0.0, rows.1)], ink, 1.2);
        }
        Ok(())
    })
}

/// Partial dependence on one feature: the prediction as the feature changes and all others stay the
/// same. A faint line per sample is its individual conditional expectation (ICE); the thick line is
/// their mean, the partial dependence. Lines of different shape mean that the feature interacts
/// with others.
///
/// `grid` holds the values of the feature in its unit, in ascending order. `individual` holds one
/// row per sample with the prediction at each value of `grid`, in the unit of the target; at least
/// one row is required. With more than 200 samples, an evenly spaced selection of at most 200 lines
/// is drawn; the mean is over all samples. Definitions: Friedman, *Greedy Function Approximation*,
/// 2001; Goldstein et al., *Peeking Inside the Black Box*, 2015.
///
/// ```
/// use mlplots::charts;
///
/// let ages = [20.0, 40.0, 60.0];
/// let income = [[1.0, 1.4, 1.9], [0.8, 1.3, 1.6]];
/// let figure = charts::partial_dependence(&ages, &income).title("Effect of age").x_label("Age");
/// assert!(figure.to_svg()?.contains("Effect of age"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn partial_dependence<R: AsRef<[f64]>>(grid: &[f64], individual: &[R]) -> Figure {
    let grid = grid.to_vec();
    let rows: Vec<Vec<f64>> = individual.iter().map(|row| row.as_ref().to_vec()).collect();
    chart(move |sheet| {
        values("grid", &grid)?;
        if rows.is_empty() {
            return Err("`individual` is empty".to_owned());
        }
        for row in &rows {
            same_length(("grid", "individual[…]"), grid.len(), row.len())?;
        }
        let all: Vec<f64> = rows.iter().flatten().copied().collect();
        let y = span(values("individual", &all)?);
        let x = span(grid.iter().copied().filter(|value| value.is_finite()));
        let labels = Labels {
            title: "Partial dependence",
            x: "Feature",
            y: "Prediction",
        };
        let axes = (Axis::Numbers(x.0, x.1), Axis::Numbers(y.0, y.1));
        let mut frame = sheet.frame(labels, &axes.0, &axes.1, Room::default())?;
        let (faint, strong) = (frame.color(0).alpha(0.25), frame.color(3));
        let line = |of: &[f64]| -> Vec<(f64, f64)> {
            grid.iter().copied().zip(of.iter().copied()).collect()
        };
        for row in rows.iter().step_by(rows.len().div_ceil(200)) {
            frame.curve(&line(row), faint, 1.0);
        }
        let means: Vec<f64> = (0..grid.len())
            .map(|place| mean(&rows.iter().map(|row| row[place]).collect::<Vec<_>>()))
            .collect();
        frame.curve(&line(&means), strong, 3.0);
        if grid.len() == 1 {
            frame.discs(line(&means), 5.0, strong);
        }
        frame.legend(&[
            ("one sample".to_owned(), Key::Line(faint.alpha(0.5), 1.4)),
            ("mean".to_owned(), Key::Line(strong, 3.0)),
        ]);
        Ok(())
    })
}

/// Partial dependence on two features: the mean prediction over a grid of their values, as a heat
/// map. If the effect of one feature differs between the values of the other, the features
/// interact.
///
/// `x_grid` and `y_grid` hold the values of the two features in their units, each at least two in
/// strictly ascending order. `predictions` holds one row per value of `y_grid` with the mean
/// prediction at each value of `x_grid`. Cell borders lie midway between grid values. The default
/// color map is [`ColorMap::Viridis`]. Definition: Friedman, *Greedy Function Approximation*, 2001.
///
/// ```
/// use mlplots::charts;
///
/// let (sizes, ages) = ([50.0, 100.0, 150.0], [0.0, 20.0]);
/// let prices = [[210.0, 340.0, 480.0], [180.0, 290.0, 400.0]];
/// let figure = charts::partial_dependence_2d(&sizes, &ages, &prices).title("Price of a house");
/// assert!(figure.x_label("Size").y_label("Age").to_svg()?.contains("Price of a house"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn partial_dependence_2d<R: AsRef<[f64]>>(
    x_grid: &[f64],
    y_grid: &[f64],
    predictions: &[R],
) -> Figure {
    let (x_grid, y_grid) = (x_grid.to_vec(), y_grid.to_vec());
    let rows: Vec<Vec<f64>> = predictions
        .iter()
        .map(|row| row.as_ref().to_vec())
        .collect();
    chart(move |sheet| {
        same_length(("y_grid", "predictions"), y_grid.len(), rows.len())?;
        for row in &rows {
            same_length(("x_grid", "predictions[…]"), x_grid.len(), row.len())?;
        }
        let (x, y) = (edges("x_grid", &x_grid)?, edges("y_grid", &y_grid)?);
        let all: Vec<f64> = rows.iter().flatten().copied().collect();
        let (low, high) = span(values("predictions", &all)?);
        let heat = Heat {
            map: sheet.color_map(ColorMap::Viridis),
            low,
            high: if high > low { high } else { low + 1.0 },
        };
        let labels = Labels {
            title: "Partial dependence on two features",
            x: "Feature",
            y: "Feature",
        };
        let room = Room {
            right: BAR,
            ..Room::default()
        };
        let ends = |of: &[f64]| Axis::Exact(of[0], of[of.len() - 1]);
        let mut frame = sheet.frame(labels, &ends(&x), &ends(&y), room)?;
        for (row, down) in rows.iter().zip(y.windows(2)) {
            for (value, across) in row.iter().zip(x.windows(2)) {
                if value.is_finite() {
                    frame.rect((across[0], down[0]), (across[1], down[1]), heat.at(*value));
                }
            }
        }
        frame.color_bar(heat);
        Ok(())
    })
}

/// The borders of cells around ascending values.
fn edges(name: &str, grid: &[f64]) -> Result<Vec<f64>, String> {
    if grid.len() < 2 || !grid.windows(2).all(|pair| pair[0] < pair[1]) {
        return Err(format!("`{name}` needs at least two values that ascend"));
    }
    let last = grid.len() - 1;
    let middles = grid.windows(2).map(|pair| f64::midpoint(pair[0], pair[1]));
    let first = grid[0] - (grid[1] - grid[0]) / 2.0;
    let end = grid[last] + (grid[last] - grid[last - 1]) / 2.0;
    Ok([first].into_iter().chain(middles).chain([end]).collect())
}

/// Silhouette plot of a clustering: the silhouette coefficient of each sample, −1 to 1, in
/// descending order within each cluster; the dashed line is the mean. Near 1 a sample lies well
/// inside its cluster, near 0 between two clusters, and below 0 probably in the wrong one.
///
/// `samples` holds one row of finite feature values per sample; all rows have the same length.
/// `labels` holds the cluster of each sample, in the same order; at least two clusters must occur.
/// Distances are Euclidean, so scale features of different units first. The run time grows with the
/// square of the number of samples: of more than 2000 samples only every k-th is used, and the axis
/// label shows k. Coefficient after Rousseeuw, *Silhouettes*, 1987, as scikit-learn's
/// `silhouette_samples`.
///
/// ```
/// use mlplots::charts;
///
/// let samples = [[1.0, 1.1], [1.2, 0.9], [5.0, 5.2], [5.1, 4.9]];
/// let labels = [0, 0, 1, 1];
/// let figure = charts::silhouette(&samples, &labels).title("Two clusters");
/// assert!(figure.to_svg()?.contains("Two clusters"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn silhouette<R: AsRef<[f64]>>(samples: &[R], labels: &[usize]) -> Figure {
    const ENOUGH: usize = 2000;
    let count = (samples.len(), labels.len());
    let every = samples.len().div_ceil(ENOUGH).max(1);
    let taken: Vec<Vec<f64>> = samples
        .iter()
        .step_by(every)
        .map(|row| row.as_ref().to_vec())
        .collect();
    let labels: Vec<usize> = labels.iter().step_by(every).copied().collect();
    chart(move |sheet| {
        same_length(("samples", "labels"), count.0, count.1)?;
        let clusters: BTreeSet<usize> = labels.iter().copied().collect();
        if clusters.len() < 2 {
            return Err("`labels` needs at least two clusters".to_owned());
        }
        let widths = taken.first().map_or(0, Vec::len);
        if widths == 0 || taken.iter().any(|row| row.len() != widths) {
            return Err("`samples` needs rows of one length".to_owned());
        }
        let scores = silhouette_samples(&taken, &labels);
        let finite = values("samples", &scores)?;
        let (low, _) = span(finite.iter().copied());
        let overall = mean(&finite);
        let region = sheet.title("Silhouette of the clusters");
        let y = if every > 1 {
            format!("Cluster (1 of {every} samples)")
        } else {
            "Cluster".to_owned()
        };
        let names = sheet.names("Silhouette coefficient", &y);
        let gap = (scores.len() as f64 * 0.02).max(1.0);
        let all = scores.len() as f64 + gap * (clusters.len() + 1) as f64;
        let across = Axis::Exact((low * 1.05).min(-0.1), 1.0);
        let mut frame = sheet.panel(
            region,
            &names,
            &across,
            &Axis::Bare(0.0, all),
            Room::default(),
        )?;
        let mut at = all - gap;
        for (place, cluster) in clusters.iter().enumerate() {
            let members = scores
                .iter()
                .zip(&labels)
                .filter(|(_, label)| *label == cluster);
            let mut members: Vec<f64> = members.map(|(score, _)| *score).collect();
            members.sort_by(|a, b| b.total_cmp(a));
            let color = frame.color(place);
            let top = at;
            for score in members {
                frame.rect((0.0, at - 1.0), (score, at), color);
                at -= 1.0;
            }
            let middle = (frame.left + 8.0, frame.y(f64::midpoint(top, at)));
            let name = cluster.to_string();
            frame.write(
                middle,
                &name,
                super::look::TICK,
                crate::figure::scene::Align::Start,
                crate::figure::scene::Level::Middle,
                0,
            );
            at -= gap;
        }
        let ink = frame.ink();
        frame.dashes(&[(overall, 0.0), (overall, all)], ink, 1.6);
        frame.legend(&[(format!("mean = {overall:.3}"), Key::Dashes(ink, 1.6))]);
        Ok(())
    })
}

/// Elbow plot of a clustering: the sum of squared distances of the samples to their cluster centers
/// (inertia) over the number of clusters. The dashed line marks the elbow, from which on more
/// clusters improve the fit only a little.
///
/// `counts` and `inertia` hold one value per clustering, in the same order: its number of clusters
/// and its sum of squared distances, such as scikit-learn's `inertia_`. The order is arbitrary. The
/// elbow is marked if there are at least three clusterings: it is the point farthest from the line
/// through the two ends after scaling both axes to 0 to 1 (Satopää et al., *Finding a "Kneedle" in
/// a Haystack*, 2011).
///
/// ```
/// use mlplots::charts;
///
/// let counts = [1, 2, 3, 4, 5];
/// let inertia = [1000.0, 500.0, 150.0, 120.0, 100.0];
/// let figure = charts::elbow(&counts, &inertia).title("Clusters of customers");
/// assert!(figure.to_svg()?.contains("elbow at 3"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn elbow(counts: &[usize], inertia: &[f64]) -> Figure {
    let counts: Vec<f64> = counts.iter().map(|count| *count as f64).collect();
    let inertia = inertia.to_vec();
    chart(move |sheet| {
        let mut points = super::input::pairs(("counts", "inertia"), &counts, &inertia)?;
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let x = span(points.iter().map(|point| point.0));
        let y = span(points.iter().map(|point| point.1));
        let labels = Labels {
            title: "Elbow",
            x: "Clusters",
            y: "Sum of squared distances",
        };
        let axes = (Axis::Numbers(x.0, x.1), Axis::Numbers(y.0, y.1));
        let mut frame = sheet.frame(labels, &axes.0, &axes.1, Room::default())?;
        let (ink, color) = (frame.ink(), frame.color(0));
        frame.curve(&points, color, 2.2);
        frame.discs(points.iter().copied(), 4.5, color);
        if points.len() > 2 && x.0 < x.1 && y.0 < y.1 {
            // After scaling, the ends are (0, 1) and (1, 0), and the sum has its minimum at the
            // elbow.
            let sum =
                |point: &(f64, f64)| (point.0 - x.0) / (x.1 - x.0) + (point.1 - y.0) / (y.1 - y.0);
            let elbow = points.iter().min_by(|a, b| sum(a).total_cmp(&sum(b)));
            if let Some((at, _)) = elbow {
                let range = frame.y_range();
                frame.dashes(&[(*at, range.0), (*at, range.1)], ink, 1.4);
                frame.legend(&[(format!("elbow at {at}"), Key::Dashes(ink, 1.4))]);
            }
        }
        Ok(())
    })
}

/// Samples in two dimensions, such as an embedding by PCA, t-SNE or UMAP, one color per label.
/// Samples of one label that form a group of their own are easy to separate. Note that t-SNE and
/// UMAP do not preserve distances between groups.
///
/// `points` and `labels` hold one entry per sample, in the same order: the two coordinates and the
/// label. The legend lists the labels in ascending order. More than 8 labels are colored along a
/// color map, by default [`ColorMap::Viridis`].
///
/// ```
/// use mlplots::charts;
///
/// let points = [(0.1, 1.2), (0.3, 1.0), (2.1, -0.4), (2.4, -0.6)];
/// let labels = ["setosa", "setosa", "virginica", "virginica"];
/// let figure = charts::embedding(&points, &labels).title("Iris by two components");
/// assert!(figure.to_svg()?.contains("virginica"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn embedding<L: Ord + Clone + Display>(points: &[(f64, f64)], labels: &[L]) -> Figure {
    const COLORS: usize = 8;
    let points = points.to_vec();
    let known: Vec<L> = labels
        .iter()
        .cloned()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let names: Vec<String> = known.iter().map(ToString::to_string).collect();
    let places: Vec<usize> = labels
        .iter()
        .map(|label| known.binary_search(label).unwrap_or(0))
        .collect();
    chart(move |sheet| {
        same_length(("points", "labels"), points.len(), places.len())?;
        let (x, y): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
        let (x, y) = (span(values("points", &x)?), span(values("points", &y)?));
        let labels = Labels {
            title: "Embedding",
            x: "First dimension",
            y: "Second dimension",
        };
        let axes = (Axis::Numbers(x.0, x.1), Axis::Numbers(y.0, y.1));
        let map = (names.len() > COLORS).then(|| sheet.color_map(ColorMap::Viridis));
        let mut frame = sheet.frame(labels, &axes.0, &axes.1, Room::default())?;
        let mut entries = Vec::new();
        for (place, name) in names.iter().enumerate() {
            let color = match map {
                Some(map) => map.at(place as f64 / (names.len() - 1) as f64),
                None => frame.color(place),
            };
            let mine = points.iter().zip(&places).filter(|(_, of)| **of == place);
            let size = radius(points.len());
            let opacity = opacity(points.len()).max(0.3);
            frame.discs(mine.map(|(point, _)| *point), size, color.alpha(opacity));
            entries.push((name.clone(), Key::Disc(color)));
        }
        frame.legend(&entries);
        Ok(())
    })
}
