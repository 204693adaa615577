//! Charts of the scores of a classifier over its threshold.

use super::axes::Axis;
use super::frame::{Frame, Room};
use super::input::same_length;
use super::legend::Key;
use super::sheet::{Labels, Names, Region, Sheet, chart};
use crate::figure::Figure;
use crate::stats::calibration::{Strategy, brier_score, calibration_curve};
use crate::stats::classification::{AtThreshold, Ranking, are_probabilities};
use crate::stats::histogram::Histogram;
use crate::stats::multiclass::{macro_auc, macro_average_precision, macro_roc, micro, one_vs_rest};

/// From 0 to 1 with a margin, so that a curve along the border is visible.
const SHARES: Axis = Axis::Exact(-0.02, 1.02);

/// Scores of samples of two classes.
fn scored(
    y_true: &[bool],
    scores: &[f64],
    draw: impl Fn(&mut Sheet, &Ranking) -> Result<(), String> + Send + 'static,
) -> Figure {
    let (y_true, scores) = (y_true.to_vec(), scores.to_vec());
    chart(move |sheet| draw(sheet, &ranking(&y_true, ("scores", &scores))?))
}

fn ranking(y_true: &[bool], (name, scores): (&str, &[f64])) -> Result<Ranking, String> {
    same_length(("y_true", name), y_true.len(), scores.len())?;
    Ranking::new(y_true, scores).ok_or_else(|| {
        format!("`y_true` needs samples of both classes with a finite score in `{name}`")
    })
}

fn panel<'s>(
    sheet: &'s mut Sheet,
    title: &'static str,
    x: &'static str,
    y: &'static str,
) -> Result<Frame<'s>, String> {
    sheet.frame(Labels { title, x, y }, &SHARES, &SHARES, Room::default())
}

/// ROC curve of a binary classifier: true positive rate over false positive rate for every
/// threshold, with the area under the curve (AUC). The closer the curve is to the upper left
/// corner, the better: an AUC of 1 is perfect, and 0.5, the dashed diagonal, is chance.
///
/// `y_true` and `scores` hold one value per sample, in the same order: whether the sample is
/// positive, and its score. Scores may have any scale; a higher score means that the sample is more
/// likely to be positive. A sample is predicted positive if its score is at least the threshold.
/// Both classes must occur. Values as scikit-learn's `roc_curve` and `roc_auc_score`.
///
/// ```
/// use mlplots::charts;
///
/// let y_true = [false, false, true, true];
/// let figure = charts::roc(&y_true, &[0.1, 0.4, 0.35, 0.8]);
/// assert!(figure.to_svg()?.contains("AUC = 0.750"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn roc(y_true: &[bool], scores: &[f64]) -> Figure {
    scored(y_true, scores, |sheet, ranking| {
        let mut frame = panel(
            sheet,
            "ROC curve",
            "False positive rate",
            "True positive rate",
        )?;
        let (ink, color) = (frame.ink(), frame.color(0));
        frame.dashes(&[(0.0, 0.0), (1.0, 1.0)], ink, 1.4);
        frame.curve(&ranking.roc().points, color, 2.4);
        frame.legend(&[
            (format!("AUC = {:.3}", ranking.auc()), Key::Line(color, 2.4)),
            ("chance".to_owned(), Key::Dashes(ink, 1.4)),
        ]);
        Ok(())
    })
}

/// Precision-recall curve of a binary classifier: precision over recall for every threshold, with
/// the average precision (AP). The closer the curve is to the upper right corner, the better. The
/// dashed line is the share of positives, which is the precision of random guessing. This curve is
/// more informative than [`roc`] when positives are rare.
///
/// Arguments as in [`roc`]. The average precision is `Σ (Rₙ − Rₙ₋₁) Pₙ`, as scikit-learn's
/// `average_precision_score`.
///
/// ```
/// use mlplots::charts;
///
/// let y_true = [false, false, true, true];
/// let scores = [0.1, 0.4, 0.35, 0.8];
/// let figure = charts::precision_recall(&y_true, &scores).title("Fraud");
/// assert!(figure.to_svg()?.contains("AP = 0.833"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn precision_recall(y_true: &[bool], scores: &[f64]) -> Figure {
    scored(y_true, scores, |sheet, ranking| {
        let mut frame = panel(sheet, "Precision and recall", "Recall", "Precision")?;
        let (ink, color) = (frame.ink(), frame.color(0));
        let share = ranking.prevalence();
        frame.dashes(&[(0.0, share), (1.0, share)], ink, 1.4);
        frame.curve(&steps(&ranking.precision_recall().points), color, 2.4);
        frame.legend(&[
            (
                format!("AP = {:.3}", ranking.average_precision()),
                Key::Line(color, 2.4),
            ),
            (format!("chance = {share:.3}"), Key::Dashes(ink, 1.4)),
        ]);
        Ok(())
    })
}

