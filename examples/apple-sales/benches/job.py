"""The complete job of the tutorial in Python: train, plot, log to MLflow.

Arguments: the tracking URI, and a folder with `sales.csv`, `train.csv` and `test.csv`. The last
column of each file is the demand.
"""

import logging
import sys
import tempfile
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from nine import figure, nine, plt, set_labels
from sklearn import metrics
from sklearn.linear_model import Ridge

logging.getLogger("mlflow").setLevel(logging.ERROR)
uri, folder = sys.argv[1], Path(sys.argv[2])
mlflow.set_tracking_uri(uri)
mlflow.set_experiment("Apple demand")

with mlflow.start_run():
    sales = pd.read_csv(folder / "sales.csv", parse_dates=["date"])
    train, test = pd.read_csv(folder / "train.csv"), pd.read_csv(folder / "test.csv")
    features = train.columns[:-1]
    model = Ridge(alpha=1.0).fit(train[features], train.demand)
    y_true, y_pred = test.demand.to_numpy(), model.predict(test[features])
    mse = metrics.mean_squared_error(y_true, y_pred)
    mlflow.log_param("alpha", 1.0)
    mlflow.log_metrics(
        {
            "mse": mse,
            "rmse": mse**0.5,
            "mae": metrics.mean_absolute_error(y_true, y_pred),
            "r2": metrics.r2_score(y_true, y_pred),
            "msle": metrics.mean_squared_log_error(y_true, y_pred),
            "medae": metrics.median_absolute_error(y_true, y_pred),
        }
    )
    mlflow.sklearn.log_model(model, name="model", input_example=test[features].head(5))

    coefficients = pd.DataFrame({"name": features, "value": model.coef_})
    drawings = nine(sales, y_true, y_pred, coefficients)
    # The sizes in `src/plots.rs`.
    for name, size in {"time_series_demand": (16, 8), "corr_plot": (12, 10)}.items():
        drawings[name] = (drawings[name][0], size)
    for name, (draw, size) in drawings.items():
        fig = figure(draw, size)
        mlflow.log_figure(fig, f"{name}.png")
        plt.close(fig)

    residuals = y_true - y_pred

    def by_month(ax):
        groups = sales.demand.groupby(sales.date.dt.month)
        ax.bar(range(1, 13), groups.mean(), yerr=1.96 * groups.sem())
        set_labels(ax, "Mean demand by month", "Month", "Demand (kg)")

    def distribution(ax):
        ax.hist(residuals, bins="auto")
        set_labels(ax, "Distribution of the residuals", "Residual (kg)", "Days")

    def size(ax):
        ax.scatter(y_pred, np.sqrt(np.abs(residuals / residuals.std())), alpha=0.7, s=20)
        set_labels(ax, "Size of the error by prediction", "Predicted demand (kg)", "Root of the standardized residual")

    with tempfile.TemporaryDirectory() as diagnostics:
        for name, draw in {"demand_by_month": by_month, "residual_distribution": distribution, "error_size": size}.items():
            fig = figure(draw)
            fig.savefig(f"{diagnostics}/{name}.png", dpi=100)
            plt.close(fig)
        mlflow.log_artifacts(diagnostics, "diagnostics")
