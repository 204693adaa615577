//! Charts of the decisions of a classifier.

use std::fmt::Display;

use super::axes::Axis;
use super::frame::Room;
use super::heat::{BAR, Heat};
use super::input::same_length;
use super::look::TICK;
use super::sheet::{Labels, Sheet, chart};
use super::ticks::number;
use crate::figure::scene::{Align, Level};
use crate::figure::{ColorMap, Figure};
use crate::stats::confusion::{Confusion, Normalize, value_counts};

/// Confusion matrix: the number of samples for each pair of true class (row) and predicted class
/// (column). Correct predictions lie on the diagonal; a high count elsewhere shows which class the
/// model mistakes for which. Each cell shows its count and, where the text fits, its share of the
/// true class.
///
/// `y_true` and `y_pred` hold the true and the predicted class of each sample, in the same order;
/// both have the same length. The classes are all values that occur in either, in ascending order.
/// The default color map is [`ColorMap::Blues`]. Counts as scikit-learn's `confusion_matrix`.
///
/// ```
/// use mlplots::charts;
///
/// let y_true = ["cat", "cat", "dog", "dog", "dog"];
/// let y_pred = ["cat", "dog", "dog", "dog", "cat"];
/// assert!(charts::confusion_matrix(&y_true, &y_pred).to_svg()?.contains("cat"));
///
/// let error = charts::confusion_matrix(&y_true, &["cat"]).to_svg().unwrap_err();
/// assert_eq!(error.to_string(), "`y_true` has 5 values and `y_pred` has 1; they belong together");
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn confusion_matrix<L>(y_true: &[L], y_pred: &[L]) -> Figure
where
    L: Ord + Clone + Display,
{
    matrix(Named::new(y_true, y_pred), false)
}

/// Confusion matrix with shares of each true class instead of counts: every row sums to 1, and the
/// diagonal is the recall of each class. Use it to compare classes of different sizes.
///
/// Arguments, class order and color map as in [`confusion_matrix`]. A class without true samples
/// has a row of zeros. Shares as scikit-learn's `confusion_matrix(normalize="true")`.
///
/// ```
/// use mlplots::charts;
///
/// let y_true = ["cat", "cat", "dog", "dog", "dog"];
/// let y_pred = ["cat", "dog", "dog", "dog", "cat"];
/// let figure = charts::confusion_matrix_normalized(&y_true, &y_pred).title("Recall by animal");
/// assert!(figure.to_svg()?.contains("Recall by animal"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn confusion_matrix_normalized<L>(y_true: &[L], y_pred: &[L]) -> Figure
where
    L: Ord + Clone + Display,
{
    matrix(Named::new(y_true, y_pred), true)
}

/// A confusion matrix with labels as text.
struct Named {
    lengths: (usize, usize),
    names: Vec<String>,
    confusion: Confusion<usize>,
}

impl Named {
    fn new<L: Ord + Clone + Display>(y_true: &[L], y_pred: &[L]) -> Self {
        let whole = y_true.len().min(y_pred.len());
        let confusion = Confusion::new(&y_true[..whole], &y_pred[..whole]);
        Self {
            lengths: (y_true.len(), y_pred.len()),
            names: confusion.labels.iter().map(ToString::to_string).collect(),
            confusion: Confusion {
                labels: (0..confusion.labels.len()).collect(),
                counts: confusion.counts,
            },
        }
    }

    fn check(&self) -> Result<(), String> {
        same_length(("y_true", "y_pred"), self.lengths.0, self.lengths.1)?;
        if self.names.is_empty() {
            return Err("`y_true` is empty".to_owned());
        }
        Ok(())
    }

    /// The axis of the classes, from the top.
    fn rows(&self) -> Axis {
        Axis::Names(self.names.iter().rev().cloned().collect())
    }
}

fn matrix(named: Named, normalized: bool) -> Figure {
    chart(move |sheet| {
        named.check()?;
        let shares = named.confusion.normalized(Normalize::True);
        let counts = &named.confusion.counts;
        let most = counts.iter().flatten().copied().max().unwrap_or(0).max(1);
        let heat = Heat {
            map: sheet.color_map(ColorMap::Blues),
            low: 0.0,
            high: if normalized { 1.0 } else { most as f64 },
        };
        let labels = Labels {
            title: if normalized {
                "Confusion matrix, shares of the true class"
            } else {
                "Confusion matrix"
            },
            x: "Predicted",
            y: "True",
        };
        let count = named.names.len();
        let columns = Axis::Names(named.names.clone());
        let mut frame = sheet.frame(labels, &columns, &named.rows(), BARE)?;
        let em = frame.cell_em(count);
        // Below this size a percentage is not legible.
        let has_shares = !normalized && em > 10.0;
        for (row, counts) in counts.iter().enumerate() {
            for (column, count_here) in counts.iter().enumerate() {
                let at = (column as f64, (count - 1 - row) as f64);
                let share = shares[row][column];
                let (value, text) = if normalized {
                    (share, number(share, 0.01))
                } else {
                    (*count_here as f64, number(*count_here as f64, 1.0))
                };
                let text = if em > 7.0 { text.as_str() } else { "" };
                if has_shares {
                    let share = format!("{:.0} %", share * 100.0);
                    frame.cell_of_two(at, value, heat, (text, &share), em * 1.2);
                } else {
                    frame.cell(at, value, heat, text, em);
                }
            }
        }
        frame.color_bar(heat);
        Ok(())
    })
}

