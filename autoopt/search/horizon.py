"""Horizon: how many epochs a trial has where that is left open, so that a budget holds more than a few of them."""

import time
from typing import Any

import keras_tuner

from autoopt.data import Part
from autoopt.engines import Verdict
from autoopt.executors import Executor, NoneBegun
from autoopt.pricing import epoch_price
from autoopt.records import Logs
from autoopt.search.limits import Limits
from autoopt.search_options import Search
from autoopt.spelling import spelled
from autoopt.surgery import products
from autoopt.worker import Job, Worker

AUTO = "auto"
"""Stands for as many epochs as fit."""

USUAL = 50
"""Epochs of a trial where there is time."""

FEWEST = 10
"""Epochs below which most nets have not learnt enough to be told apart."""

WHOLE = 6
"""Trainings of full length that the time of a search is to hold; half of the trials end early."""

TRIED = 2
"""Epochs after which it is known what one takes: the first may have compiled something."""

REHEARSED = 1_000_004
"""A repeat that neither a confirmation run, nor an ablation, nor a refit has."""

A_PRODUCT = 1e-10
"""Seconds of a multiplication: `python -m benchmarks cost`."""

A_WEIGHT = 30
"""Multiplications that take as long as to change one weight, in each step."""

SURELY = 8.0
"""Factor by which that may be wrong where it is not tried."""


def asked_epochs(epochs: Any, before: int | None) -> int:
    """Return the epochs of a trial, as far as they are known before anything is trained.

    Args:
        epochs: As `tune` takes it, or `AUTO`.
        before: Those of the run that goes on, None where a new one begins.
    """
    return int(epochs) if epochs != AUTO else before or USUAL


def epochs_for(
    worker: Worker, executor: Executor, limits: Limits, search: Search, seed: int, trainings: int
) -> tuple[int, str]:
    """Return how many epochs let about a dozen trials fit into the budget, and what is to be said where they are few.

    The user's own model is trained for two epochs, unless it is plain that there is time enough. Nothing is tried where
    that would tell nothing: without a budget, with an oracle or callbacks of the user's, with a `fit` of their own; nor on
    data in batches, of which an epoch may take longer than all the budget.

    Args:
        worker: What trains, as this process knows it.
        executor: Where it trains.
        limits: When the search ends.
        search: How trials are proposed.
        seed: The search's.
        trainings: Of each trial, one after the other: folds, executions.
    """
    left, train = _left(limits, search, executor.slots), worker.dataset.train
    theirs = search.oracle is not None or worker.callbacks or worker.hypermodel.own_fit is not None
    if left is None or theirs or not isinstance(train, Part):
        return USUAL, ""
    if left <= 0:
        return FEWEST, f"Trials have up to {FEWEST} epochs: the budget was used up before the first."
    most = min(WHOLE, limits.max_trials or WHOLE)
    hp = keras_tuner.HyperParameters()
    recipe = worker.hypermodel.draw(hp)
    job = Job(0, recipe, dict(hp.values), TRIED, USUAL, seed, REHEARSED)
    if SURELY * _foreseen(worker, job, train) * USUAL * most * trainings < left:
        return USUAL, ""
    one = _measured(executor, job, limits, left / (most * FEWEST))
    if one is None:
        return USUAL, ""
    epochs = int((_left(limits, search, executor.slots) or 0.0) / (most * trainings * one))
    if epochs >= USUAL:
        return USUAL, ""
    epochs = max(epochs, FEWEST)
    return epochs, (
        f"Trials have up to {epochs} epochs, of {one:.2g} s each, so that more than a few fit into the budget. "
        f"For longer ones pass {spelled('epochs', USUAL)}, or a larger budget."
    )


def _left(limits: Limits, search: Search, slots: int) -> float | None:
    """Return the seconds of training that are left before confirmation, None without a budget."""
    left = limits.searching()
    if left is None:
        return None
    return slots * (left - ((limits.kept or 0.0) if search.confirmations else 0.0))


def _foreseen(worker: Worker, job: Job, train: Part) -> float:
    """Return about how many seconds an epoch takes on one core."""
    model = worker.hypermodel.assemble(job.recipe, job.values, seed=job.seed)
    steps = train.steps(worker.hypermodel.batch_size(job.recipe))
    return A_PRODUCT * (
        epoch_price(steps, train.n, products(model)) + steps * A_WEIGHT * model.count_params()
    )


def _measured(executor: Executor, job: Job, limits: Limits, slow: float) -> float | None:
    """Return how many seconds the last of a few epochs takes; None where none ends.

    One of `slow` seconds or more is the last: it tells enough, whatever of it was compiling.
    """
    ends = [time.perf_counter()]

    def report(job: Job, epoch: int, logs: Logs) -> Verdict:
        ends.append(time.perf_counter())
        return "stop" if limits.cut() or ends[-1] - ends[-2] >= slow else "continue"

    executor.submit(job)
    try:
        executor.wait(report, over=lambda: limits.cut() is not None)
    except NoneBegun:
        executor.recall()
    return None if len(ends) < 2 else ends[-1] - ends[-2]
