//! The confusion matrix, and the metrics per class that derive from it.

use std::collections::{BTreeMap, BTreeSet};

/// A confusion matrix: the number of samples for each pair of true and predicted class.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Confusion<L> {
    /// The classes that occur as a true or a predicted class, ascending.
    pub labels: Vec<L>,
    /// The numbers of samples: one row per true class, one column per predicted class, both in
    /// the order of `labels`.
    pub counts: Vec<Vec<u64>>,
}

/// The total that [`Confusion::normalized`] divides each count by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Normalize {
    /// The number of samples of the true class: each row sums to 1, and the diagonal holds the
    /// recall.
    True,
    /// The number of samples of the predicted class: each column sums to 1, and the diagonal
    /// holds the precision.
    Pred,
    /// The number of all samples: the matrix sums to 1, and its diagonal to the accuracy.
    All,
}

/// The scores of one class; the rates are in 0..=1, and 0 where the denominator is 0. See
/// [`Confusion::class_scores`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ClassScores {
    /// TP / (TP + FP).
    pub precision: f64,
    /// TP / (TP + FN).
    pub recall: f64,
    /// 2 TP / (2 TP + FP + FN).
    pub f1: f64,
    /// The number of samples of the class.
    pub support: u64,
}

impl<L: Ord + Clone> Confusion<L> {
    /// Counts the pairs of true and predicted class, as `sklearn.metrics.confusion_matrix`.
    ///
    /// `y_true[i]` and `y_pred[i]` are the classes of sample `i`. Extra elements of the longer
    /// slice are ignored. Without a sample, labels and counts are empty.
    ///
    /// ```
    /// use mlplots::stats::confusion::Confusion;
    ///
    /// let confusion = Confusion::new(&["cat", "dog", "dog"], &["cat", "cat", "dog"]);
    /// assert_eq!(confusion.labels, ["cat", "dog"]);
    /// assert_eq!(confusion.counts, [[1, 0], [1, 1]]);
    /// ```
    pub fn new(y_true: &[L], y_pred: &[L]) -> Self {
        let pairs = || y_true.iter().zip(y_pred);
        let occurring: BTreeSet<&L> = pairs().flat_map(|(a, b)| [a, b]).collect();
        let labels: Vec<L> = occurring.into_iter().cloned().collect();
        let mut counts = vec![vec![0; labels.len()]; labels.len()];
        for (truth, predicted) in pairs() {
            // Both are in `labels`.
            if let (Ok(row), Ok(column)) =
                (labels.binary_search(truth), labels.binary_search(predicted))
            {
                counts[row][column] += 1;
            }
        }
        Self { labels, counts }
    }
}

impl<L> Confusion<L> {
    /// Returns the counts divided by the total that `over` selects, in 0..=1, as
    /// `sklearn.metrics.confusion_matrix(normalize=…)`. The shape is that of `counts`. A cell is 0
    /// where the total is 0.
    ///
    /// ```
    /// use mlplots::stats::confusion::{Confusion, Normalize};
    ///
    /// let confusion = Confusion::new(&["cat", "dog", "dog"], &["cat", "cat", "dog"]);
    /// assert_eq!(confusion.normalized(Normalize::True), [[1.0, 0.0], [0.5, 0.5]]);
    /// assert_eq!(confusion.normalized(Normalize::Pred), [[0.5, 0.0], [0.5, 1.0]]);
    /// ```
    pub fn normalized(&self, over: Normalize) -> Vec<Vec<f64>> {
        let (rows, columns) = (self.row_sums(), self.column_sums());
        let all = rows.iter().sum();
        let total = |row: usize, column: usize| match over {
            Normalize::True => rows[row],
            Normalize::Pred => columns[column],
            Normalize::All => all,
        };
        let cells = |(row, counts): (usize, &Vec<u64>)| {
            counts
                .iter()
                .enumerate()
                .map(|(column, &count)| share(count, total(row, column)))
                .collect()
        };
        self.counts.iter().enumerate().map(cells).collect()
    }

    /// Computes the fraction of samples on the diagonal, 0..=1, as
    /// `sklearn.metrics.accuracy_score`; 0 without a sample.
    ///
    /// ```
    /// use mlplots::stats::confusion::Confusion;
    ///
    /// assert_eq!(Confusion::new(&[0, 0, 1, 1], &[0, 1, 1, 1]).accuracy(), 0.75);
    /// ```
    pub fn accuracy(&self) -> f64 {
        share(
            (0..self.counts.len()).map(|i| self.counts[i][i]).sum(),
            self.row_sums().iter().sum(),
        )
    }

    /// Computes the scores of each class, in the order of `labels`, as
    /// `sklearn.metrics.precision_recall_fscore_support(zero_division=0)`.
    ///
    /// ```
    /// use mlplots::stats::confusion::Confusion;
    ///
    /// let scores = Confusion::new(&["cat", "dog", "dog"], &["cat", "cat", "dog"]).class_scores();
    /// assert_eq!((scores[0].precision, scores[0].recall), (0.5, 1.0));
    /// assert_eq!((scores[1].f1, scores[1].support), (2.0 / 3.0, 2));
    /// ```
    pub fn class_scores(&self) -> Vec<ClassScores> {
        let (rows, columns) = (self.row_sums(), self.column_sums());
        (0..self.counts.len())
            .map(|i| {
                let hits = self.counts[i][i];
                ClassScores {
                    precision: share(hits, columns[i]),
                    recall: share(hits, rows[i]),
                    f1: share(2 * hits, rows[i] + columns[i]),
                    support: rows[i],
                }
            })
            .collect()
    }

    fn row_sums(&self) -> Vec<u64> {
        self.counts.iter().map(|row| row.iter().sum()).collect()
    }

    fn column_sums(&self) -> Vec<u64> {
        (0..self.counts.len())
            .map(|column| self.counts.iter().map(|row| row[column]).sum())
            .collect()
    }
}

fn share(count: u64, total: u64) -> f64 {
    if total == 0 {
        0.0
    } else {
        count as f64 / total as f64
    }
}

/// Returns each distinct value and its number of occurrences, in ascending order of the values:
/// the class balance, as `numpy.unique(return_counts=True)`. Empty without a value.
///
/// ```
/// use mlplots::stats::confusion::value_counts;
///
/// assert_eq!(value_counts(&["dog", "cat", "dog"]), [("cat", 1), ("dog", 2)]);
/// ```
pub fn value_counts<L: Ord + Clone>(values: &[L]) -> Vec<(L, usize)> {
    let mut counts: BTreeMap<&L, usize> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|(value, count)| (value.clone(), count))
        .collect()
}
