"""What a search compares: the objectives read, and checked against the metrics that the model reports."""

from collections.abc import Sequence
from typing import Any, Literal

import keras_tuner

from autoopt.errors import UsageError, nearest
from autoopt.records import COSTS, Objective

# KerasTuner's own inference takes every metric that it does not list, F1 and R² among them, for an error.
LARGER_IS_BETTER = (
    "acc", "auc", "precision", "recall", "f1", "fbeta", "r2", "io_u", "iou", "cosine_similarity",
    "sensitivity", "specificity", "true_positives", "true_negatives", "hit", "top_k",
)  # fmt: skip
SMALLER_IS_BETTER = (
    "loss", "error", "mae", "mse", "rmse", "mape", "msle", "crossentropy", "divergence", "poisson", "hinge",
    "logcosh", "false_positives", "false_negatives",
)  # fmt: skip


def resolve(given: Any, default: Objective, names: Sequence[str]) -> tuple[Objective, ...]:
    """Return the objectives that `tune` was given: one, or several of which a metric comes first.

    Args:
        given: `"auto"`, a metric name as in Keras's history, `("name", "max")` or `("name", "min")`, a
            `keras_tuner.Objective`, or a list of these, in which costs may be named as well.
        default: What `"auto"` stands for.
        names: The keys that a trial's history will have; empty where a `fit` of the user's own decides.

    Raises:
        UsageError: No trial reports a name, a direction is unknown, or there is no metric, or one twice.

    Example:
        >>> auto = Objective("val_accuracy", "max")
        >>> [each.name for each in resolve(["parameters", "val_loss"], auto, ["loss", "val_loss"])]
        ['val_loss', 'parameters']
    """
    found = [_one(each, given, default, names) for each in entries(given)]
    if not found:
        raise UsageError(
            f"objective was given {given!r}, which names nothing. Expected one name or more: pass "
            '"val_accuracy", or ["val_accuracy", "parameters"].'
        )
    metrics = [each for each in found if not each.is_cost]
    if not metrics:
        raise UsageError(
            f"objective was given {given!r}, which names costs alone, no metric. Expected a metric beside it, "
            f'which decides the best epoch of a trial: pass ["{default.name}", "{found[0].name}"].'
        )
    twice = next((each.name for each in found if sum(each.name == other.name for other in found) > 1), None)
    if twice is not None:
        raise UsageError(f"objective was given {given!r}, which names {twice!r} twice. Leave out one.")
    return (metrics[0], *(each for each in found if each is not metrics[0]))


def entries(given: Any) -> Sequence[Any]:
    """Return what `objective` was given one by one; a name with its direction is one entry.

    Example:
        >>> entries(("val_score", "max")), entries(["val_loss", "parameters"])
        ([('val_score', 'max')], ['val_loss', 'parameters'])
    """
    return list(given) if isinstance(given, list | tuple) and not _is_directed(given) else [given]


def name_of(entry: Any) -> Any:
    """Return the name in one entry of `objective`; what is none of those that are expected, as it is."""
    if _is_directed(entry):
        return entry[0]
    return entry.name if isinstance(entry, keras_tuner.Objective) else entry


def _one(entry: Any, given: Any, default: Objective, names: Sequence[str]) -> Objective:
    """Return the objective of one entry of what was given."""
    if isinstance(entry, str) and entry == "auto":
        return default
    name = name_of(entry)
    if not isinstance(name, str):
        raise UsageError(
            f'objective was given {entry!r}. Expected "auto", a metric name as "val_accuracy", '
            '("name", "max") or ("name", "min"), a keras_tuner.Objective, or a list of these.'
        )
    if names and name not in (*names, *COSTS) and isinstance(given, tuple) and given[0] in (*names, *COSTS):
        raise UsageError(
            f'objective was given {given!r}. Expected "max" or "min" behind a name, in small letters. Pass '
            f'({given[0]!r}, "max") or ({given[0]!r}, "min").'
        )
    if names and name not in (*names, *COSTS):
        known = (*names, *COSTS)
        raise UsageError(f"objective was given {name!r}, which no trial reports.{nearest(name, known)}")
    if _is_directed(entry):
        return Objective(name, entry[1])
    if isinstance(entry, keras_tuner.Objective):
        return Objective(name, entry.direction)
    return Objective(name, "min" if name in COSTS else _direction(name))


def _is_directed(entry: Any) -> bool:
    """Whether an entry is a name with its direction."""
    return isinstance(entry, list | tuple) and len(entry) == 2 and entry[1] in ("min", "max")


def _direction(name: str) -> Literal["min", "max"]:
    stem = name.removeprefix("val_").lower()
    # Losses first: "categorical_crossentropy" must not be taken for a score by some other part of its name.
    if any(word in stem for word in SMALLER_IS_BETTER):
        return "min"
    if any(word in stem for word in LARGER_IS_BETTER):
        return "max"
    raise UsageError(
        f"It is not known whether more or less of {name!r} is better. "
        f'Pass ({name!r}, "max") in its place, or "min"; a keras_tuner.Objective says it as well.'
    )
