"""Worker: one trial, from a recipe to a finished Trial and its best weights.

Whatever goes wrong in a trial ends here, as a failed Trial; only an interrupt passes.
"""

import copy
import logging
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras

from autoopt import seeding
from autoopt.data import Dataset
from autoopt.engines import Assignment, Engine, Fitting, Report, Training, train
from autoopt.hypermodel import AutoHyperModel
from autoopt.recipe import Recipe
from autoopt.records import Objective, Trial

logger = logging.getLogger(__name__)

INITIAL, ORDER = 0, 1
"""Places in the tree of seeds: initial weights and dropout, order of the examples."""

Callbacks = Sequence[keras.callbacks.Callback] | Callable[[Trial], Sequence[keras.callbacks.Callback]]


@dataclass(frozen=True)
class Job:
    """One training to be done.

    Attributes:
        number: The trial's.
        recipe: What to build.
        values: The active hyperparameters, name to value.
        epochs: Epochs to train.
        horizon: Epochs after which a schedule ends; at least `epochs`.
        seed: The search's.
        repeat: 0, or 1, 2, … for the same recipe with fresh seeds.
    """

    number: int
    recipe: Recipe
    values: Mapping[str, Any]
    epochs: int
    horizon: int
    seed: int
    repeat: int = 0


@dataclass(frozen=True)
class Outcome:
    """A finished trial, and the weights of its best epoch in Keras's order (None without one)."""

    trial: Trial
    weights: Sequence[Any] | None = None


@dataclass(frozen=True)
class Worker:
    """Everything that is the same for all trials of a search.

    Attributes:
        hypermodel: Builds the models.
        dataset: What they learn from; the test part is not touched.
        engine: Trains them.
        objective: Which epoch of a trial is its best.
        callbacks: The user's: callbacks, or a function of the trial that returns them.
        class_weight: Class to weight, or None.
    """

    hypermodel: AutoHyperModel
    dataset: Dataset
    engine: Engine
    objective: Objective
    callbacks: Callbacks = ()
    class_weight: Mapping[int, float] | None = None

    def run(self, job: Job, report: Report) -> Outcome:
        """Train one job to its end; a failure is part of the outcome, never raised.

        Args:
            job: What to do.
            report: Told after each epoch; says whether to go on.
        """
        trial = Trial(job.number, "running", None, dict(job.values), {}, None, time.time(), None)
        try:
            reached, fitting = self._trained(job, trial, report)
        except Exception as error:
            logger.debug("trial %d failed", job.number, exc_info=True)
            reason = f"{type(error).__name__}: {error}"
            text = "".join(traceback.format_exception(error))
            failed = replace(trial, status="failed", finished=time.time(), error=text, note=reason)
            return Outcome(failed)
        return Outcome(_finished(trial, reached, fitting), reached.weights)

    def assembled(self, recipe: Recipe, values: Mapping[str, Any], horizon: int, seed: int) -> keras.Model:
        """Return a recipe's compiled model, its schedule as long as `horizon` epochs of this data."""
        steps = self.dataset.train.steps(self.hypermodel.batch_size(recipe))
        return self.hypermodel.assemble(recipe, values, steps * horizon, seed)

    def _trained(self, job: Job, trial: Trial, report: Report) -> tuple[Training, Fitting]:
        size = self.hypermodel.batch_size(job.recipe)
        place = (job.seed, job.number, job.repeat)
        steps = self.dataset.train.steps(size)
        candidate = self.hypermodel.candidate(
            job.recipe, job.values, steps * job.horizon, seeding.derive(*place, INITIAL)
        )
        assignment = Assignment(
            self.dataset.train, self.dataset.validation, size, job.epochs, seeding.derive(*place, ORDER),
            self.class_weight, self._callbacks(trial),
        )  # fmt: skip
        fitting = self.engine.fitting(candidate, assignment)
        return train(fitting, assignment, self.objective, report), fitting

    def _callbacks(self, trial: Trial) -> Sequence[keras.callbacks.Callback]:
        if callable(self.callbacks):
            return list(self.callbacks(trial))
        return [_copied(callback) for callback in self.callbacks]


def _copied(callback: keras.callbacks.Callback) -> keras.callbacks.Callback:
    """Return a copy, or the callback itself where it cannot be copied (trials run one after the other)."""
    try:
        return copy.deepcopy(callback)
    except Exception:
        logger.info("%s cannot be copied: the same object serves every trial", type(callback).__name__)
        return callback


def _finished(trial: Trial, reached: Training, fitting: Fitting) -> Trial:
    return replace(
        trial,
        status=reached.status,
        score=reached.score,
        history=reached.history,
        best_epoch=reached.best_epoch,
        finished=time.time(),
        error=reached.note if reached.status == "failed" else None,
        note=reached.note,
        engine=fitting.engine,
        program=fitting.program,
        costs={kind: round(seconds, 6) for kind, seconds in fitting.costs.items()},
    )
