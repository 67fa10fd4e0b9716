"""Who is measured: one file a tuner, each a function of a problem and a job. Only the one asked for is imported."""

import importlib
from collections.abc import Callable

from benchmarks.throughput.job import Job, Measured
from benchmarks.throughput.problems import Problem

HOMES = {
    "autoopt": ("autoopt", "measured"),
    "autoopt-not-ahead": ("autoopt", "not_ahead"),
    "kerastuner-random": ("kerastuner", "random"),
    "kerastuner-bayesian": ("kerastuner", "bayesian"),
    "optuna": ("optuna", "measured"),
    "compiled-loop": ("compiled_loop", "measured"),
    "tf-function": ("bare_function", "plain"),
    "tf-function-xla": ("bare_function", "xla"),
}


def tuner(name: str) -> Callable[[Problem, Job], Measured]:
    """Return the function that measures a tuner."""
    module, function = HOMES[name]
    return getattr(importlib.import_module(f"{__name__}.{module}"), function)
