"""What each example says of a score: its own value where the score is a mean of these, else that of its group."""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from autoopt.data import Part, Stream
from autoopt.data.nested import mapped
from autoopt.engines.program import evaluation_batch
from autoopt.search.chance import Values

logger = logging.getLogger(__name__)

GROUPS = 20
"""Into which examples are put where none alone has a share in the score."""

ROUNDS = 4_096
"""Of dealing rows out to the groups, each in another order; then they come again."""

TOLERANCE = 1e-3
"""How far, of a score above 1 relatively, what predictions say may lie from the score that was reported."""

OVERRIDDEN = ("test_step", "compute_metrics", "compute_loss")
"""Methods in which a model's author may have put something else than what it is compiled with."""


@dataclass(frozen=True, eq=False)
class Predicted:
    """What a model gave for some examples, beside what is right.

    Attributes:
        y: Labels, as the loss takes them.
        outputs: What the model gave.
        weight: Weights of the examples, or None.
    """

    y: Any
    outputs: Any
    weight: Any = None

    @property
    def n(self) -> int:
        """Number of examples."""
        return len(keras.tree.flatten(self.outputs)[0])

    def take(self, rows: np.ndarray) -> "Predicted":
        """Return some of the examples."""
        sides = (self.y, self.outputs, self.weight)
        return Predicted(
            *(keras.tree.map_structure(lambda a: None if a is None else a[rows], each) for each in sides)
        )


def predicted(model: keras.Model, part: Part | Stream) -> Predicted:
    """Return what a model gives for a part, in its order; nothing is compiled, which would take longer than it saves.

    Example:
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> predicted(model, Part(np.zeros((3, 2), "float32"), np.zeros(3))).outputs.shape
        (3, 1)
    """
    found: list[tuple[Any, Any, Any]] = []
    batches = part.batches() if isinstance(part, Stream) else part.batches(evaluation_batch(part.x))
    for batch in batches:
        outputs = model(keras.tree.map_structure(keras.ops.convert_to_tensor, batch.x), training=False)
        plain = keras.tree.map_structure(keras.ops.convert_to_numpy, outputs)
        found.append((batch.y, plain, batch.sample_weight))
    return Predicted(
        *(mapped(lambda *arrays: np.concatenate(arrays), *side) for side in zip(*found, strict=True))
    )


def measured(model: keras.Model, found: Predicted, name: str) -> float:
    """Return a score of predictions as `keras.Model.test_step` measures it, `"loss"` included."""
    model.reset_metrics()
    loss = model.compute_loss(None, found.y, found.outputs, found.weight, training=False)
    logs = model.compute_metrics(None, found.y, found.outputs, found.weight)
    return _number(loss if name == "loss" else logs[name])


def values(
    model: keras.Model, found: Predicted, name: str, score: float, rows: np.ndarray | None = None
) -> Values | None:
    """Return what each example says of a score.

    Where it is no mean over examples, as F1 and an area under a curve are none, groups of them have pseudo-values:
    what leaving each of them out does to the score (the delete-a-group jackknife; Tukey; Efron and Tibshirani 1993,
    An Introduction to the Bootstrap, chapter 11).

    Args:
        model: Compiled, with the score among its metrics.
        found: Its predictions.
        name: The score's, a key of `model.evaluate`.
        score: As it was reported.
        rows: Numbers of the examples; None counts them.

    Returns:
        None where predictions do not give that score.
    """
    if any(getattr(type(model), own) is not getattr(keras.Model, own) for own in OVERRIDDEN):
        return None
    again = measured(model, found, name)
    if not _near(again, score):
        logger.info("%s of the predictions is %s, and %s was reported.", name, again, score)
        return None
    rows = np.arange(found.n) if rows is None else rows
    each = _losses(model, found) if name == "loss" else _means(model, found, name)
    if each is not None and each.shape == rows.shape and _near(float(each.mean()), score):
        return Values(rows, each + (score - each.mean()))
    return _pseudo_values(lambda kept: measured(model, found.take(kept), name), rows, score)


def _losses(model: keras.Model, found: Predicted) -> np.ndarray | None:
    """Return the loss of each example, None where it is no mean of them or there are several outputs."""
    flat = model._compile_loss._flat_losses
    if len(flat) != 1 or len(keras.tree.flatten(found.outputs)) != 1:
        return None
    loss, weight = flat[0].loss, found.weight
    if getattr(loss, "reduction", None) != "sum_over_batch_size":
        return None
    only = [keras.tree.flatten(side)[0] for side in (found.y, found.outputs)]
    each = _by_example(loss.call(*(keras.ops.convert_to_tensor(side, dtype=loss.dtype) for side in only)))
    each = each * (flat[0].loss_weights or 1.0)
    if weight is not None:
        if np.size(weight) != len(each):  # a weight for each of several values of an example
            return None
        each = each * np.asarray(weight, float).reshape(-1)
    return each + sum(map(_number, model.losses))


def _means(model: keras.Model, found: Predicted, name: str) -> np.ndarray | None:
    """Return a metric of each example, None where it is no mean of them or there are several outputs."""
    compiled = model._compile_metrics
    metric = next((each for each in compiled.metrics if each.name == name), None)
    if not isinstance(metric, keras.metrics.MeanMetricWrapper) or len(keras.tree.flatten(found.outputs)) != 1:
        return None
    only = [keras.ops.convert_to_tensor(keras.tree.flatten(side)[0]) for side in (found.y, found.outputs)]
    each = _by_example(metric._fn(*only, **metric._fn_kwargs))
    weighted = [own for some in compiled._flat_weighted_metrics for own in (some.metrics if some else ())]
    if found.weight is None or metric not in weighted:
        return each
    weight = np.asarray(found.weight, float).reshape(-1)
    if weight.shape != each.shape or not weight.sum():
        return None
    mean = float((weight * each).sum() / weight.sum())
    return mean + weight / weight.mean() * (each - mean)  # by how much each pulls a mean that is weighted


def _number(tensor: Any) -> float:
    return float(np.sum(keras.ops.convert_to_numpy(tensor)))


def _by_example(elements: Any) -> np.ndarray:
    array = np.asarray(keras.ops.convert_to_numpy(elements), float)
    return array.reshape(len(array), -1).mean(axis=1)


def _pseudo_values(score_of: Callable[[np.ndarray], float], rows: np.ndarray, score: float) -> Values | None:
    """Return a value for each group of examples, that of a delete-m jackknife for groups of unequal size.

    After Busing, Meijer and van der Leeden 1999, Delete-m Jackknife for Unequal m.
    """
    n = len(rows)
    group = _groups(rows, min(GROUPS, n // 2))
    units, sizes = np.unique(group, return_counts=True)
    if len(units) < 2:
        return None
    without = np.array([score_of(np.flatnonzero(group != number)) for number in units])
    if not np.isfinite(without).all():
        return None
    each = score + len(units) * (1 - sizes / n) * (score - without)
    return Values(units, each + (score - each.mean()))


def _groups(rows: np.ndarray, count: int) -> np.ndarray:
    """Return the group of each row, the same in every cut: of rows that follow each other every group has as many."""
    known = np.random.default_rng(0).permuted(np.tile(np.arange(count), (ROUNDS, 1)), axis=1).ravel()
    return known[rows % len(known)] if count else np.zeros_like(rows)


def _near(one: float, other: float) -> bool:
    return math.isfinite(one) and abs(one - other) <= TOLERANCE * max(1.0, abs(other))
