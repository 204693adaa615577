//! Charts of a classifier's scores: what happens as the threshold moves.

use super::axes::Axis;
use super::frame::{Frame, Names, Room};
use super::input::same_length;
use super::legend::Key;
use super::sheet::{Labels, Region, Sheet, chart};
use super::stats::calibration::{Strategy, brier_score, calibration_curve};
use super::stats::classification::{AtThreshold, Ranking, are_probabilities};
use super::stats::histogram::Histogram;
use super::stats::multiclass::{macro_auc, macro_average_precision, macro_roc, micro, one_vs_rest};
use crate::figure::Figure;

/// From 0 to 1 with a little room, so that a curve along the border is seen.
const SHARES: Axis = Axis::Exact(-0.02, 1.02);

/// Scores of samples that are or are not of the class.
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

/// The share of positives that are found over the share of negatives that are taken for positives,
/// for every threshold (the ROC curve), with the area under it (AUC): 1 is perfect, 0.5 on the
/// dashed diagonal is chance. A sample is called positive if its score is at least the threshold.
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

/// Precision over recall for every threshold, with the average precision (AP); the dashed line is
/// the share of positives, which guessing reaches. Says more than ROC when positives are rare.
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

/// Between two thresholds precision stays as it is; a slope would promise what no threshold gives.
fn steps(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut line = Vec::with_capacity(points.len() * 2);
    for pair in points.windows(2) {
        line.extend([pair[0], (pair[1].0, pair[0].1)]);
    }
    line.extend(points.last());
    line
}

/// Rows of scores, one for each sample with one score for each class.
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

    /// Each class that occurs against all others, with its place.
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

/// The ROC curve of each class against all others, with its AUC, and two averages: *micro* counts
/// every sample of every class alike, *macro* every class. `y_true` has the place of each sample's
/// class in `names`; a row of `scores` has a score for each class.
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

/// Precision over recall of each class against all others, with its average precision and the
/// *micro* average over all; the legend names the mean of the classes too (*macro*). Arguments as in
/// [`roc_multiclass`].
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

/// Whether probabilities are what they say: the share of positives over the mean predicted
/// probability, in bins of equal width, and how many samples each bin has below. On the diagonal
/// they are right; below it the model is too sure of positives. The legend has the Brier score, the
/// mean squared error of the probabilities: 0 is perfect. Default: 10 bins.
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
        // The panels share their horizontal axis; this is room for counts below a million.
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

/// The share of positives found over the share of samples taken, those with the highest scores
/// first: how much is gained over taking samples at random, which is the dashed diagonal. The legend
/// has the largest distance between the two classes (Kolmogorov and Smirnov).
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

/// How many times more positives there are among the samples taken, those with the highest scores
/// first, than among as many taken at random.
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

/// Precision, recall, F1 and the share of samples called positive (queue rate) over the threshold;
/// the dotted line is where F1 is best.
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
