"""Writes statistics.json: what the Python libraries say, for the tests of the charts' statistics.

    pip install numpy scipy pandas scikit-learn statsmodels matplotlib
    python make_statistics.py

Every case holds its input, rounded so that the file stays small, and the libraries' answers. NaN is
written as null, infinity as "inf".
"""

import json
import math
import pathlib

import matplotlib
import matplotlib.cbook
import numpy as np
import pandas as pd
import scipy
import scipy.cluster.hierarchy as hierarchy
import scipy.stats as st
import sklearn
import sklearn.calibration
import sklearn.metrics as metrics
import sklearn.preprocessing
import statsmodels
import statsmodels.api as sm

rng = np.random.default_rng(20240917)


def normal(n, scale=1.0, loc=0.0):
    return np.round(rng.normal(loc, scale, n), 4)


def skewed(n):
    return np.round(rng.lognormal(0, 0.9, n), 4)


SAMPLES = {
    "normal": normal(60, 3.0, 10.0),
    "skewed": skewed(75),
    "ties": np.repeat([1.0, 2.0, 2.5, 7.0], [5, 9, 3, 1]),
    "two": np.array([-1.0, 4.0]),
    "large": normal(40, 1e-3, 1e6),
    "equal": np.full(7, 0.1),
}


def summary():
    def case(x):
        box = matplotlib.cbook.boxplot_stats(x, whis=1.5)[0]
        return {
            "values": x,
            "mean": np.mean(x),
            "variance": [np.var(x, ddof=0), np.var(x, ddof=1)],
            "q": [0, 0.1, 0.25, 0.5, 0.77, 0.95, 1],
            "quantiles": np.quantile(x, [0, 0.1, 0.25, 0.5, 0.77, 0.95, 1]),
            "box": [box[key] for key in ("mean", "q1", "med", "q3", "whislo", "whishi")],
            "outliers": np.sort(box["fliers"]),
        }

    return {name: case(x) for name, x in SAMPLES.items()}


def kde():
    def case(x, cut, adjust):
        estimate = st.gaussian_kde(x)
        estimate.set_bandwidth(estimate.factor * adjust)
        bandwidth = math.sqrt(estimate.covariance.squeeze())
        grid = np.linspace(x.min() - cut * bandwidth, x.max() + cut * bandwidth, 1024)
        return {
            "values": x, "cut": cut, "adjust": adjust, "bandwidth": bandwidth,
            "x": grid[::33], "density": estimate(grid)[::33], "peak": estimate(grid).max(),
        }

    big = np.round(rng.normal(0, 1, 1000), 3)
    return [
        case(SAMPLES["normal"], 3.0, 1.0),
        case(SAMPLES["skewed"], 3.0, 1.0),
        case(SAMPLES["skewed"], 0.0, 0.6),
        case(SAMPLES["two"], 2.0, 1.0),
        case(big, 3.0, 1.0),
    ]


def histogram():
    def case(x):
        counts, edges = np.histogram(x, bins="auto")
        seven, seven_edges = np.histogram(x, bins=7)
        density, _ = np.histogram(x, bins=7, density=True)
        return {
            "values": x, "edges": edges, "counts": counts,
            "seven": seven, "seven_edges": seven_edges, "seven_density": density,
        }

    cases = {name: case(x) for name, x in SAMPLES.items()}
    cases["tenths"] = case(np.arange(0, 101) / 10)
    cases["outlier"] = case(np.concatenate([normal(80, 0.01), [500.0]]))
    return cases


