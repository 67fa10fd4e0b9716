"""One training by the user's own `HyperModel.fit`: called once, followed through a callback, read at its end."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import keras_tuner
import numpy as np

from autoopt.data import DEFAULT_BATCH_SIZE, Dataset, Part, Stream
from autoopt.engines import Report, Training, Verdict, ended, note_epoch
from autoopt.errors import UsageError
from autoopt.own_fit import OwnFit
from autoopt.records import Objective

Callbacks = Sequence[keras.callbacks.Callback]


@dataclass(frozen=True)
class OwnTraining:
    """What one call of the user's `fit` consists of.

    Attributes:
        fit: The user's.
        hp: The trial's hyperparameters, which it may ask for more.
        model: What it trains.
        dataset: What it learns from.
        epochs: Epochs that it is told to train; it may decide otherwise.
        most: Epochs after which it is stopped, None to leave that to it.
        class_weight: Class to weight, or None.
        callbacks: The user's, given along with ours.
        patience: Epochs without a better score after which it is stopped, None for no such number.
    """

    fit: OwnFit
    hp: keras_tuner.HyperParameters
    model: keras.Model
    dataset: Dataset
    epochs: int
    most: int | None = None
    class_weight: Mapping[int, float] | None = None
    callbacks: Callbacks = ()
    patience: int | None = None

    def run(self, objective: Objective, report: Report, assumed: bool = False) -> Training:
        """Train, and keep the weights of the best epoch, or those at the end where no epoch is told.

        Args:
            objective: What is compared.
            report: Told after each epoch of which `fit` tells a callback, and once at the end otherwise.
            assumed: Whether nobody named the objective: then a bare number does not say whether more is better.

        Raises:
            UsageError: What `fit` returns is no result.
        """
        follower = Follower(objective, report, self.epochs, self.most, self.patience)
        follower.set_model(self.model)  # a loop of the user's own need not do it
        options = {**self._options(), "callbacks": [*self.callbacks, follower]}
        try:
            result = self.fit(self.hp, self.model, self._data(self.dataset.train), options)
        except Ended:
            result = None
        reached = follower.reached
        if reached.status != "completed":  # what was returned belongs to no whole training
            return reached
        return self._concluded(follower, result, assumed)

    def _options(self) -> dict[str, Any]:
        validation, train = self._data(self.dataset.validation, weighted=True), self.dataset.train
        options = {
            "validation_data": validation[0] if isinstance(self.dataset.validation, Stream) else validation,
            "epochs": self.epochs,
            "verbose": 0,
            "sample_weight": train.sample_weight if isinstance(train, Part) else None,
            "class_weight": self.class_weight,
        }
        return {name: value for name, value in options.items() if value is not None}

    def _data(self, part: Part | Stream, weighted: bool = False) -> tuple[Any, ...]:
        if isinstance(part, Stream) and part.ordered and not weighted:
            # Folders come class by class, and a fit of the user's own may shuffle batches alone.
            return (part.epoch(DEFAULT_BATCH_SIZE, part.shuffled(np.random.default_rng(0))),)
        if isinstance(part, Stream):
            return (part.batched(None),)
        weight = (part.sample_weight,) if weighted and part.sample_weight is not None else ()
        return (part.x, part.y, *weight)

    def _concluded(self, follower: "Follower", result: Any, assumed: bool) -> Training:
        """Return what was reached, with what `fit` returned: it has the last word on the score."""
        reached, objective = follower.reached, follower.objective
        told = reached.score is not None
        if isinstance(result, keras.callbacks.History) or (result is None and told):
            if not told:
                _read(follower, result)
        elif assumed and _is_number(result):
            raise UsageError(
                f"fit returned {result!r}, and no objective was named: it is not known whether more of it is "
                'better. Pass objective=("score", "min"), or "max".'
            )
        else:
            score = scored(result, objective)
            if not told:
                follower.tell({**_numbers(result), objective.name: score})
            reached.score = score
        if reached.score is None or not math.isfinite(reached.score):
            reached.score, reached.status = None, "failed"
            reached.note = f"{objective.name} was no number in what fit reported or returned."
        if reached.weights is None:
            reached.weights = self.model.get_weights()
        return reached


class Ended(Exception):
    """Leaves a training loop of the user's own that goes on although `stop_training` is set."""