/// Precision is constant between two thresholds; a slope would show values that no threshold gives.
fn steps(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut line = Vec::with_capacity(points.len() * 2);
    for pair in points.windows(2) {
        line.extend([pair[0], (pair[1].0, pair[0].1)]);
    }
    line.extend(points.last());
    line
}

/// One row of scores per sample, with one score per class.
struct Classes {
    names: Vec<String>,
    y_true: Vec<usize>,
    scores: Vec<Vec<f64>>,
}

impl Classes {
    fn new<N: AsRef<str>, R: AsRef<[f64]>>(names: &[N], y_true: &[usize], scores: &[R]) -> Self {
        Self {
            names: names.iter().map(|name| name.as_ref().to_owned()).collect(),
            y_true: y_true.to_vec(),
            scores: scores.iter().map(|row| row.as_ref().to_vec()).collect(),
        }
    }

    /// Each class that occurs against all others, with its index.
    fn rankings(&self) -> Result<Vec<(usize, Ranking)>, String> {
        same_length(("y_true", "scores"), self.y_true.len(), self.scores.len())?;
        let count = self.names.len();
        if let Some(wrong) = self.scores.iter().find(|row| row.len() != count) {
            return Err(format!(
                "`scores` has a row of {} values; `names` has {count} classes",
                wrong.len()
            ));
        }
        if let Some(class) = self.y_true.iter().find(|class| **class >= count) {
            return Err(format!(
                "`y_true` has the class {class}; `names` has {count} classes, from 0 on"
            ));
        }
        let of = |class| Some((class, one_vs_rest(&self.y_true, &self.scores, class)?));
        let rankings: Vec<_> = (0..count).filter_map(of).collect();
        if rankings.is_empty() {
            return Err(
                "`y_true` needs samples of at least two classes with finite scores".to_owned(),
            );
        }
        Ok(rankings)
    }
}

/// ROC curves of a multiclass classifier: each class against all others (one-vs-rest) with its AUC,
/// and two averages. The *micro* average pools the decisions for all samples and classes, so
/// frequent classes count more; the *macro* average is the mean over the classes, so all classes
/// count the same. Read each curve as in [`roc`].
///
/// `names` holds the name of each class. `y_true` holds the class of each sample as an index into
/// `names`. `scores` holds one row per sample with one score per class, in the order of `names`. A
/// class without samples has no curve; at least two classes must occur. A row with a non-finite
/// score is ignored. Values as scikit-learn's `roc_auc_score` with `multi_class="ovr"`.
///
/// ```
/// use mlplots::charts;
///
/// let y_true = [0, 1, 2, 1];
/// let scores = [[0.8, 0.1, 0.1], [0.2, 0.6, 0.2], [0.1, 0.3, 0.6], [0.5, 0.3, 0.2]];
/// let figure = charts::roc_multiclass(&["cat", "dog", "bird"], &y_true, &scores);
/// assert!(figure.title("Animals: ROC").to_svg()?.contains("Animals: ROC"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn roc_multiclass<N: AsRef<str>, R: AsRef<[f64]>>(
    names: &[N],
    y_true: &[usize],
    scores: &[R],
) -> Figure {
    let classes = Classes::new(names, y_true, scores);
    chart(move |sheet| {
        let rankings = classes.rankings()?;
        let mut frame = panel(
            sheet,
            "ROC curves, one class against the rest",
            "False positive rate",
            "True positive rate",
        )?;
        let ink = frame.ink();
        frame.dashes(&[(0.0, 0.0), (1.0, 1.0)], ink, 1.2);
        let mut entries = Vec::new();
        for (class, ranking) in &rankings {
            let color = frame.color(*class);
            frame.curve(&ranking.roc().points, color, 2.0);
            let text = format!("{}, AUC = {:.3}", classes.names[*class], ranking.auc());
            entries.push((text, Key::Line(color, 2.0)));
        }
        let all: Vec<Ranking> = rankings.into_iter().map(|(_, ranking)| ranking).collect();
        if let Some(micro) = micro(&classes.y_true, &classes.scores) {
            frame.dashes(&micro.roc().points, ink, 2.2);
            entries.push((
                format!("micro, AUC = {:.3}", micro.auc()),
                Key::Dashes(ink, 2.2),
            ));
        }
        let gray = frame.sheet.look.edge.alpha(0.6);
        frame.curve(&macro_roc(&all), gray, 2.2);
        entries.push((
            format!("macro, AUC = {:.3}", macro_auc(&all)),
            Key::Line(gray, 2.2),
        ));
        frame.legend(&entries);
        Ok(())
    })
}

