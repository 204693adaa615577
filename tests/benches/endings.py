"""A training with MLflow's Python client. An argument selects how it ends.

Arguments: tracking URI, run name, ending, number of metric points, path of a file that the script
creates when all points are logged.
"""

import faulthandler
import os
import signal
import sys
import time

import mlflow

uri, name, ending, points, ready = sys.argv[1:]
# A shell that starts processes in the background, or `nohup`, ignores these signals.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
mlflow.set_tracking_uri(uri)
mlflow.set_experiment("Python")

with mlflow.start_run(run_name=name):
    for step in range(int(points)):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    if ending in ("error", "panic"):
        raise RuntimeError("the training is bad")
    if ending == "exit":
        sys.exit(0)
    if ending == "exit1":
        sys.exit(1)
    if ending == "abort":
        os.abort()
    if ending == "overflow":
        # Deep recursion only raises an exception in Python. This overflows the stack.
        faulthandler._stack_overflow()
    if ending == "memory":
        blocks = [b"1" * (16 << 20) for _ in range(128)]
    if ending == "orphan":
        if os.fork() == 0:
            os.execvp("sleep", ["sleep", "60"])
        sys.exit(1)
    if ending != "ok":
        open(ready, "w").close()
        while True:
            time.sleep(1)
