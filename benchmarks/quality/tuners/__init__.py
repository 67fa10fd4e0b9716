"""Who is measured: one file a tuner, each a function of a task and a job. Only the one asked for is imported."""

import importlib
from collections.abc import Callable

from benchmarks.quality.job import Job, Measured
from benchmarks.quality.tasks import Task

HOMES = {
    "autoopt": ("autoopt", "measured"),
    "hyperband": ("kerastuner", "hyperband"),
    "bayesian": ("kerastuner", "bayesian"),
    "random": ("kerastuner", "random"),
    "random-twice": ("kerastuner", "random"),
    "optuna": ("optuna", "measured"),
    "plain": ("plain", "measured"),
}


def tuner(name: str) -> Callable[[Task, Job], Measured]:
    """Return the function that measures a tuner."""
    module, function = HOMES[name]
    return getattr(importlib.import_module(f"{__name__}.{module}"), function)
