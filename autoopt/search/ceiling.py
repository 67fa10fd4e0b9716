"""Ceiling: the constraints, what candidates were found to cost, and whether one is over a limit."""

import statistics
import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from autoopt.constraints import Constraints
from autoopt.data import Dataset, Stream
from autoopt.hypermodel import AutoHyperModel
from autoopt.pricing import epoch_price
from autoopt.recipe import Recipe
from autoopt.records import Trial

WARM_UPS = 3
"""Predictions before one is timed: the first compiles."""

TIMED = 15
"""Predictions that are timed; their median is the latency."""

MEASURING_SEED = 0
"""Of the weights with which latency is measured: it does not depend on them."""


@dataclass(frozen=True, order=True)
class Excess:
    """By how much a candidate is over a limit.

    Attributes:
        ratio: Its cost over the limit; above 1.
        text: The same as what is said of it: `"has 812 parameters, more than max_params=500"`.
    """

    ratio: float
    text: str


class Ceiling:
    """Which candidates cost too much. Called from one thread; what was found is remembered.

    Args:
        constraints: The limits.
        hypermodel: Builds the models.
        dataset: What they learn from.
    """

    def __init__(self, constraints: Constraints, hypermodel: AutoHyperModel, dataset: Dataset) -> None:
        self.constraints, self.hypermodel, self._dataset = constraints, hypermodel, dataset
        self._parameters: dict[Hashable, int] = {}
        self._products: dict[Hashable, int] = {}
        self._latencies: dict[Hashable, float] = {}
        self._epochs: list[tuple[float, float, int]] = []

    def excess(self, recipe: Recipe, values: Mapping[str, Any]) -> Excess | None:
        """Return by how much a candidate that is not trained yet is over the first limit that it breaks.

        Raises:
            SurgeryError: The candidate cannot be built.
        """
        if self.constraints.max_params is not None:
            found = self.parameters(recipe, values)
            if found > self.constraints.max_params:
                text = f"has {found:,} parameters, more than max_params={self.constraints.max_params}"
                return Excess(found / self.constraints.max_params, text)
        if self.constraints.max_latency_ms is not None:
            took = self.latency(recipe, values)
            if took > self.constraints.max_latency_ms:
                text = f"takes {took:.3g} ms a prediction, more than max_latency_ms={self.constraints.max_latency_ms}"
                return Excess(took / self.constraints.max_latency_ms, text)
        return self._expected(recipe, values)

    def slow(self, trial: Trial) -> Excess | None:
        """Return by how much the epochs of a finished trial took too long."""
        limit, took = self.constraints.max_seconds_per_epoch, epoch_seconds(trial)
        if limit is None or took is None or took <= limit:
            return None
        text = f"took {took:.3g} s an epoch, more than max_seconds_per_epoch={limit}"
        return Excess(took / limit, text)

    def note(self, trial: Trial) -> None:
        """Learn from a finished trial how long the epochs of its price take."""
        took = epoch_seconds(trial)
        if took is not None and trial.price is not None:
            self._epochs.append((trial.price, took, trial.number))

    def parameters(self, recipe: Recipe, values: Mapping[str, Any]) -> int:
        """Return how many weights a candidate has, frozen ones included; counted once a structure."""
        key = self.hypermodel.shape_key(recipe, values)
        if key not in self._parameters:
            self._parameters[key] = self.hypermodel.parameters(recipe, values)
        return self._parameters[key]

    def products(self, recipe: Recipe, values: Mapping[str, Any]) -> int:
        """Return how many multiplications a candidate takes for an example; counted once a structure."""
        key = self.hypermodel.shape_key(recipe, values)
        if key not in self._products:
            self._products[key] = self.hypermodel.products(recipe, values)
        return self._products[key]

    def latency(self, recipe: Recipe, values: Mapping[str, Any]) -> float:
        """Return the milliseconds of a candidate's prediction of one example; measured once a structure."""
        key = self.hypermodel.shape_key(recipe, values)
        if key not in self._latencies:
            train = self._dataset.train
            few = train.first() if isinstance(train, Stream) else train.take(np.arange(1))
            x = keras.tree.map_structure(lambda array: array[:1], few.x)
            model = self.hypermodel.assemble(recipe, values, seed=MEASURING_SEED)
            self._latencies[key] = latency(model, x)
        return self._latencies[key]

    def _expected(self, recipe: Recipe, values: Mapping[str, Any]) -> Excess | None:
        """Return by how much a candidate is sure to take too long, going by trials that cost no more."""
        limit = self.constraints.max_seconds_per_epoch
        slow = [each for each in self._epochs if limit is not None and each[1] > limit]
        if limit is None or not slow:
            return None
        train, size = self._dataset.train, self.hypermodel.batch_size(recipe)
        cost = epoch_price(train.steps(size), train.n, self.products(recipe, values))
        cheaper = [each for each in slow if each[0] <= cost]
        # Other work of the machine slows a trial down, and nothing makes one faster than it is.
        if not cheaper or any(other >= cost and took <= limit for other, took, _ in self._epochs):
            return None
        _, took, number = max(cheaper)
        text = f"costs no less than trial {number}, which took {took:.3g} s an epoch, more than max_seconds_per_epoch"
        return Excess(took / limit, f"{text}={limit}")


def latency(model: keras.Model, x: Any) -> float:
    """Return the median milliseconds of `model.predict_on_batch(x)` once it is compiled.

    Args:
        model: Any that Keras can predict with.
        x: A batch of one example.
    """
    taken = []
    for _ in range(WARM_UPS + TIMED):
        started = time.perf_counter()
        model.predict_on_batch(x)
        taken.append(time.perf_counter() - started)
    return 1000.0 * statistics.median(taken[WARM_UPS:])


def epoch_seconds(trial: Trial) -> float | None:
    """Return the mean seconds of a trial's epochs, compiling and validation left out; None without one.

    Its executions are taken to be equally long: the epochs of the first one alone are known.
    """
    if not trial.own_epochs or "train" not in trial.costs:
        return None
    return trial.costs["train"] / (trial.own_epochs * trial.executions)
