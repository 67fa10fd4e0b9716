"""Rehearsal: the user's model is tried out on a few examples, and what that tells is noted down."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import keras_tuner
import numpy as np

from autoopt import compiling, objectives, task
from autoopt.axes import LearningRate
from autoopt.axes.learning_rate import RATE
from autoopt.axes.regularization import SMOOTHING_NAME, Regularization
from autoopt.data import Dataset, Part, Stream
from autoopt.errors import DataError, UsageError, nearest
from autoopt.hypermodel import AutoHyperModel
from autoopt.model_function import insisted
from autoopt.recipe import Recipe
from autoopt.records import COSTS, Objective
from autoopt.spelling import named

REHEARSAL_SEED = 0
REHEARSAL_ROWS = 8
"""Examples on which the user's model is tried out."""

OWN_FIT = (
    "Each trial is trained by your own fit; a hyperparameter that it asks for is searched from the trial after "
    "the one that first does."
)


@dataclass(frozen=True)
class Facts:
    """What trying out the user's model told.

    Attributes:
        names: Keys that a trial's history will have; empty where a `fit` of the user's own decides.
        objective: What is compared, and decides which epoch of a trial is its best.
        notes: What was decided for the user, one sentence each.
        closed: Axes that the user's own code or data closes, to the reason.
        absent: Hyperparameters that there might have been, name to why there are none.
        score: What is measured for the objective beside the user's metrics, or None.
        width: Values of the model's output, None where there are several outputs or it is not known.
        others: What is compared beside the objective.
    """

    names: Sequence[str]
    objective: Objective
    notes: Sequence[str]
    closed: Mapping[str, str]
    absent: Mapping[str, str] = field(default_factory=dict)
    score: task.Score | None = None
    width: int | None = None
    others: Sequence[Objective] = ()


def rehearse(hypermodel: AutoHyperModel, dataset: Dataset, objective: Any = "auto") -> Facts:
    """Try the user's model out on a few examples: labels, inputs, loss and metric names.

    Args:
        hypermodel: Builds the model.
        dataset: What it is to learn from.
        objective: As `tune` was given it.

    Raises:
        UsageError: The objective is none that trials report or that can be measured beside.
        ModelError: The model function raises or returns no model.
        DataError: The data does not fit the model, or the loss does not fit either.
    """
    hp = keras_tuner.HyperParameters()
    reading = hypermodel.reading(hp)  # leaves the user's own values in hp, pinned ones included
    loss, closed = reading.compilation.arguments["loss"], reading.origin.closed or {}
    kept = [
        f"{axis} stays as written{', and with it the algorithm' if axis == RATE else ''}: {reason}"
        for axis, reason in closed.items()
    ]
    default = task.default_objective(loss)
    if hypermodel.own_fit is not None:  # it may change the data before the model sees it
        notes = [note for note in (reading.compilation.note, *kept, OWN_FIT) if note]
        target, *others = objectives.resolve(objective, default, ())
        return Facts((), target, notes, closed, others=tuple(others))
    model = insisted(lambda: hypermodel.assemble(Recipe(), hp.values, seed=REHEARSAL_SEED))
    few = _few(dataset.train)
    for name, part in (("train", dataset.train), ("validation", dataset.validation), ("test", dataset.test)):
        if part is not None:
            _check_fit(name, part, model, loss, _prepared_to(dataset))
    names = _names(model, few)
    if default.name not in names:
        default = Objective("val_loss", "min")
    asked = [objectives.name_of(each) for each in objectives.entries(objective)]
    given = next((each for each in asked if each not in ("auto", *names, *COSTS)), "auto")
    known = {} if given == "auto" else _scores(given, names, model, dataset, loss)
    targets = objectives.resolve(objective, default, [*names, *known])
    score = _measured_one([each.name for each in targets if each.name in known], known)
    told = "" if score is None else _measured(score, model, dataset, few)
    added = [] if score is None else [score.name, f"val_{score.name}"]
    unsmoothed = reading.origin.unsmoothed
    rates = [axis for axis in hypermodel.space.without(closed).drawn if isinstance(axis, LearningRate)]
    notes = [reading.compilation.note, told, *kept, _unsmoothed(hypermodel, unsmoothed, loss)]
    pinned = {RATE, "optimizer/name"} & set(hypermodel.space.fix)
    notes += [axis.told(reading.origin) for axis in rates if not pinned]
    absent = {SMOOTHING_NAME: unsmoothed} if unsmoothed else {}
    return Facts(
        [*names, *added], targets[0], [note for note in notes if note], closed, absent, score,
        task.width(model, few.x), targets[1:],
    )  # fmt: skip


def _names(model: keras.Model, few: Part) -> Sequence[str]:
    """Return the keys that a trial's history will have."""
    try:
        logs = _logged(model, few)
    except Exception as error:
        raise DataError(
            f"The model cannot be evaluated on the data: {error}\n"
            f"Outputs: {keras.tree.map_structure(lambda t: t.shape, model.outputs) if model.built else '?'}, "
            f"labels: {keras.tree.map_structure(np.shape, few.y)}. Expected a loss that fits both."
        ) from error
    return [*logs, *(f"val_{name}" for name in logs)]


