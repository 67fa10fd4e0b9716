"""What a search compares: the objective read, and checked against the metrics that the model reports."""

from collections.abc import Sequence
from typing import Any, Literal

import keras_tuner

from autoopt.errors import UsageError, nearest
from autoopt.records import Objective

# KerasTuner's own inference takes every metric that it does not list, F1 and R² among them, for an error.
LARGER_IS_BETTER = (
    "acc", "auc", "precision", "recall", "f1", "fbeta", "r2", "io_u", "iou", "cosine_similarity",
    "sensitivity", "specificity", "true_positives", "true_negatives", "hit", "top_k",
)  # fmt: skip
SMALLER_IS_BETTER = (
    "loss", "error", "mae", "mse", "rmse", "mape", "msle", "crossentropy", "divergence", "poisson", "hinge",
    "logcosh", "false_positives", "false_negatives",
)  # fmt: skip


def resolve(given: Any, default: Objective, names: Sequence[str]) -> Objective:
    """Return the objective that `tune` was given.

    Args:
        given: `"auto"`, a metric name as in Keras's history, or a `keras_tuner.Objective`.
        default: What `"auto"` stands for.
        names: The keys that a trial's history will have; empty where a `fit` of the user's own decides.

    Raises:
        UsageError: No trial reports that name, its direction is unknown, or it is a list.

    Example:
        >>> resolve("val_loss", Objective("val_accuracy", "max"), ["loss", "val_loss"])
        Objective(name='val_loss', direction='min')
    """
    if isinstance(given, str) and given == "auto":
        return default
    if isinstance(given, list | tuple):
        raise UsageError(
            f"objective was given {given!r}. This version compares one objective: pass one name, "
            'for example "val_accuracy".'
        )
    name = given.name if isinstance(given, keras_tuner.Objective) else given
    if not isinstance(name, str):
        raise UsageError(
            f'objective was given {given!r}. Expected "auto", a metric name as "val_accuracy", '
            "or a keras_tuner.Objective."
        )
    if names and name not in names:
        raise UsageError(f"objective was given {name!r}, which no trial reports.{nearest(name, names)}")
    if isinstance(given, keras_tuner.Objective):
        return Objective(name, given.direction)
    return Objective(name, _direction(name))


def _direction(name: str) -> Literal["min", "max"]:
    stem = name.removeprefix("val_").lower()
    # Losses first: "categorical_crossentropy" must not be taken for a score by some other part of its name.
    if any(word in stem for word in SMALLER_IS_BETTER):
        return "min"
    if any(word in stem for word in LARGER_IS_BETTER):
        return "max"
    raise UsageError(
        f"It is not known whether more or less of {name!r} is better. "
        f'Pass objective=keras_tuner.Objective({name!r}, "max"), or "min".'
    )