def regression():
    def case(x, y):
        fit = st.linregress(x, y)
        # Centred, because with a far origin the library's own pseudo-inverse loses six digits.
        centre = x.mean()
        model = sm.OLS(y, sm.add_constant(x - centre)).fit()
        at = np.array([x.min() - 1, x.mean() + 0.5, x.max()])
        intervals = {}
        for level in (0.9, 0.95):
            prediction = model.get_prediction(np.column_stack([np.ones(3), at - centre]))
            intervals[str(level)] = prediction.conf_int(alpha=1 - level)
        return {
            "x": x, "y": y, "slope": fit.slope, "intercept": fit.intercept, "r": fit.rvalue,
            "r_squared": model.rsquared, "at": at, "fitted": model.params[0] + model.params[1] * (at - centre),
            "intervals": intervals,
        }

    x = normal(50, 4.0, 2.0)
    return [
        case(x, np.round(1.7 * x - 3 + rng.normal(0, 2, 50), 4)),
        case(x, normal(50)),
        case(np.round(1e6 + x[:9], 4), np.round(-0.2 * x[:9] + rng.normal(0, 0.1, 9), 4)),
    ]


def lowess():
    def case(x, y, frac, it, delta):
        order = np.argsort(x, kind="stable")
        x, y = x[order], y[order]
        smoothed = sm.nonparametric.lowess(y, x, frac=frac, it=it, delta=delta)
        return {
            "x": x, "y": y, "fraction": frac, "iterations": it, "delta": delta,
            "smoothed": smoothed[:, 1],
        }

    x = np.round(rng.uniform(0, 10, 70), 4)
    y = np.round(np.sin(x) + rng.normal(0, 0.2, 70), 4)
    outliers = y.copy()
    outliers[::11] += 8
    ties = np.round(x)
    return [
        case(x, y, 2 / 3, 3, 0.0),
        case(x, outliers, 2 / 3, 3, 0.0),
        case(x, outliers, 0.3, 0, 0.0),
        case(x, y, 0.25, 2, 0.0),
        case(ties, y, 2 / 3, 3, 0.0),
        case(x, y, 2 / 3, 3, 0.5),
    ]


def distributions():
    z = np.array([-37, -12, -5, -3.001, -3, -2.2, -1, -1e-3, 0, 0.4, 1.96, 2.999, 3.5, 6, 9])
    p = np.array([1e-300, 1e-20, 1e-6, 0.01, 0.075, 0.3, 0.5, 0.6, 0.925, 0.975, 0.999, 1 - 1e-12])
    t_p = np.array([0.005, 0.05, 0.3, 0.6, 0.9, 0.975, 0.995, 0.9995])
    degrees = [1, 2, 3, 4, 5, 10, 29, 30, 100, 399, 400, 1000, 1_000_000]
    return {
        "z": z, "pdf": st.norm.pdf(z), "cdf": st.norm.cdf(z),
        "p": p, "quantile": st.norm.ppf(p),
        "t_p": t_p, "degrees": degrees, "t_quantile": [st.t.ppf(t_p, n) for n in degrees],
    }


def probability_plot():
    def case(x):
        (theory, ordered), (slope, intercept, r) = st.probplot(x)
        return {"values": x, "theory": theory, "ordered": ordered, "line": [slope, intercept, r]}

    return [case(SAMPLES[name]) for name in ("normal", "skewed", "ties", "two")]


def correlation():
    x = rng.normal(size=(40, 6))
    x[:, 3] = x[:, 0] + 0.3 * x[:, 3]
    x[:, 5] = -x[:, 1] + 0.5 * x[:, 5]
    x[:, 4] += 0.5 * x[:, 2]
    x = np.round(x, 4)
    frame = pd.DataFrame(x)
    holes = frame.copy()
    holes.iloc[3:9, 0] = np.nan
    holes.iloc[7:20, 2] = np.nan
    holes[4] = 0.1
    matrix = frame.corr().to_numpy()
    wide = np.corrcoef(rng.normal(size=(14, 30)))
    order = lambda m: hierarchy.leaves_list(hierarchy.linkage(m, "average"))
    return {
        "columns": frame.T.to_numpy(), "matrix": matrix, "order": order(matrix),
        "holes": holes.T.to_numpy(), "holes_matrix": holes.corr().to_numpy(),
        "wide": wide, "wide_order": order(wide),
    }


