//! Charts that compare groups.

use super::axes::Axis;
use super::frame::{Frame, Room};
use super::input::{span, values};
use super::marks::{opacity, radius};
use super::sheet::{Labels, chart};
use crate::figure::Figure;
use crate::stats::jitter::jitter;
use crate::stats::normal::t_quantile;
use crate::stats::summary::{box_stats, mean, std};

pub(super) type Group = (String, Vec<f64>);

/// Copies the groups, so that the figure can be drawn later.
pub(super) fn owned<N: AsRef<str>, V: AsRef<[f64]>>(groups: &[(N, V)]) -> Vec<Group> {
    groups
        .iter()
        .map(|(name, values)| (name.as_ref().to_owned(), values.as_ref().to_vec()))
        .collect()
}

/// An error if there are no groups, or a group has no finite value.
pub(super) fn checked(groups: &[Group]) -> Result<Vec<Group>, String> {
    if groups.is_empty() {
        return Err("`groups` is empty".to_owned());
    }
    groups
        .iter()
        .map(|(name, of)| Ok((name.clone(), values(&format!("groups[{name:?}]"), of)?)))
        .collect()
}

pub(super) fn range(groups: &[Group]) -> (f64, f64) {
    span(groups.iter().flat_map(|(_, values)| values.iter().copied()))
}

pub(super) fn names(groups: &[Group]) -> Axis {
    Axis::Names(groups.iter().map(|(name, _)| name.clone()).collect())
}

/// Box plot of each group with all values as points. The box spans the quartiles, the line in it is
/// the median, and the whiskers reach to the last value within 1.5 interquartile ranges of the box
/// (Tukey, *Exploratory Data Analysis*, 1977). Points beyond the whiskers are outliers; compare the
/// medians and the heights of the boxes.
///
/// `groups` holds one name and a slice of values per group, all in the same unit; each group needs
/// at least one finite value. Each point has a pseudo-random horizontal offset (jitter), the same
/// in every run. Quartiles as `numpy.quantile`.
///
/// ```
/// use mlplots::charts;
///
/// let weekday = [12.0, 15.0, 14.0, 18.0, 13.0];
/// let weekend = [22.0, 19.0, 25.0, 31.0, 24.0];
/// let figure = charts::box_strip(&[("weekday", weekday), ("weekend", weekend)]).title("Sales");
/// assert!(figure.to_svg()?.contains("weekend"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn box_strip<N: AsRef<str>, V: AsRef<[f64]>>(groups: &[(N, V)]) -> Figure {
    let groups = owned(groups);
    chart(move |sheet| {
        let groups = checked(&groups)?;
        let (low, high) = range(&groups);
        let labels = Labels {
            title: "Distribution by group",
            x: "Group",
            y: "Value",
        };
        let mut frame = sheet.frame(
            labels,
            &names(&groups),
            &Axis::Numbers(low, high),
            Room::default(),
        )?;
        let most = groups
            .iter()
            .map(|(_, values)| values.len())
            .max()
            .unwrap_or(0);
        for (place, (_, values)) in groups.iter().enumerate() {
            let center = place as f64;
            let color = frame.color(place);
            let Some(stats) = box_stats(values) else {
                continue;
            };
            frame.rect(
                (center - 0.4, stats.q1),
                (center + 0.4, stats.q3),
                frame.sheet.look.muted,
            );
            let offsets = jitter(values.len(), 0.6, place as u64 + 1);
            let points = values
                .iter()
                .zip(offsets)
                .map(|(value, offset)| (center + offset, *value));
            frame.discs(points, radius(most), color.alpha(opacity(most)));
            let edge = frame.sheet.look.edge;
            let across = |frame: &mut Frame<'_>, value: f64, half: f64, width: f32| {
                frame.curve(
                    &[(center - half, value), (center + half, value)],
                    edge,
                    width,
                );
            };
            for (from, to) in [(stats.q1, stats.low), (stats.q3, stats.high)] {
                frame.curve(&[(center, from), (center, to)], edge, 1.6);
                across(&mut frame, to, 0.2, 1.6);
            }
            for (half, value, width) in [
                (0.4, stats.q1, 1.6),
                (0.4, stats.q3, 1.6),
                (0.4, stats.median, 2.4),
            ] {
                across(&mut frame, value, half, width);
            }
            for side in [-0.4, 0.4] {
                frame.curve(
                    &[(center + side, stats.q1), (center + side, stats.q3)],
                    edge,
                    1.6,
                );
            }
        }
        Ok(())
    })
}

/// Mean of each group as a bar, with the 95 % confidence interval of the mean. Groups whose
/// intervals do not overlap are likely to differ in their mean.
///
/// `groups` holds one name and a slice of values per group, all in the same unit; each group needs
/// at least one finite value. A group with a single value has no interval. The interval is `mean ±
/// t · s / √n` with the quantile of Student's t distribution, as `scipy.stats.t.interval`.
///
/// ```
/// use mlplots::charts;
///
/// let spring = [12.0, 15.0, 14.0, 18.0];
/// let summer = [22.0, 19.0, 25.0, 31.0];
/// let figure = charts::group_means(&[("spring", spring), ("summer", summer)]).title("Sales");
/// assert!(figure.to_svg()?.contains("summer"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn group_means<N: AsRef<str>, V: AsRef<[f64]>>(groups: &[(N, V)]) -> Figure {
    let groups = owned(groups);
    chart(move |sheet| {
        let groups = checked(&groups)?;
        let bars: Vec<(f64, f64)> = groups
            .iter()
            .map(|(_, values)| {
                let count = values.len();
                let half = if count < 2 {
                    0.0
                } else {
                    t_quantile(0.975, count - 1) * std(values, 1) / (count as f64).sqrt()
                };
                // The squares of very large values are infinite.
                (mean(values), if half.is_finite() { half } else { 0.0 })
            })
            .collect();
        let (low, high) = span(
            bars.iter()
                .flat_map(|(mean, half)| [mean - half, mean + half, 0.0]),
        );
        let labels = Labels {
            title: "Mean by group",
            x: "Group",
            y: "Mean",
        };
        let down = Axis::Exact(low * 1.06, high * 1.06);
        let mut frame = sheet.frame(labels, &names(&groups), &down, Room::default())?;
        for (place, (mean, half)) in bars.iter().enumerate() {
            let center = place as f64;
            frame.rect((center - 0.4, 0.0), (center + 0.4, *mean), frame.color(0));
            frame.curve(
                &[(center, mean - half), (center, mean + half)],
                frame.ink(),
                2.0,
            );
        }
        Ok(())
    })
}