const BARE: Room = Room {
    right: BAR,
    left: 0.0,
    bare: true,
};

/// Classification report: precision, recall and F1 of each class as a heat map from 0 to 1, with
/// the number of samples of the class (support). Low precision means that many predictions of the
/// class are wrong; low recall means that the model misses many samples of the class.
///
/// Arguments, class order and color map as in [`confusion_matrix`]. A rate whose denominator is 0
/// is 0. Values as scikit-learn's `classification_report(zero_division=0)`.
///
/// ```
/// use mlplots::charts;
///
/// let y_true = ["cat", "cat", "dog", "dog", "dog"];
/// let y_pred = ["cat", "dog", "dog", "dog", "cat"];
/// let figure = charts::class_report(&y_true, &y_pred).title("Scores by animal");
/// assert!(figure.to_svg()?.contains("Recall"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn class_report<L>(y_true: &[L], y_pred: &[L]) -> Figure
where
    L: Ord + Clone + Display,
{
    let named = Named::new(y_true, y_pred);
    chart(move |sheet| {
        named.check()?;
        let scores = named.confusion.class_scores();
        let heat = Heat {
            map: sheet.color_map(ColorMap::Blues),
            low: 0.0,
            high: 1.0,
        };
        let labels = Labels {
            title: "Classification report",
            x: "",
            y: "Class",
        };
        let columns = ["Precision", "Recall", "F1", "Support"].map(str::to_owned);
        let columns = Axis::Names(columns.to_vec());
        let mut frame = sheet.frame(labels, &columns, &named.rows(), BARE)?;
        let height = (frame.bottom - frame.top) / scores.len() as f32;
        let em = frame.cell_em(4).min(height * 0.7);
        // Below this size a number is not legible.
        let text = |value: f64, step: f64| {
            if em < 6.0 {
                String::new()
            } else {
                number(value, step)
            }
        };
        for (row, of) in scores.iter().enumerate() {
            let y = (scores.len() - 1 - row) as f64;
            for (column, value) in [of.precision, of.recall, of.f1].into_iter().enumerate() {
                frame.cell((column as f64, y), value, heat, &text(value, 0.01), em);
            }
            let place = (frame.x(3.0), frame.y(y));
            let support = text(of.support as f64, 1.0);
            frame.write(place, &support, em, Align::Middle, Level::Middle, 0);
        }
        frame.color_bar(heat);
        Ok(())
    })
}

/// Number of samples of each class as bars. With up to 12 classes, each bar also shows the class's
/// share of all samples. If the classes differ much in size, accuracy is a misleading metric.
///
/// `y_true` holds the class of each sample; at least one is required. The classes are in ascending
/// order.
///
/// ```
/// use mlplots::charts;
///
/// let y_true = ["valid", "valid", "fraud", "valid"];
/// let figure = charts::class_balance(&y_true).title("Transactions");
/// assert!(figure.to_svg()?.contains("75.0 %"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn class_balance<L>(y_true: &[L]) -> Figure
where
    L: Ord + Clone + Display,
{
    let counts: Vec<(String, usize)> = value_counts(y_true)
        .into_iter()
        .map(|(label, count)| (label.to_string(), count))
        .collect();
    chart(move |sheet| balance(sheet, &counts))
}

fn balance(sheet: &mut Sheet, counts: &[(String, usize)]) -> Result<(), String> {
    if counts.is_empty() {
        return Err("`y_true` is empty".to_owned());
    }
    let all: usize = counts.iter().map(|(_, count)| count).sum();
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0);
    let labels = Labels {
        title: "Class balance",
        x: "Class",
        y: "Samples",
    };
    let names = Axis::Names(counts.iter().map(|(name, _)| name.clone()).collect());
    let high = Axis::Exact(0.0, most as f64 * 1.1);
    let mut frame = sheet.frame(labels, &names, &high, Room::default())?;
    let color = frame.color(0);
    for (place, (_, count)) in counts.iter().enumerate() {
        let (center, height) = (place as f64, *count as f64);
        frame.rect((center - 0.4, 0.0), (center + 0.4, height), color);
        if counts.len() <= 12 {
            let share = format!("{:.1} %", height / all as f64 * 100.0);
            let above = (frame.x(center), frame.y(height) - 4.0);
            frame.write(above, &share, TICK * 0.9, Align::Middle, Level::Bottom, 0);
        }
    }
    Ok(())
}
