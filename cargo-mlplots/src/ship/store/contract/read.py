"""Prints runs as MLflow's own client reads them, as JSON. Arguments: TRACKING_URI RUN_ID..."""

import json
import sys

import mlflow

uri, *run_ids = sys.argv[1:]
mlflow.set_tracking_uri(uri)
client = mlflow.MlflowClient()


def artifacts(run_id, path=None):
    for entry in client.list_artifacts(run_id, path):
        if entry.is_dir:
            yield from artifacts(run_id, entry.path)
        else:
            yield entry.path


def read(run_id):
    run = client.get_run(run_id)
    history = {key: client.get_metric_history(run_id, key) for key in run.data.metrics}
    found = {}
    for path in artifacts(run_id):
        with open(client.download_artifacts(run_id, path), encoding="utf-8") as file:
            found[path] = file.read()
    models = client.search_logged_models([run.info.experiment_id], filter_string=f"source_run_id = '{run_id}'")
    return {
        "name": run.info.run_name,
        "status": run.info.status,
        "start_time": run.info.start_time,
        "end_time": run.info.end_time,
        "user": run.info.user_id,
        "experiment": client.get_experiment(run.info.experiment_id).name,
        "params": run.data.params,
        "tags": run.data.tags,
        "latest": {key: repr(value) for key, value in run.data.metrics.items()},
        "history": {
            key: sorted([point.step, point.timestamp, repr(point.value)] for point in points)
            for key, points in history.items()
        },
        "artifacts": found,
        "outputs": [[output.model_id, output.step] for output in run.outputs.model_outputs] if run.outputs else [],
        "models": [
            [
                model.model_id,
                model.name,
                str(model.status),
                model.tags,
                model.params,
                [[metric.key, metric.value, metric.timestamp, metric.step] for metric in model.metrics or []],
            ]
            for model in models
        ],
        "model_files": [
            open(mlflow.artifacts.download_artifacts(f"{model.artifact_location}/MLmodel"), encoding="utf-8").read()
            for model in models
        ],
    }


print(json.dumps([read(run_id) for run_id in run_ids]))
