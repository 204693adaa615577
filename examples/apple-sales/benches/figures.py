"""Measures how long matplotlib and seaborn take for the tutorial's nine figures, or for a million points.

Arguments: a folder with `sales.csv`, `evaluation.csv` and `coefficients.csv`, which also receives
the figures; optionally `million`, to plot a million points instead. Prints JSON: the milliseconds to
draw and save each figure, and the peak memory.
"""

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from nine import figure, nine, plt, set_labels

folder = Path(sys.argv[1])
durations = {}


def timed(name, draw, size=(10, 8)):
    begin = time.perf_counter()
    fig = figure(draw, size)
    fig.savefig(folder / f"{name}.png", dpi=100)
    plt.close(fig)
    durations[name] = (time.perf_counter() - begin) * 1000


def tutorial():
    sales = pd.read_csv(folder / "sales.csv", parse_dates=["date"])
    y_true, y_pred = pd.read_csv(folder / "evaluation.csv").to_numpy().T
    coefficients = pd.read_csv(folder / "coefficients.csv")
    for name, (draw, size) in nine(sales, y_true, y_pred, coefficients).items():
        timed(name, draw, size)


def a_million():
    rng = np.random.default_rng(0)
    x = rng.normal(size=1_000_000)
    y = 0.5 * x + rng.normal(size=1_000_000)
    walk = np.cumsum(x)

    def scatter(ax):
        ax.scatter(x, y, s=4, alpha=0.1)
        set_labels(ax, "A million points", "x", "y")

    def line(ax):
        ax.plot(np.arange(len(walk)), walk, linewidth=1)
        set_labels(ax, "A line of a million points", "step", "value")

    timed("million_scatter", scatter)
    timed("million_line", line)


(a_million if len(sys.argv) > 2 else tutorial)()
print(json.dumps({"millis": durations, "peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))