def rolling():
    def case(x, window):
        series = pd.Series(x).rolling(window)
        return {"values": x, "window": window, "mean": series.mean(), "std": series.std()}

    x = normal(40, 2.0, 5.0)
    holes = x.copy()
    holes[[4, 21]] = np.nan
    return [case(x, 1), case(x, 7), case(x, 40), case(x, 41), case(holes, 5), case(1e7 + x, 6)]


def one_hot(y, classes):
    return sklearn.preprocessing.label_binarize(y, classes=range(classes))


def binary():
    def case(y, score):
        fpr, tpr, roc_thresholds = metrics.roc_curve(y, score)
        precision, recall, pr_thresholds = metrics.precision_recall_curve(y, score)
        _, fps, _, tps, distinct = metrics.confusion_matrix_at_thresholds(y, score)
        share = np.concatenate([[0], (tps + fps) / len(y)])
        gain = np.concatenate([[0], tps / y.sum()])
        called = [score >= threshold for threshold in distinct]
        ks = st.ks_2samp(score[y == 1], score[y == 0])
        return {
            "y": y, "score": score,
            "fpr": fpr, "tpr": tpr, "roc_thresholds": roc_thresholds,
            "auc": metrics.roc_auc_score(y, score),
            "precision": precision, "recall": recall, "pr_thresholds": pr_thresholds,
            "average_precision": metrics.average_precision_score(y, score),
            "thresholds": distinct,
            "f1": [metrics.f1_score(y, c) for c in called],
            "at_precision": [metrics.precision_score(y, c) for c in called],
            "at_recall": [metrics.recall_score(y, c) for c in called],
            "queue_rate": [c.mean() for c in called],
            "gain": [share, gain], "lift": gain[1:] / share[1:],
            "ks": ks.statistic, "ks_threshold": ks.statistic_location,
        }

    y = rng.integers(0, 2, 60)
    score = np.round(y * 0.8 + rng.normal(0, 1, 60), 3)
    coarse = np.round(score)
    rare = (rng.uniform(size=80) < 0.1).astype(int)
    rare[5] = 1
    return [case(y, score), case(y, coarse), case(rare, np.round(rng.normal(size=80), 2)), case(y, -score)]


def multiclass():
    classes = 4
    y = rng.choice(classes, 70, p=[0.5, 0.25, 0.15, 0.1])
    score = rng.uniform(size=(70, classes)) + 0.5 * one_hot(y, classes)
    # Dyadic fractions, so that every row sums to exactly one, as roc_auc_score demands.
    score = np.floor(score / score.sum(axis=1, keepdims=True) * 1024) / 1024
    score[:, 0] += 1 - score.sum(axis=1)
    truth = one_hot(y, classes)
    curves = [metrics.roc_curve(truth[:, k], score[:, k])[:2] for k in range(classes)]
    grid = np.linspace(0, 1, 1000)
    mean = np.mean([np.interp(grid, fpr, tpr) for fpr, tpr in curves], axis=0)
    return {
        "y": y, "score": score,
        "auc": [metrics.roc_auc_score(truth[:, k], score[:, k]) for k in range(classes)],
        "average_precision": metrics.average_precision_score(truth, score, average=None),
        "macro_auc": metrics.roc_auc_score(y, score, multi_class="ovr", average="macro"),
        "macro_average_precision": metrics.average_precision_score(truth, score, average="macro"),
        "micro_auc": metrics.roc_auc_score(truth, score, average="micro"),
        "micro_average_precision": metrics.average_precision_score(truth, score, average="micro"),
        "macro_x": grid[::37], "macro_tpr": mean[::37],
    }


