"""The tutorial's nine figures with matplotlib and seaborn, or a million points: how long each takes.

Arguments: a folder with `sales.csv`, `evaluation.csv` and `coefficients.csv`; the figures are saved
there. With a further argument `million`, a million points instead. Prints milliseconds for making
and saving each figure, and the peak memory, as JSON.
"""

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from nine import figure, named, nine, plt

folder = Path(sys.argv[1])
took = {}


def timed(name, draw, size=(10, 8)):
    begin = time.perf_counter()
    fig = figure(draw, size)
    fig.savefig(folder / f"{name}.png", dpi=100)
    plt.close(fig)
    took[name] = (time.perf_counter() - begin) * 1000


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
        named(ax, "A million points", "x", "y")

    def line(ax):
        ax.plot(np.arange(len(walk)), walk, linewidth=1)
        named(ax, "A line of a million points", "step", "value")

    timed("million_scatter", scatter)
    timed("million_line", line)


(a_million if len(sys.argv) > 2 else tutorial)()
print(json.dumps({"millis": took, "peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))
