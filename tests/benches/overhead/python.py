"""Measures calls of MLflow's Python client on parallel threads.

Arguments: tracking URI; `sync`, `async`, `client` (asynchronous, without the fluent API) or `clock`; number of threads;
total number of calls; path of the file for the durations, which are nanoseconds as 64-bit integers.
"""

import array
import functools
import os
import sys
import threading
import time

import mlflow

uri, kind, threads, calls, file = sys.argv[1:]
each = int(calls) // int(threads)
clock = time.perf_counter_ns
start = threading.Barrier(int(threads))


def measure(thread, log):
    times = array.array("Q", bytes(8 * each))
    start.wait()
    for i in range(each):
        step = thread * each + i
        begin = clock()
        log(step)
        times[i] = clock() - begin
    return times


def run(log, run_id=None):
    results = [None] * int(threads)

    def work(thread):
        # A run is active in one thread only. In other threads, `log_metric` would start a new run.
        if run_id is not None:
            mlflow.start_run(run_id=run_id)
        results[thread] = measure(thread, log)

    all_threads = [threading.Thread(target=work, args=[thread]) for thread in range(int(threads))]
    for thread in all_threads:
        thread.start()
    for thread in all_threads:
        thread.join()
    with open(file, "wb") as target:
        for times in results:
            times.tofile(target)


if kind == "clock":
    run(lambda step: None)
else:
    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment("Python")
    with mlflow.start_run() as active:
        run_id, waits = active.info.run_id, kind == "sync"
        # The first call sets up threads and connections.
        mlflow.log_metric("first", 1.0, synchronous=waits)
        if kind == "client":
            client = mlflow.MlflowClient()
            log = functools.partial(client.log_metric, run_id, "loss", synchronous=False)
        else:
            log = functools.partial(mlflow.log_metric, "loss", synchronous=waits)
        run(lambda step: log(value=1 / (step + 1), step=step), run_id)
        # Exits without waiting for the queue: only the duration of the calls counts.
        os._exit(0)