def confusion():
    y = rng.choice(["ant", "bee", "cat", "dog"], 50, p=[0.4, 0.3, 0.29, 0.01])
    predicted = np.where(rng.uniform(size=50) < 0.6, y, rng.choice(["ant", "bee", "eel"], 50))
    precision, recall, f1, support = metrics.precision_recall_fscore_support(y, predicted, zero_division=0)
    labels, counts = np.unique(y, return_counts=True)
    return {
        "y": y, "predicted": predicted, "labels": np.unique([*y, *predicted]),
        "counts": metrics.confusion_matrix(y, predicted),
        "normalized": {
            over: metrics.confusion_matrix(y, predicted, normalize=over) for over in ("true", "pred", "all")
        },
        "accuracy": metrics.accuracy_score(y, predicted),
        "precision": precision, "recall": recall, "f1": f1, "support": support,
        "value_counts": [[label, count] for label, count in zip(labels, counts)],
    }


def calibration():
    y = rng.integers(0, 2, 90)
    p = np.round(np.clip(0.5 + 0.25 * (y - 0.5) + rng.normal(0, 0.2, 90), 0, 1), 2)

    def case(bins, strategy):
        observed, predicted = sklearn.calibration.calibration_curve(y, p, n_bins=bins, strategy=strategy)
        return {"bins": bins, "strategy": strategy, "observed": observed, "predicted": predicted}

    return {
        "y": y, "p": p, "brier": metrics.brier_score_loss(y, p),
        "curves": [case(bins, strategy) for bins in (1, 5, 10, 40) for strategy in ("uniform", "quantile")],
    }


def residuals():
    x = normal(30, 2.0)
    y = np.round(2 * x + 1 + rng.normal(0, 1, 30), 4)
    fit = sm.OLS(y, sm.add_constant(x)).fit()
    influence = fit.get_influence()

    def scores(y, predicted):
        return [
            metrics.r2_score(y, predicted), metrics.mean_squared_error(y, predicted),
            metrics.root_mean_squared_error(y, predicted), metrics.mean_absolute_error(y, predicted),
            metrics.median_absolute_error(y, predicted), metrics.max_error(y, predicted),
            metrics.mean_absolute_percentage_error(y, predicted),
        ]

    equal = np.full(5, 0.1)
    return {
        "y": y, "predicted": fit.fittedvalues,
        "standardized": influence.resid_studentized_internal, "leverage": influence.hat_matrix_diag,
        "scores": scores(y, fit.fittedvalues),
        "equal": equal, "equal_scores": scores(equal, equal), "off_scores": scores(equal, equal + 0.5),
    }


def model():
    folds = np.round(rng.uniform(0.5, 0.9, (5, 4)), 3)
    interval = [
        st.t.interval(0.95, len(row) - 1, loc=row.mean(), scale=st.sem(row)) for row in folds
    ]
    samples = np.round(np.concatenate([rng.normal(c, 1, (12, 3)) for c in (0, 3, 7)] + [[[20, 20, 20]]]), 3)
    labels = [0] * 12 + [1] * 12 + [5] * 12 + [3]
    return {
        "folds": folds, "mean": folds.mean(axis=1), "std": folds.std(axis=1), "interval": interval,
        "samples": samples, "labels": labels, "silhouettes": metrics.silhouette_samples(samples, labels),
    }


def plain(value):
    """The value as JSON knows it."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (np.ndarray, pd.Series)):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("inf" if value > 0 else "-inf")
    return value


if __name__ == "__main__":
    libraries = (matplotlib, np, pd, scipy, sklearn, statsmodels)
    subjects = (
        summary, kde, histogram, regression, lowess, distributions, probability_plot, correlation,
        rolling, binary, multiclass, confusion, calibration, residuals, model,
    )
    reference = {"versions": {library.__name__: library.__version__ for library in libraries}}
    reference |= {subject.__name__: plain(subject()) for subject in subjects}
    path = pathlib.Path(__file__).with_name("statistics.json")
    # One case per line: a change shows where it is.
    lines = [f'"{name}": {json.dumps(part, allow_nan=False)}' for name, part in reference.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
