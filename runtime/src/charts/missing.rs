//! A chart of the missing values of a table.

use super::axes::Axis;
use super::frame::{Frame, Room};
use super::look::TICK;
use super::sheet::chart;
use super::table::Table;
use super::ticks;
use crate::figure::Figure;
use crate::figure::scene::{Align, Face, Level};
use crate::figure::text;

/// Maximum number of rows in the chart; more rows of the table share one.
const MOST: usize = 200;

/// Missing values of a table: one strip per column with the first row at the top, dark where there
/// is a value and light where it is NaN. The number above each strip is the column's share of
/// missing values. Gaps at the same height are rows in which several values are missing together.
///
/// `names` and `columns` have the same length: one name and one column of values per feature. All
/// columns have the same number of rows, at least one. Only NaN is missing; an infinite value is
/// not. With more than 200 rows, adjacent rows share a line, which is lighter the more of their
/// values are missing.
///
/// ```
/// use mlplots::charts;
///
/// let columns = [[34.0, f64::NAN, 51.0, 28.0], [2.1, 3.4, 2.9, 4.0]];
/// let figure = charts::missing_values(&["age", "income"], &columns).title("Customers");
/// assert!(figure.to_svg()?.contains("25 %"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn missing_values<N: AsRef<str>, C: AsRef<[f64]>>(names: &[N], columns: &[C]) -> Figure {
    let table = Table::new(names, columns);
    chart(move |sheet| {
        let rows = table.rows()?;
        let shares: Vec<String> = table.columns.iter().map(|column| missing(column)).collect();
        let mut region = sheet.title("Missing values");
        let names = sheet.names("", "Row");
        let widest = shares.iter().map(|share| wide(share)).fold(0.0, f32::max);
        let turned = {
            let column = (region.right - region.left) * 0.85 / shares.len() as f32;
            widest + 6.0 > column
        };
        region.top += if turned { widest } else { TICK };
        let mut frame = sheet.panel(
            region,
            &names,
            &Axis::Names(table.names.clone()),
            &Axis::Exact(rows as f64, 0.0),
            Room::default(),
        )?;
        for (place, column) in table.columns.iter().enumerate() {
            strip(&mut frame, place as f64, column);
        }
        let apart = ((frame.right - frame.left) / shares.len() as f32).max(0.1);
        let every = if turned {
            (TICK * 1.15 / apart).ceil().max(1.0) as usize
        } else {
            1
        };
        for (place, share) in shares.iter().enumerate().step_by(every) {
            let at = (frame.x(place as f64), frame.top - 6.0);
            if turned {
                frame.write(at, share, TICK, Align::Start, Level::Middle, 3);
            } else {
                frame.write(at, share, TICK, Align::Middle, Level::Bottom, 0);
            }
        }
        Ok(())
    })
}

fn wide(share: &str) -> f32 {
    text::width(share, TICK, Face::Regular)
}

/// The share of missing values in percent; it is rounded to 0 or 100 only if it is exactly that.
fn missing(column: &[f64]) -> String {
    let count = column.iter().filter(|value| value.is_nan()).count();
    let percent = count as f64 / column.len() as f64 * 100.0;
    if count == 0 || count == column.len() {
        format!("{percent:.0} %")
    } else if percent < 0.1 {
        "< 0.1 %".to_owned()
    } else if percent > 99.9 {
        "> 99.9 %".to_owned()
    } else {
        let step = if percent < 10.0 { 0.1 } else { 1.0 };
        format!("{} %", ticks::number(percent.min(99.9), step))
    }
}

/// The rows of a column; adjacent rows with equal shares are one rectangle.
fn strip(frame: &mut Frame<'_>, center: f64, column: &[f64]) {
    let size = column.len().div_ceil(MOST);
    let present: Vec<usize> = column
        .chunks(size)
        .map(|rows| rows.iter().filter(|value| !value.is_nan()).count())
        .collect();
    let color = frame.color(0);
    let mut from = 0;
    for run in present.chunk_by(|a, b| a == b) {
        let to = (from + run.len() * size).min(column.len());
        // The last chunk may be shorter.
        let share = run[0] as f32 / size.min(to - from) as f32;
        if run[0] > 0 {
            frame.rect(
                (center - 0.46, from as f64),
                (center + 0.46, to as f64),
                // A few missing rows of many must be visible.
                color.alpha(if share < 1.0 { share.min(0.8) } else { 1.0 }),
            );
        }
        from = to;
    }
}
