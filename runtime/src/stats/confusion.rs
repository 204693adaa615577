//! Which class was taken for which.

use std::collections::{BTreeMap, BTreeSet};

/// How often each class was predicted for each true class.
#[derive(Clone, Debug)]
pub struct Confusion<L> {
    /// The classes that occur, true or predicted, ascending.
    pub labels: Vec<L>,
    /// Sample counts: a row per true class, a column per predicted one, in the order of `labels`.
    pub counts: Vec<Vec<u64>>,
}

/// What a normalised confusion matrix sums to one over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalize {
    /// Each row: of the samples of a true class, the share predicted as each. The diagonal is
    /// recall.
    True,
    /// Each column: of the samples predicted as a class, the share of each true one. The diagonal
    /// is precision.
    Pred,
    /// The whole matrix. The diagonal sums to accuracy.
    All,
}

/// How well one class is recognised; rates in 0..=1, 0 where a denominator is.
#[derive(Clone, Copy, Debug)]
pub struct ClassScores {
    /// TP / (TP + FP).
    pub precision: f64,
    /// TP / (TP + FN).
    pub recall: f64,
    /// 2 TP / (2 TP + FP + FN).
    pub f1: f64,
    /// How many samples are of the class.
    pub support: u64,
}

impl<L: Ord + Clone> Confusion<L> {
    /// Counts the pairs, as `sklearn.metrics.confusion_matrix`.
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
    /// The counts as shares, in 0..=1, as `confusion_matrix(normalize=…)`; 0 where there is no
    /// sample.
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

    /// The share of samples on the diagonal, as `sklearn.metrics.accuracy_score`; 0 without a
    /// sample.
    pub fn accuracy(&self) -> f64 {
        share(
            (0..self.counts.len()).map(|i| self.counts[i][i]).sum(),
            self.row_sums().iter().sum(),
        )
    }

    /// The scores of each class, in the order of `labels`, as
    /// `sklearn.metrics.precision_recall_fscore_support(zero_division=0)`.
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

/// How often each value occurs, ascending by value: the class balance.
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
