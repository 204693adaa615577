//! A scatter plot matrix of the columns of a table.

use super::axes::Axis;
use super::correlation::{heat, written};
use super::frame::{Frame, Room};
use super::heat::Heat;
use super::input::{span, values};
use super::look::{LABEL, TICK};
use super::marks::{opacity, radius};
use super::sheet::{LEAST, Sheet, chart, fitting};
use super::table::Table;
use super::ticks::Tick;
use crate::figure::Figure;
use crate::figure::scene::{Align, Face, Level, Shape};
use crate::figure::text;
use crate::stats::correlation::pearson;
use crate::stats::kde::kde;
use crate::stats::summary::finite_pairs;

/// More panels would be too small to read.
const MOST: usize = 8;
/// Distance between panels.
const GAP: f32 = 6.0;
/// Height of the tick labels.
const SMALL: f32 = 10.5;

/// Scatter plot matrix (pair plot): a scatter plot of each pair of columns below the diagonal, the
/// kernel density of each column on the diagonal, and Pearson's correlation coefficient of each
/// pair above it. It shows curved relations, clusters and outliers, which a correlation matrix
/// hides.
///
/// `names` and `columns` have the same length, 2 to 8: one name and one column of values per
/// feature. All columns have the same number of rows, and each has at least one finite value. Each
/// pair uses the rows in which both values are finite. The default color map is
/// [`ColorMap::Coolwarm`](crate::figure::ColorMap::Coolwarm). Coefficients as in
/// [`correlation`](fn@super::correlation), density as in [`density`](fn@super::density).
///
/// ```
/// use mlplots::charts;
///
/// let columns = [[1.0, 2.0, 3.0, 4.0], [2.1, 3.9, 6.2, 7.8], [5.0, 1.0, 4.0, 2.0]];
/// let figure = charts::pair_grid(&["price", "size", "age"], &columns).title("Houses");
/// assert!(figure.to_svg()?.contains("Houses"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn pair_grid<N: AsRef<str>, C: AsRef<[f64]>>(names: &[N], columns: &[C]) -> Figure {
    let table = Table::new(names, columns);
    chart(move |sheet| {
        table.rows()?;
        let count = table.columns.len();
        if !(2..=MOST).contains(&count) {
            return Err(format!(
                "`columns` has {count}; a grid of pairs shows 2 to {MOST}"
            ));
        }
        let mut axes = Vec::new();
        for (name, column) in table.names.iter().zip(&table.columns) {
            let (low, high) = span(values(&format!("columns[{name:?}]"), column)?);
            axes.push(Axis::Numbers(low, high));
        }
        let heat = heat(sheet);
        let grid = Grid::new(sheet, &axes)?;
        for row in 0..count {
            grid.row_labels(sheet, row, &table.names[row], &axes[row]);
            grid.column_labels(sheet, row, count - 1, &table.names[row], &axes[row]);
            for column in 0..count {
                let (x, y) = (&table.columns[column], &table.columns[row]);
                match row.cmp(&column) {
                    std::cmp::Ordering::Equal => {
                        let mut frame = grid.panel(sheet, row, column, (&axes[row], None));
                        frame.whole_density(x);
                    }
                    std::cmp::Ordering::Greater => {
                        let both = (&axes[column], Some(&axes[row]));
                        let mut frame = grid.panel(sheet, row, column, both);
                        let points = finite_pairs(x, y);
                        let size = radius(points.len()) * 0.6;
                        let color = frame.color(0).alpha(opacity(points.len()));
                        frame.discs(points, size, color);
                    }
                    std::cmp::Ordering::Less => {
                        grid.value(sheet, (row, column), pearson(x, y), heat);
                    }
                }
            }
        }
        Ok(())
    })
}

/// The layout of the panels.
struct Grid {
    left: f32,
    top: f32,
    /// Width and height of a panel with the gap beside it.
    cell: (f32, f32),
    /// Width of the tick labels left of the panels.
    labels: f32,
}

impl Grid {
    fn new(sheet: &mut Sheet, axes: &[Axis]) -> Result<Self, String> {
        let region = sheet.title("Pairs of columns");
        let names = sheet.names("", "");
        let (nothing, bare) = (
            Axis::Bare(0.0, 1.0),
            Room {
                right: 0.0,
                left: 0.0,
                bare: true,
            },
        );
        let outer = sheet.panel(region, &names, &nothing, &nothing, bare)?;
        let count = axes.len() as f32;
        let labels = axes
            .iter()
            .flat_map(|axis| axis.ticks(4, f32::INFINITY))
            .map(|tick| small(&tick.label))
            .fold(0.0, f32::max);
        let (left, top) = (outer.left + LABEL + labels + 4.0, outer.top);
        let below = if names.x.is_empty() { TICK } else { 0.0 };
        let bottom = outer.bottom + below - LABEL - SMALL - 4.0;
        let cell = ((outer.right - left) / count, (bottom - top) / count);
        if cell.0.min(cell.1) < LEAST + GAP {
            return Err(outer.sheet.too_small());
        }
        Ok(Self {
            left,
            top,
            cell,
            labels,
        })
    }

    fn corners(&self, row: usize, column: usize) -> (f32, f32, f32, f32) {
        let (left, top) = (
            self.left + column as f32 * self.cell.0,
            self.top + row as f32 * self.cell.1,
        );
        (left, top, left + self.cell.0 - GAP, top + self.cell.1 - GAP)
    }

