"""What a search compares: the objectives read, and checked against the metrics that the model reports.

Keras is not loaded to read them.
"""

import sys
from collections.abc import Sequence
from typing import Any, Literal

from autoopt.errors import UsageError, nearest
from autoopt.records import COSTS, Objective
from autoopt.spelling import named, spelled, typed

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
    check(given)
    found = [_one(each, given, default, names) for each in entries(given)]
    _check_once(given, [each.name for each in found])  # "auto" has a name by now
    first = next(each for each in found if not each.is_cost)
    return (first, *(each for each in found if each is not first))


def check(given: Any) -> None:
    """Check what can be checked of objectives before it is known what trials report.

    Raises:
        UsageError: Something names nothing, there is no metric, or one twice.
    """
    found = [_name(entry) for entry in entries(given)]
    if not found:
        raise UsageError(
            f"{named('objective')} was given {given!r}, which names nothing. Expected one name or more: pass "
            f"{spelled('objective', 'val_loss')}, or {spelled('objective', ['val_loss', 'parameters'])}."
        )
    if all(name in COSTS for name in found):
        raise UsageError(
            f"{named('objective')} was given {given!r}, which names costs alone, no metric. Expected a metric beside it, "
            f"which decides the best epoch of a trial: pass {spelled('objective', ['val_loss', found[0]])}."
        )
    _check_once(given, found)


def _check_once(given: Any, names: Sequence[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(
            f"{named('objective')} was given {given!r}, which names {twice!r} twice. Leave out one."
        )


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
    return entry.name if _is_tuners(entry) else entry


def _name(entry: Any) -> str:
    """Return the name in one entry.

    Raises:
        UsageError: It has none.
    """
    name = name_of(entry)
    if not isinstance(name, str) or not name:
        raise UsageError(
            f'{named("objective")} was given {entry!r}. Expected "auto", a metric name as "val_accuracy", '
            '("name", "max") or ("name", "min"), a keras_tuner.Objective, or a list of these.'
        )
    return name


def _one(entry: Any, given: Any, default: Objective, names: Sequence[str]) -> Objective:
    """Return the objective of one entry of what was given."""
    if isinstance(entry, str) and entry == "auto":
        return default
    name = _name(entry)
    if names and name not in (*names, *COSTS) and isinstance(given, tuple) and given[0] in (*names, *COSTS):
        raise UsageError(
            f'{named("objective")} was given {given!r}. Expected "max" or "min" behind a name, in small letters. Pass '
            f'({given[0]!r}, "max") or ({given[0]!r}, "min").'
        )
    if names and name not in (*names, *COSTS):
        known = (*names, *COSTS)
        raise UsageError(
            f"{named('objective')} was given {name!r}, which no trial reports.{nearest(name, known)}"
        )
    if _is_directed(entry):
        return Objective(name, entry[1])
    if _is_tuners(entry):
        return Objective(name, entry.direction)
    return Objective(name, "min" if name in COSTS else _direction(name))


def _is_directed(entry: Any) -> bool:
    """Whether an entry is a name with its direction."""
    return isinstance(entry, list | tuple) and len(entry) == 2 and entry[1] in ("min", "max")


def _is_tuners(entry: Any) -> bool:
    """Whether an entry is an objective of KerasTuner's, which is loaded then."""
    keras_tuner = sys.modules.get("keras_tuner")
    return keras_tuner is not None and isinstance(entry, keras_tuner.Objective)


def _direction(name: str) -> Literal["min", "max"]:
    stem = name.removeprefix("val_").lower()
    # Losses first: "categorical_crossentropy" must not be taken for a score by some other part of its name.
    if any(word in stem for word in SMALLER_IS_BETTER):
        return "min"
    if any(word in stem for word in LARGER_IS_BETTER):
        return "max"
    raise UsageError(
        f"It is not known whether more or less of {name!r} is better. "
        + typed(
            python=f'Pass ({name!r}, "max") in its place, or "min"; a keras_tuner.Objective says it as well.',
            shell=f'Write objective = ({name!r}, "max") into the model file, or "min", and leave --objective out.',
        )
    )
