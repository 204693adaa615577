//! Charts of the correlation between columns of a table.

use super::axes::Axis;
use super::frame::Room;
use super::heat::{BAR, Heat};
use super::sheet::{Labels, Sheet, chart};
use super::table::Table;
use super::ticks;
use crate::figure::{ColorMap, Figure};
use crate::stats::correlation::{cluster_order, matrix};

/// Correlation matrix: Pearson's correlation coefficient of each pair of columns, −1 to 1, as a
/// heat map of the lower triangle. In the default color map, [`ColorMap::Coolwarm`], red means that
/// two columns rise together and blue that one falls as the other rises. A dash means that the
/// coefficient is undefined because one of the columns is constant.
///
/// `names` and `columns` have the same length, at least 2: one name and one column of values per
/// feature. All columns have the same number of rows. Each pair uses the rows in which both values
/// are finite, as pandas' `DataFrame.corr`.
///
/// ```
/// use mlplots::charts;
///
/// let columns = [[1.0, 2.0, 3.0], [2.1, 3.9, 6.2], [5.0, 1.0, 4.0]];
/// let figure = charts::correlation(&["price", "size", "age"], &columns);
/// assert!(figure.to_svg()?.contains("Correlation"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn correlation<N: AsRef<str>, C: AsRef<[f64]>>(names: &[N], columns: &[C]) -> Figure {
    let table = Table::new(names, columns);
    chart(move |sheet| {
        let matrix = checked(&table)?;
        let order: Vec<usize> = (0..matrix.len()).collect();
        triangle(sheet, &table.names, &matrix, &order)
    })
}

/// Correlation matrix as in [`correlation`], with similar columns next to each other. A block of
/// one color is a group of columns that carry much the same information.
///
/// Arguments as in [`correlation`]. The order is that of the leaves of an average-linkage tree over
/// the Euclidean distances between the rows of the matrix, as seaborn's `clustermap`. The run time
/// grows with the cube of the number of columns.
///
/// ```
/// use mlplots::charts;
///
/// let columns = [[1.0, 2.0, 3.0, 4.0], [5.0, 1.0, 4.0, 2.0], [2.1, 3.9, 6.2, 7.8]];
/// let figure = charts::correlation_clustered(&["price", "age", "size"], &columns);
/// assert!(figure.title("Related features").to_svg()?.contains("Related features"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn correlation_clustered<N: AsRef<str>, C: AsRef<[f64]>>(names: &[N], columns: &[C]) -> Figure {
    let table = Table::new(names, columns);
    chart(move |sheet| {
        let matrix = checked(&table)?;
        let order = cluster_order(&matrix);
        triangle(sheet, &table.names, &matrix, &order)
    })
}

fn checked(table: &Table) -> Result<Vec<Vec<f64>>, String> {
    table.rows()?;
    if table.columns.len() < 2 {
        return Err("`columns` needs at least two to correlate".to_owned());
    }
    Ok(matrix(&table.columns))
}

/// The colours of correlation coefficients.
pub(super) fn heat(sheet: &mut Sheet) -> Heat {
    Heat {
        map: sheet.color_map(ColorMap::Coolwarm),
        low: -1.0,
        high: 1.0,
    }
}

/// A coefficient with two decimals; a dash if it is undefined.
pub(super) fn written(r: f64) -> String {
    if r.is_finite() {
        ticks::number(r, 0.01)
    } else {
        "–".to_owned()
    }
}

/// The cells below the diagonal, with rows and columns in this order.
fn triangle(
    sheet: &mut Sheet,
    names: &[String],
    matrix: &[Vec<f64>],
    order: &[usize],
) -> Result<(), String> {
    let heat = heat(sheet);
    let count = order.len();
    let name = |&place: &usize| names[place].clone();
    let labels = Labels {
        title: "Correlation",
        x: "",
        y: "",
    };
    let room = Room {
        right: BAR,
        left: 0.0,
        bare: true,
    };
    let across = Axis::Names(order.iter().map(name).collect());
    let down = Axis::Names(order.iter().rev().map(name).collect());
    let mut frame = sheet.frame(labels, &across, &down, room)?;
    let em = frame.cell_em(count);
    for (row, &of) in order.iter().enumerate() {
        for (column, &with) in order.iter().enumerate().take(row) {
            let at = (column as f64, (count - 1 - row) as f64);
            let r = matrix[of][with];
            frame.cell(at, r, heat, &written(r), em);
        }
    }
    frame.color_bar(heat);
    Ok(())
}