/// Precision-recall curves of a multiclass classifier: each class against all others (one-vs-rest)
/// with its average precision, and the *micro* average over all samples and classes. The legend
/// also shows the *macro* average, the mean of the classes' average precisions. Read each curve as
/// in [`precision_recall`].
///
/// Arguments as in [`roc_multiclass`]. Values as scikit-learn's `average_precision_score`.
///
/// ```
/// use mlplots::charts;
///
/// let y_true = [0, 1, 2, 1];
/// let scores = [[0.8, 0.1, 0.1], [0.2, 0.6, 0.2], [0.1, 0.3, 0.6], [0.5, 0.3, 0.2]];
/// let figure = charts::precision_recall_multiclass(&["cat", "dog", "bird"], &y_true, &scores);
/// assert!(figure.title("Animals: precision").to_svg()?.contains("Animals: precision"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn precision_recall_multiclass<N: AsRef<str>, R: AsRef<[f64]>>(
    names: &[N],
    y_true: &[usize],
    scores: &[R],
) -> Figure {
    let classes = Classes::new(names, y_true, scores);
    chart(move |sheet| {
        let rankings = classes.rankings()?;
        let mut frame = panel(
            sheet,
            "Precision and recall, one class against the rest",
            "Recall",
            "Precision",
        )?;
        let ink = frame.ink();
        let mut entries = Vec::new();
        for (class, ranking) in &rankings {
            let color = frame.color(*class);
            frame.curve(&steps(&ranking.precision_recall().points), color, 2.0);
            let ap = ranking.average_precision();
            let text = format!("{}, AP = {ap:.3}", classes.names[*class]);
            entries.push((text, Key::Line(color, 2.0)));
        }
        let all: Vec<Ranking> = rankings.into_iter().map(|(_, ranking)| ranking).collect();
        if let Some(micro) = micro(&classes.y_true, &classes.scores) {
            frame.dashes(&steps(&micro.precision_recall().points), ink, 2.2);
            let text = format!("micro, AP = {:.3}", micro.average_precision());
            entries.push((text, Key::Dashes(ink, 2.2)));
        }
        let mean = macro_average_precision(&all);
        entries.push((format!("macro, AP = {mean:.3}"), Key::Text));
        frame.legend(&entries);
        Ok(())
    })
}

