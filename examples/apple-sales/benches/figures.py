"""The tutorial's nine figures with matplotlib and seaborn, and a million points: how long each takes.

Arguments: a folder with `sales.csv` and `evaluation.csv` and `coefficients.csv`; the figures are
saved there. Prints milliseconds for making and saving each figure, and the peak memory, as JSON.
"""

import json
import resource
import sys
import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from scipy import stats

folder = Path(sys.argv[1])
million = len(sys.argv) > 2
plt.style.use("seaborn-v0_8")
took = {}


def timed(name, draw, size=(10, 8)):
    begin = time.perf_counter()
    fig, ax = plt.subplots(figsize=size)
    draw(ax)
    fig.tight_layout()
    fig.savefig(folder / f"{name}.png", dpi=100)
    plt.close(fig)
    took[name] = (time.perf_counter() - begin) * 1000


def named(ax, title, x, y):
    ax.set_title(title, fontsize=14)
    ax.set_xlabel(x, fontsize=12)
    ax.set_ylabel(y, fontsize=12)


def nine():
    sales = pd.read_csv(folder / "sales.csv", parse_dates=["date"])
    y_true, y_pred = pd.read_csv(folder / "evaluation.csv").to_numpy().T
    coefficients = pd.read_csv(folder / "coefficients.csv")
    residuals = y_true - y_pred
    weekend = sales.weekend == 1

    def time_series(ax):
        rolling = sales.demand.rolling(28)
        mean, std = rolling.mean(), rolling.std()
        ax.plot(sales.date, sales.demand, alpha=0.45, linewidth=1, label="value")
        ax.fill_between(sales.date, mean - std, mean + std, alpha=0.25, label="± 1 standard deviation")
        ax.plot(sales.date, mean, linewidth=2, label="mean of 28")
        ax.legend()
        named(ax, "Demand over time", "Date", "Demand (kg)")

    def box(ax):
        sns.boxplot(data=sales, x="weekend", y="demand", color="lightgray", ax=ax)
        sns.stripplot(data=sales, x="weekend", y="demand", hue="weekend", jitter=0.3, alpha=0.4, size=4, legend=False, ax=ax)
        named(ax, "Demand on weekdays and weekends", "Day", "Demand (kg)")

    def scatter(ax):
        sns.regplot(data=sales, x="price_per_kg", y="demand", scatter_kws={"alpha": 0.4, "s": 12}, line_kws={"color": "C3"}, ax=ax)
        named(ax, "Demand by price", "Price per kg", "Demand (kg)")

    def density(ax):
        sns.kdeplot(sales.demand[~weekend], fill=True, label="Weekday", ax=ax)
        sns.kdeplot(sales.demand[weekend], fill=True, label="Weekend", ax=ax)
        ax.legend()
        named(ax, "Density of demand on weekdays and weekends", "Demand (kg)", "Density")

    def correlation(ax):
        correlation = sales.drop(columns="date").corr()
        mask = np.triu(np.ones_like(correlation, dtype=bool))
        sns.heatmap(correlation, mask=mask, annot=True, fmt=".2f", cmap="coolwarm", vmin=-1, vmax=1, linewidths=0.5, ax=ax)
        named(ax, "Correlation of features and demand", "", "")

    def residual(ax):
        sns.residplot(x=y_pred, y=y_true, lowess=False, scatter_kws={"alpha": 0.7, "s": 20}, line_kws={"color": "C3"}, ax=ax)
        named(ax, "Residuals", "Predicted demand (kg)", "True − predicted demand (kg)")

    def bars(ax):
        ax.barh(coefficients.name[::-1], coefficients.value[::-1])
        named(ax, "Coefficients of the ridge regression", "Coefficient (kg per unit)", "Feature")

    def prediction(ax):
        ax.scatter(y_true, y_pred, alpha=0.7, s=20)
        ends = [y_true.min(), y_true.max()]
        ax.plot(ends, ends, "k--")
        named(ax, "Predicted and true demand", "True demand (kg)", "Predicted demand (kg)")

    def qq(ax):
        stats.probplot(residuals, plot=ax)
        named(ax, "Residuals against the normal distribution", "Theoretical quantile", "Residual (kg)")

    timed("time_series_demand", time_series, (16, 12))
    timed("box_weekend", box)
    timed("scatter_demand_price", scatter)
    timed("density_weekday_weekend", density)
    timed("corr_plot", correlation)
    timed("residuals_plot", residual)
    timed("coefficients_plot", bars)
    timed("prediction_errors", prediction)
    timed("qq_plot", qq)


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


(a_million if million else nine)()
print(json.dumps({"millis": took, "peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))
