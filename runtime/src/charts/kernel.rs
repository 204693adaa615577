//! Charts of kernel density estimates.

use super::axes::Axis;
use super::frame::{Frame, Room};
use super::groups::{Group, checked, names, owned};
use super::input::span;
use super::legend::Key;
use super::sheet::{Labels, chart};
use crate::figure::Figure;
use crate::figure::scene::Shape;
use crate::stats::kde::kde;
use crate::stats::summary::{BoxStats, box_stats};

type Curve = Vec<(f64, f64)>;

/// Kernel density estimate of each group, one color per group. Compare the positions, widths and
/// peaks of the curves. The area under each curve is 1, whatever the size of the group.
///
/// `groups` holds one name and a slice of values per group, all in the same unit; each group needs
/// at least one finite value. A group whose values are all equal is a vertical line at that value;
/// at least one group must have different values. The estimate uses a Gaussian kernel with Scott's
/// bandwidth (Scott, *Multivariate Density Estimation*, 1992), as `scipy.stats.gaussian_kde`.
///
/// ```
/// use mlplots::charts;
///
/// let figure = charts::density(&[("before", [3.1, 3.9, 4.2]), ("after", [2.0, 2.2, 2.9])]);
/// assert!(figure.x_label("Seconds").to_svg()?.contains("before"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn density<N: AsRef<str>, V: AsRef<[f64]>>(groups: &[(N, V)]) -> Figure {
    let groups = owned(groups);
    chart(move |sheet| {
        let groups = checked(&groups)?;
        let curves = curves(&groups, 3.0);
        if curves.iter().all(Option::is_none) {
            return Err(
                "`groups` has no density: the values of each are equal, or too large".to_owned(),
            );
        }
        let (low, high) = span(extent(&groups, &curves));
        let heights = curves.iter().flatten().flatten().map(|point| point.1);
        let most = heights.fold(0.0, f64::max) * 1.06;
        let labels = Labels {
            title: "Density by group",
            x: "Value",
            y: "Density",
        };
        let axes = (Axis::Numbers(low, high), Axis::Exact(0.0, most));
        let mut frame = sheet.frame(labels, &axes.0, &axes.1, Room::default())?;
        let mut entries = Vec::new();
        for (place, ((name, values), curve)) in groups.iter().zip(&curves).enumerate() {
            let color = frame.color(place);
            if let Some(points) = curve {
                let floor: Vec<_> = points.iter().map(|(x, _)| (*x, 0.0)).collect();
                frame.band(&floor, points, color.alpha(0.3));
                frame.curve(points, color, 2.2);
            } else {
                frame.curve(&[(values[0], 0.0), (values[0], most)], color, 2.2);
            }
            entries.push((name.clone(), Key::Line(color, 2.2)));
        }
        frame.legend(&entries);
        Ok(())
    })
}

/// Violin plot of each group: its mirrored kernel density, and inside it the quartiles as a thick
/// bar, the whiskers of a box plot as a thin line, and the median as a dot. All violins have the
/// same maximum width. The shape shows several peaks, which [`box_strip`](super::box_strip) hides
/// in one box.
///
/// `groups` holds one name and a slice of values per group, all in the same unit; each group needs
/// at least one finite value. A group whose values are all equal is a horizontal line at that
/// value. Density as in [`density`]; quartiles and whiskers as in [`box_strip`](super::box_strip).
///
/// ```
/// use mlplots::charts;
///
/// let weekday = [12.0, 15.0, 14.0, 18.0, 13.0];
/// let weekend = [22.0, 19.0, 25.0, 31.0, 24.0];
/// let figure = charts::violin(&[("weekday", weekday), ("weekend", weekend)]).title("Sales");
/// assert!(figure.to_svg()?.contains("weekend"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn violin<N: AsRef<str>, V: AsRef<[f64]>>(groups: &[(N, V)]) -> Figure {
    let groups = owned(groups);
    chart(move |sheet| {
        let groups = checked(&groups)?;
        let curves = curves(&groups, 2.0);
        let (low, high) = span(extent(&groups, &curves));
        let labels = Labels {
            title: "Distribution by group",
            x: "Group",
            y: "Value",
        };
        let down = Axis::Numbers(low, high);
        let mut frame = sheet.frame(labels, &names(&groups), &down, Room::default())?;
        for (place, ((_, values), curve)) in groups.iter().zip(&curves).enumerate() {
            let center = place as f64;
            if let Some(curve) = curve {
                body(&mut frame, place, curve);
            } else {
                let ends = [(center - 0.4, values[0]), (center + 0.4, values[0])];
                frame.curve(&ends, frame.color(place), 2.2);
            }
            if let Some(stats) = box_stats(values) {
                inner(&mut frame, center, &stats);
            }
        }
        Ok(())
    })
}

/// The density of each group that has one.
fn curves(groups: &[Group], cut: f64) -> Vec<Option<Curve>> {
    groups
        .iter()
        .map(|(_, values)| kde(values, cut, 1.0).map(|density| density.points))
        .collect()
}

/// All values and the ends of all curves.
fn extent(groups: &[Group], curves: &[Option<Curve>]) -> impl Iterator<Item = f64> {
    let values = groups.iter().flat_map(|(_, values)| values.iter().copied());
    let ends = curves.iter().flatten().flatten().map(|point| point.0);
    values.chain(ends).collect::<Vec<_>>().into_iter()
}

/// A violin around its position.
fn body(frame: &mut Frame<'_>, place: usize, curve: &[(f64, f64)]) {
    let (center, color) = (place as f64, frame.color(place));
    let most = curve.iter().map(|point| point.1).fold(0.0, f64::max);
    let half = |density: f64| 0.42 * density / most;
    let left = curve
        .iter()
        .map(|(at, density)| (center - half(*density), *at));
    let right = curve
        .iter()
        .rev()
        .map(|(at, density)| (center + half(*density), *at));
    let mut outline: Vec<(f64, f64)> = left.chain(right).collect();
    outline.extend(outline.first().copied());
    let points: Vec<_> = outline
        .iter()
        .map(|(x, y)| (frame.x(*x), frame.y(*y)))
        .collect();
    let fill = color.alpha(0.45);
    frame.sheet.scene.add(Shape::Area { points, fill });
    frame.curve(&outline, color, 1.6);
}

/// The quartiles, whiskers and median within a violin.
fn inner(frame: &mut Frame<'_>, center: f64, stats: &BoxStats) {
    let cell = frame.x(1.0) - frame.x(0.0);
    let thick = (cell * 0.07).clamp(2.0, 9.0);
    let ink = frame.sheet.look.edge;
    frame.curve(
        &[(center, stats.low), (center, stats.high)],
        ink,
        (thick * 0.2).max(1.0),
    );
    frame.curve(&[(center, stats.q1), (center, stats.q3)], ink, thick);
    let paper = frame.sheet.look.background;
    frame.discs([(center, stats.median)], thick * 0.38, paper);
}