/// Calibration curve (reliability diagram) of a binary classifier: the share of positives over the
/// mean predicted probability of each bin, and below it the number of samples per bin. On the
/// dashed diagonal the probabilities are correct; below it the model predicts too high
/// probabilities, above it too low ones. The legend shows the Brier score, the mean squared error
/// of the probabilities: 0 is perfect.
///
/// `y_true` and `probabilities` hold one value per sample, in the same order: whether the sample is
/// positive, and its predicted probability of being positive, 0 to 1. Both classes must occur. The
/// bins have equal width over 0 to 1; their default number is 10, and [`Figure::bins`] sets
/// another. Values as scikit-learn's `calibration_curve` and `brier_score_loss`.
///
/// ```
/// use mlplots::charts;
///
/// let y_true = [false, false, true, true, true];
/// let probabilities = [0.1, 0.3, 0.4, 0.7, 0.9];
/// let figure = charts::calibration(&y_true, &probabilities).title("Rain forecast").bins(5);
/// assert!(figure.to_svg()?.contains("Brier score = 0.112"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn calibration(y_true: &[bool], probabilities: &[f64]) -> Figure {
    let (y_true, probabilities) = (y_true.to_vec(), probabilities.to_vec());
    chart(move |sheet| {
        ranking(&y_true, ("probabilities", &probabilities))?;
        if !are_probabilities(&probabilities) {
            return Err("`probabilities` has a value outside of 0 to 1".to_owned());
        }
        let bins = match sheet.bins() {
            Some(0) => return Err("`bins` is 0; values are counted in at least one".to_owned()),
            bins => bins.unwrap_or(10),
        };
        let curve = calibration_curve(&y_true, &probabilities, bins, Strategy::Uniform);
        let whole = sheet.title("Calibration");
        let border = whole.bottom - (whole.bottom - whole.top) * 0.27;
        let names = sheet.names("Mean predicted probability", "Share of positives");
        let above = Names {
            x: String::new(),
            y: names.y.clone(),
        };
        let upper = Region {
            bottom: border,
            ..whole
        };
        // The panels share their horizontal axis; this is the width of counts below a million.
        let room = Room {
            left: 110.0,
            ..Room::default()
        };
        let mut frame = sheet.panel(upper, &above, &SHARES, &SHARES, room)?;
        let (ink, color) = (frame.ink(), frame.color(0));
        frame.dashes(&[(0.0, 0.0), (1.0, 1.0)], ink, 1.4);
        let points: Vec<(f64, f64)> = curve
            .iter()
            .map(|bin| (bin.predicted, bin.observed))
            .collect();
        frame.curve(&points, color, 2.2);
        frame.discs(points, 5.0, color);
        let score = brier_score(&y_true, &probabilities);
        frame.legend(&[
            (format!("Brier score = {score:.3}"), Key::Line(color, 2.2)),
            ("perfectly calibrated".to_owned(), Key::Dashes(ink, 1.4)),
        ]);
        let below = Names {
            x: names.x,
            y: "Samples".to_owned(),
        };
        let histogram = Histogram::within(&probabilities, bins, 0.0, 1.0)
            .ok_or("`probabilities` has no finite value")?;
        let most = histogram.counts.iter().copied().max().unwrap_or(1).max(1);
        let lower = Region {
            top: border,
            ..whole
        };
        let counts = Axis::Exact(0.0, most as f64 * 1.08);
        let mut frame = sheet.panel(lower, &below, &SHARES, &counts, room)?;
        for (edges, count) in histogram.edges.windows(2).zip(&histogram.counts) {
            frame.rect(
                (edges[0], 0.0),
                (edges[1] - 0.004, *count as f64),
                color.alpha(0.7),
            );
        }
        Ok(())
    })
}

/// Cumulative gain curve of a binary classifier: the share of all positives found over the share of
/// samples taken in descending order of score. The distance to the dashed diagonal, which is a
/// random order, is the gain. The legend shows the Kolmogorov–Smirnov statistic (KS), the largest
/// distance between the score distributions of the two classes, 0 to 1.
///
/// Arguments as in [`roc`]. Values as scikit-plot's `plot_cumulative_gain` and
/// `scipy.stats.ks_2samp`.
///
/// ```
/// use mlplots::charts;
///
/// let y_true = [false, false, true, true];
/// let scores = [0.1, 0.4, 0.35, 0.8];
/// let figure = charts::cumulative_gain(&y_true, &scores).title("Mailing");
/// assert!(figure.to_svg()?.contains("KS = 0.500"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn cumulative_gain(y_true: &[bool], scores: &[f64]) -> Figure {
    scored(y_true, scores, |sheet, ranking| {
        let mut frame = panel(
            sheet,
            "Cumulative gain",
            "Share of samples",
            "Share of positives found",
        )?;
        let (ink, color) = (frame.ink(), frame.color(0));
        frame.dashes(&[(0.0, 0.0), (1.0, 1.0)], ink, 1.4);
        frame.curve(&ranking.gain(), color, 2.4);
        let distance = ranking.kolmogorov_smirnov().statistic;
        frame.legend(&[
            (format!("model, KS = {distance:.3}"), Key::Line(color, 2.4)),
            ("at random".to_owned(), Key::Dashes(ink, 1.4)),
        ]);
        Ok(())
    })
}