    /// A panel with its grid; without a y axis it shows a density.
    fn panel<'s>(
        &self,
        sheet: &'s mut Sheet,
        row: usize,
        column: usize,
        (x, y): (&Axis, Option<&Axis>),
    ) -> Frame<'s> {
        let (left, top, right, bottom) = self.corners(row, column);
        let (panel, grid) = (sheet.look.panel, sheet.look.grid);
        sheet.scene.add(Shape::Rect {
            from: (left, top),
            to: (right, bottom),
            fill: panel,
        });
        let y_scale = y.map_or_else(|| Axis::Exact(0.0, 1.08).scale(), Axis::scale);
        let mut frame = Frame {
            first: sheet.scene.shapes.len(),
            sheet,
            left,
            right,
            top,
            bottom,
            x_scale: x.scale(),
            y_scale,
        };
        for tick in marks(x, right - left, small) {
            let at = frame.x(tick.at);
            frame.line(vec![(at, top), (at, bottom)], grid, 1.0);
        }
        for tick in y.map_or_else(Vec::new, |y| marks(y, bottom - top, |_| SMALL)) {
            let at = frame.y(tick.at);
            frame.line(vec![(left, at), (right, at)], grid, 1.0);
        }
        frame
    }
}

/// The names and ticks around the panels, and the coefficients above the diagonal.
impl Grid {
    fn row_labels(&self, sheet: &mut Sheet, row: usize, name: &str, axis: &Axis) {
        let (left, top, _, bottom) = self.corners(row, 0);
        let center = f32::midpoint(top, bottom);
        let (line, em) = fitting(name, TICK, bottom - top);
        let at = (left - self.labels - 8.0 - LABEL, center);
        sheet.write(at, &line, em, Align::Middle, Level::Top, 3);
        // The first row has the density of its column and no points.
        if row > 0 {
            let scale = axis.scale();
            for tick in marks(axis, bottom - top, |_| SMALL) {
                let y = bottom - scale.share(tick.at) as f32 * (bottom - top);
                let at = (left - 5.0, y);
                sheet.write(at, &tick.label, SMALL, Align::End, Level::Middle, 0);
            }
        }
    }

    fn column_labels(
        &self,
        sheet: &mut Sheet,
        column: usize,
        last: usize,
        name: &str,
        axis: &Axis,
    ) {
        let (left, _, right, bottom) = self.corners(last, column);
        let scale = axis.scale();
        for tick in marks(axis, right - left, small) {
            let x = left + scale.share(tick.at) as f32 * (right - left);
            // The label of the next panel may begin directly beside it.
            let half = small(&tick.label) / 2.0;
            if x - half < left - GAP / 3.0 || x + half > right + GAP / 3.0 {
                continue;
            }
            let at = (x, bottom + 5.0);
            sheet.write(at, &tick.label, SMALL, Align::Middle, Level::Top, 0);
        }
        let (line, em) = fitting(name, TICK, right - left);
        let at = (f32::midpoint(left, right), bottom + SMALL + 11.0);
        sheet.write(at, &line, em, Align::Middle, Level::Top, 0);
    }

    fn value(&self, sheet: &mut Sheet, (row, column): (usize, usize), r: f64, heat: Heat) {
        let (left, top, right, bottom) = self.corners(row, column);
        let (fill, ink) = heat.cell(r, &sheet.look);
        sheet.scene.add(Shape::Rect {
            from: (left, top),
            to: (right, bottom),
            fill,
        });
        let em = ((right - left) * 0.24).clamp(SMALL, LABEL);
        let at = (f32::midpoint(left, right), f32::midpoint(top, bottom));
        sheet.write_in(ink, at, &written(r), em, Align::Middle, Level::Middle, 0);
    }
}

impl Frame<'_> {
    /// The density of a column, as high as the panel; a line if all values are equal.
    fn whole_density(&mut self, column: &[f64]) {
        let color = self.color(0);
        let Some(density) = kde(column, 0.0, 1.0) else {
            let at = column.iter().copied().find(|value| value.is_finite());
            let at = at.unwrap_or(0.0);
            self.curve(&[(at, 0.0), (at, 1.0)], color, 2.0);
            return;
        };
        let most = density.points.iter().map(|p| p.1).fold(0.0, f64::max);
        let curve: Vec<_> = density.points.iter().map(|(x, y)| (*x, y / most)).collect();
        let floor: Vec<_> = curve.iter().map(|(x, _)| (*x, 0.0)).collect();
        self.band(&floor, &curve, color.alpha(0.4));
        self.curve(&curve, color, 1.6);
    }
}

/// Width of a tick label.
fn small(label: &str) -> f32 {
    text::width(label, SMALL, Face::Regular)
}

/// As many ticks as fit, at most five.
fn marks(axis: &Axis, room: f32, size: impl Fn(&str) -> f32) -> Vec<Tick> {
    let fits = |ticks: &Vec<Tick>| {
        let needed: f32 = ticks.iter().map(|tick| size(&tick.label) + SMALL).sum();
        needed <= room
    };
    (1..=5)
        .rev()
        .map(|most| axis.ticks(most, f32::INFINITY))
        .find(fits)
        .unwrap_or_default()
}
