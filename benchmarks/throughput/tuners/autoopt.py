"""autoopt.tune, as its user calls it; without pruning and confirmation where candidates are compared."""

import time
from pathlib import Path
from typing import Any

import optuna

import autoopt
from benchmarks.throughput.job import Candidate, Job, Measured
from benchmarks.throughput.memory import MemoryLog
from benchmarks.throughput.problems import Problem


def measured(problem: Problem, job: Job) -> Measured:
    """Time the whole call.

    Raises:
        RuntimeError: It tried something else than the candidates, or trained fewer epochs.
    """
    return _measured(problem, job)


def not_ahead(problem: Problem, job: Job) -> Measured:
    """Do the same, but compile nothing while something else trains: so it is beside callbacks of the user's."""
    return _measured(problem, job, callbacks=lambda trial: ())


def _measured(problem: Problem, job: Job, callbacks: Any = ()) -> Measured:
    tune, folder = autoopt.tune, Path(job.folder)  # loads the package, as importing loads the peers
    memory = MemoryLog(folder / "memory") if job.memory else None
    started = time.perf_counter()
    result = tune(
        problem.model_fn,
        problem.train,
        validation_data=problem.validation,
        space=problem.space,
        epochs=job.epochs,
        max_trials=job.trials,
        budget=job.budget,
        search=_search(job),
        callbacks=memory or callbacks,
        seed=job.seed,
        directory=folder / "runs",
        logdir=folder / "logs",
        verbose=0,
    )
    seconds = time.perf_counter() - started
    if job.candidates is not None:
        for trial, candidate in zip(result.trials, job.candidates, strict=True):
            _check(trial, candidate)
    return Measured.of(
        job, seconds, [trial.history for trial in result.trials],
        profile=dict(result.profile()) if job.profile else None, memory=memory.read() if memory else (),
    )  # fmt: skip


def _search(job: Job) -> autoopt.Search:
    """Return the candidates as starting points; what is left out of a search to compare it with others."""
    if job.profile and job.candidates is None:
        return autoopt.Search(confirm=0)  # a search as it is, up to its last trial
    start = () if job.candidates is None else job.candidates[1:]
    return autoopt.Search(start=start, confirm=0, pruner=optuna.pruners.NopPruner())


def _check(trial: Any, candidate: Candidate) -> None:
    tried = {name: trial.hyperparameters.get(name) for name in candidate}
    if trial.status != "completed" or tried != dict(candidate):
        raise RuntimeError(
            f"Trial {trial.number} is {trial.status} with {tried}; {dict(candidate)} was asked for. {trial.error}"
        )
