"""The tutorial's nine figures with matplotlib and seaborn."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from scipy import stats

plt.style.use("seaborn-v0_8")


def set_labels(ax, title, x, y):
    ax.set_title(title, fontsize=14)
    ax.set_xlabel(x, fontsize=12)
    ax.set_ylabel(y, fontsize=12)


def figure(draw, size=(10, 8)):
    fig, ax = plt.subplots(figsize=size)
    draw(ax)
    fig.tight_layout()
    return fig


def nine(sales, y_true, y_pred, coefficients):
    """Returns, by name, the function that draws a figure on its axes, and the size in inches."""
    residuals = y_true - y_pred
    weekend = sales.weekend == 1

    def time_series(ax):
        rolling = sales.demand.rolling(28)
        mean, std = rolling.mean(), rolling.std()
        ax.plot(sales.date, sales.demand, alpha=0.45, linewidth=1, label="value")
        ax.fill_between(sales.date, mean - std, mean + std, alpha=0.25, label="± 1 standard deviation")
        ax.plot(sales.date, mean, linewidth=2, label="mean of 28")
        ax.legend()
        set_labels(ax, "Demand over time", "Date", "Demand (kg)")

    def box(ax):
        sns.boxplot(data=sales, x="weekend", y="demand", color="lightgray", ax=ax)
        sns.stripplot(data=sales, x="weekend", y="demand", hue="weekend", jitter=0.3, alpha=0.4, size=4, legend=False, ax=ax)
        set_labels(ax, "Demand on weekdays and weekends", "Day", "Demand (kg)")

    def scatter(ax):
        sns.regplot(data=sales, x="price_per_kg", y="demand", scatter_kws={"alpha": 0.4, "s": 12}, line_kws={"color": "C3"}, ax=ax)
        set_labels(ax, "Demand by price", "Price per kg", "Demand (kg)")

    def density(ax):
        sns.kdeplot(sales.demand[~weekend], fill=True, label="Weekday", ax=ax)
        sns.kdeplot(sales.demand[weekend], fill=True, label="Weekend", ax=ax)
        ax.legend()
        set_labels(ax, "Density of demand on weekdays and weekends", "Demand (kg)", "Density")

    def correlation(ax):
        correlation = sales.drop(columns="date").corr()
        mask = np.triu(np.ones_like(correlation, dtype=bool))
        sns.heatmap(correlation, mask=mask, annot=True, fmt=".2f", cmap="coolwarm", vmin=-1, vmax=1, linewidths=0.5, ax=ax)
        set_labels(ax, "Correlation of features and demand", "", "")

    def residual(ax):
        sns.residplot(x=y_pred, y=y_true, lowess=False, scatter_kws={"alpha": 0.7, "s": 20}, line_kws={"color": "C3"}, ax=ax)
        set_labels(ax, "Residuals", "Predicted demand (kg)", "True − predicted demand (kg)")

    def bars(ax):
        ax.barh(coefficients.name[::-1], coefficients.value[::-1])
        set_labels(ax, "Coefficients of the ridge regression", "Coefficient (kg per unit)", "Feature")

    def prediction(ax):
        ax.scatter(y_true, y_pred, alpha=0.7, s=20)
        ends = [y_true.min(), y_true.max()]
        ax.plot(ends, ends, "k--")
        set_labels(ax, "Predicted and true demand", "True demand (kg)", "Predicted demand (kg)")

    def qq(ax):
        stats.probplot(residuals, plot=ax)
        set_labels(ax, "Residuals against the normal distribution", "Theoretical quantile", "Residual (kg)")

    return {
        "time_series_demand": (time_series, (16, 12)),
        "box_weekend": (box, (10, 8)),
        "scatter_demand_price": (scatter, (10, 8)),
        "density_weekday_weekend": (density, (10, 8)),
        "corr_plot": (correlation, (10, 8)),
        "residuals_plot": (residual, (10, 8)),
        "coefficients_plot": (bars, (10, 8)),
        "prediction_errors": (prediction, (10, 8)),
        "qq_plot": (qq, (10, 8)),
    }