/// Lift curve of a binary classifier: the share of positives among the samples with the highest
/// scores, divided by the share of positives among all samples, over the share of samples taken. A
/// lift of 3 at 0.1 means that the best-scored 10 % contain three times as many positives as a
/// random 10 %. The dashed line at 1 is a random order.
///
/// Arguments as in [`roc`]. Values as scikit-plot's `plot_lift_curve`.
///
/// ```
/// use mlplots::charts;
///
/// let y_true = [false, false, true, true];
/// let scores = [0.1, 0.4, 0.35, 0.8];
/// let figure = charts::lift(&y_true, &scores).title("Lift of the mailing");
/// assert!(figure.to_svg()?.contains("Lift of the mailing"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn lift(y_true: &[bool], scores: &[f64]) -> Figure {
    scored(y_true, scores, |sheet, ranking| {
        let points = ranking.lift();
        let most = points.iter().map(|point| point.1).fold(1.0, f64::max);
        let labels = Labels {
            title: "Lift",
            x: "Share of samples",
            y: "Lift",
        };
        let high = Axis::Exact(0.0, most * 1.06);
        let mut frame = sheet.frame(labels, &SHARES, &high, Room::default())?;
        let (ink, color) = (frame.ink(), frame.color(0));
        frame.dashes(&[(0.0, 1.0), (1.0, 1.0)], ink, 1.4);
        frame.curve(&points, color, 2.4);
        frame.legend(&[
            ("model".to_owned(), Key::Line(color, 2.4)),
            ("at random".to_owned(), Key::Dashes(ink, 1.4)),
        ]);
        Ok(())
    })
}

type Rate = fn(&AtThreshold) -> f64;

/// Precision, recall, F1 and queue rate (the share of samples predicted positive) of a binary
/// classifier over the threshold. Use it to choose the threshold; the dashed line marks the one
/// with the highest F1.
///
/// Arguments as in [`roc`]. The threshold axis has the unit of the scores. Values as scikit-learn's
/// `precision_score`, `recall_score` and `f1_score`, and as yellowbrick's
/// `DiscriminationThreshold`.
///
/// ```
/// use mlplots::charts;
///
/// let y_true = [false, false, true, true];
/// let scores = [0.1, 0.4, 0.35, 0.8];
/// let figure = charts::thresholds(&y_true, &scores).title("Choice of the threshold");
/// assert!(figure.to_svg()?.contains("best F1 0.800 at 0.350"));
/// # Ok::<(), mlplots::Error>(())
/// ```
pub fn thresholds(y_true: &[bool], scores: &[f64]) -> Figure {
    scored(y_true, scores, |sheet, ranking| {
        let at = ranking.at_thresholds();
        let best = at
            .iter()
            .max_by(|a, b| a.f1.total_cmp(&b.f1))
            .ok_or("`scores` has no finite value")?;
        let low = at
            .iter()
            .map(|at| at.threshold)
            .fold(f64::INFINITY, f64::min);
        let high = at
            .iter()
            .map(|at| at.threshold)
            .fold(f64::NEG_INFINITY, f64::max);
        let labels = Labels {
            title: "What the threshold decides",
            x: "Threshold",
            y: "Share",
        };
        let mut frame = sheet.frame(labels, &Axis::Numbers(low, high), &SHARES, Room::default())?;
        let lines: [(&str, Rate); 4] = [
            ("precision", |at| at.precision),
            ("recall", |at| at.recall),
            ("F1", |at| at.f1),
            ("queue rate", |at| at.queue_rate),
        ];
        let mut entries = Vec::new();
        for (place, (name, value)) in lines.into_iter().enumerate() {
            let color = frame.color(place);
            let points: Vec<_> = at
                .iter()
                .rev()
                .map(|at| (at.threshold, value(at)))
                .collect();
            frame.curve(&points, color, 2.0);
            entries.push((name.to_owned(), Key::Line(color, 2.0)));
        }
        let (ink, range) = (frame.ink(), frame.y_range());
        frame.dashes(
            &[(best.threshold, range.0), (best.threshold, range.1)],
            ink,
            1.4,
        );
        let text = format!("best F1 {:.3} at {:.3}", best.f1, best.threshold);
        entries.push((text, Key::Dashes(ink, 1.4)));
        frame.legend(&entries);
        Ok(())
    })
}