class Follower(keras.callbacks.Callback):  # type: ignore[misc]
    """Follows a training epoch by epoch: reports, keeps the best weights, and stops it.

    Args:
        objective: Which epoch is best.
        report: Told after each epoch that has the objective.
        epochs: How many were asked for.
        most: After how many it is stopped, None for no end.
        patience: After how many without a better score it is, None for no such number.
    """

    def __init__(
        self, objective: Objective, report: Report, epochs: int, most: int | None, patience: int | None = None
    ) -> None:
        super().__init__()
        self.objective = objective
        self.reached = Training()
        self.report = report
        self._epochs, self._most = epochs, most
        self._patience = math.inf if patience is None else patience
        self._number = self._in_vain = 0
        self._best: float | None = None
        self._stopped = False

    def on_train_begin(self, logs: Any = None) -> None:
        """Wait anew for a better score, as `EarlyStopping` does: `fit` may train in several parts."""
        self._best, self._in_vain = None, 0
        if self.reached.status == "completed":
            self.reached.note = ""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Take note of an epoch; its own count is kept: a second `model.fit` begins again at 0."""
        if self._stopped or self._in_vain >= self._patience:
            raise Ended
        verdict = self.tell(_numbers(logs))
        if self.reached.note or verdict == "stop" or self._number == self._most:
            self._stopped = self.model.stop_training = True
        elif self._in_vain >= self._patience:
            self.model.stop_training = True
            if self._number < self._epochs:
                self.reached.note = (
                    f"{self.objective.name} had not become better for {self._patience} epochs: "
                    f"ended after epoch {self._number} of {self._epochs}."
                )

    def tell(self, logs: Mapping[str, float]) -> Verdict:
        """Note and report one epoch."""
        number, self._number = self._number, self._number + 1
        note_epoch(self.reached, number, logs, self.objective, self.model.get_weights)
        if (score := logs.get(self.objective.name)) is not None:  # Keras may validate every few epochs only
            better = self.objective.better(score, self._best)
            self._best, self._in_vain = (score, 0) if better else (self._best, self._in_vain + 1)
        verdict = self.report(number, logs)
        ended(self.reached, number, max(self._epochs, number + 1), logs, verdict)
        return verdict


def _read(follower: Follower, result: keras.callbacks.History) -> None:
    """Take over a history of which no callback was told: the weights are those at the end."""
    name, reached = follower.objective.name, follower.reached
    if name not in result.history:
        raise UsageError(
            f"fit returned a History of {', '.join(result.history)}. Expected {name!r} in it: pass the "
            "validation_data that fit is given on to model.fit, or name another objective."
        )
    reached.history.update({key: list(map(float, values)) for key, values in result.history.items()})
    for number, score in enumerate(reached.history[name]):
        if math.isfinite(score) and follower.objective.better(score, reached.score):
            reached.best_epoch, reached.score = number, score
    follower.report(reached.best_epoch or 0, {name: math.nan if reached.score is None else reached.score})


def scored(result: Any, objective: Objective) -> float:
    """Return the objective of what `fit` returned, by KerasTuner's rules.

    Args:
        result: A number, a dict of metrics, a History, or a list of these, of which the mean is taken.
        objective: What is compared.

    Raises:
        UsageError: It is none of them, or has no such metric.

    Example:
        >>> scored([0.5, {"val_loss": 1.5}], Objective("val_loss", "min"))
        1.0
    """
    if isinstance(result, list) and result:
        return sum(scored(each, objective) for each in result) / len(result)
    if _is_number(result):
        return float(result)
    found = result.history if isinstance(result, keras.callbacks.History) else result
    if not isinstance(found, Mapping):
        raise UsageError(
            f"fit returned {result!r} of type {type(result).__name__}. Expected a History, a dict of metrics or a "
            "number: does it end with `return model.fit(...)`?"
        )
    if objective.name not in found:
        raise UsageError(
            f"fit returned {', '.join(map(repr, found)) or 'nothing'}. Expected {objective.name!r} among them: "
            "name one of these as the objective."
        )
    values = found[objective.name]
    best = max if objective.direction == "max" else min
    return float(best(values)) if isinstance(values, list) else float(values)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _numbers(logs: Any) -> dict[str, float]:
    """Return the single numbers of some logs, tensors among them."""
    if not isinstance(logs, Mapping):
        return {}
    return {str(name): float(value) for name, value in logs.items() if np.ndim(value) == 0}