def _unsmoothed(hypermodel: AutoHyperModel, reason: str, loss: Any) -> str:
    """Return what is to be said of labels that a classifier's search cannot smooth, empty for nothing."""
    regularized = any(isinstance(axis, Regularization) for axis in hypermodel.space.axes)
    classifies = task.default_objective(loss).name == "val_accuracy"
    return f"Labels are not smoothed: {reason}." if reason and regularized and classifies else ""


def _scores(
    given: Any, names: Sequence[str], model: keras.Model, dataset: Dataset, loss: Any
) -> Mapping[str, task.Score]:
    """Return what can be measured beside the user's metrics, by the name of the objective."""
    try:
        seen = _seen(dataset.train)
        weighted = _few(dataset.validation).sample_weight is not None
        found = task.scores(task.classes(model, seen.y, loss, seen.x), weighted)
    except DataError as error:
        if isinstance(given, str) and given.removeprefix("val_") in task.NAMES:
            raise UsageError(
                f"{named('objective')} was given {given!r}, which needs one output that tells classes apart, and {error}. "
                f"Expected an objective that trials report.{nearest(given, names)}"
            ) from error
        return {}
    return {f"val_{name}": score for name, score in found.items()}


def _measured_one(wanted: Sequence[str], known: Mapping[str, task.Score]) -> task.Score | None:
    """Return the one score that is to be measured beside the user's metrics, None for none."""
    if len(wanted) > 1:
        raise UsageError(
            f"{named('objective')} was given {' and '.join(map(repr, wanted))}, none of which the model reports. Expected one "
            "of them at most, which is measured beside its metrics: compile the model with a metric for the others."
        )
    return known[wanted[0]] if wanted else None


def _measured(score: task.Score, model: keras.Model, dataset: Dataset, few: Part) -> str:
    """Return what is to be said of a score that is measured beside the user's metrics.

    Raises:
        UsageError: The model does not report it, or the validation part cannot tell.
    """
    if score.name not in _logged(compiling.measure(model, score), few):
        raise UsageError(
            f"{named('objective')} was given 'val_{score.name}', and the model's own test_step or compute_metrics leaves out what it is "
            "compiled with. Expected one that reports self.compute_metrics(…). Report the score there, or pass "
            "another objective."
        )
    part = dataset.validation
    seen = _seen(part)
    y = keras.tree.flatten(seen.y)[0]
    if isinstance(part, Part) and not score.classes.differ(y):
        raise DataError(
            f"{named('objective')} was given 'val_{score.name}', and the {part.n:,} examples that validate are of one class. "
            f"Expected two or more. Pass {named('validation_data')} with examples of each class, or more data."
        )
    whole = "of class 1" if score.classes.two else "the mean over classes"
    unweighted = seen.sample_weight is not None and not score.weighted
    hint = (
        f"; sample weights do not count in it, as they do in 'val_weighted_{score.kind}'"
        if unweighted
        else ""
    )
    return f"val_{score.name} is measured beside the model's metrics: {whole}{hint}."


def _logged(model: keras.Model, few: Part) -> Sequence[str]:
    """Return the names of what evaluating a model logs; whatever is wrong with the data raises here."""
    own = any(
        getattr(type(model), name) is not getattr(keras.Model, name)
        for name in ("test_step", "compute_metrics")
    )
    if not own and not model.run_eagerly:
        with contextlib.suppress(Exception):  # then it is evaluated, and raises what a user of Keras knows
            # Shapes alone say it: nothing is compiled.
            weight = () if few.sample_weight is None else (few.sample_weight,)
            model._symbolic_build(data_batch=(few.x, few.y, *weight))
            return list(model.get_metrics_result())
    return list(model.test_on_batch(few.x, few.y, sample_weight=few.sample_weight, return_dict=True))


def _prepared_to(dataset: Dataset) -> str:
    """Return what raw rows are prepared to, which their columns do not say; empty for arrays."""
    if dataset.rows is None or not isinstance(dataset.train, Part):
        return ""
    x = dataset.train.x
    arrays = x if isinstance(x, dict) else {"one array": x}
    told = ", ".join(f"{name} {array.shape[1:]} of {array.dtype}" for name, array in arrays.items())
    return f" Rows are prepared to {told}: `autoopt new auto DATA` writes a model that takes that."


def _check_fit(name: str, part: Part | Stream, model: keras.Model, loss: Any, more: str) -> None:
    """Raise where a part of the data does not fit the model; of a stream the first batch is looked at."""
    seen = _seen(part)
    try:
        task.check_input(model, seen.x)
        task.check(model, seen.y, loss)
    except DataError as error:
        if name == "train":
            raise DataError(f"{error}{more}") from error
        raise DataError(f"In the {name} part, {error}") from error


def _seen(part: Part | Stream) -> Part:
    """Return what is looked at of a part: of a stream its first batch, and all labels where they are known."""
    if isinstance(part, Part):
        return part
    first = part.first()
    return first if part.y is None else replace(first, y=part.y)


def _few(train: Part | Stream) -> Part:
    if isinstance(train, Stream):
        return train.first()
    return train.take(np.arange(min(train.n, REHEARSAL_ROWS)))
