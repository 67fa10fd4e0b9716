"""Which loss a loss is, however it was given, and the objective that follows from it."""

import functools
import re
from typing import Any

import keras

from autoopt.records import Objective

SPARSE = frozenset({"sparse_categorical_crossentropy"})
CATEGORICAL = frozenset({"categorical_crossentropy", "categorical_focal_crossentropy", "categorical_hinge"})
BINARY = frozenset({"binary_crossentropy", "binary_focal_crossentropy"})
CATEGORICAL_CROSSENTROPIES = CATEGORICAL - {"categorical_hinge"}
REGRESSION = frozenset(
    {
        "mean_squared_error",
        "mean_absolute_error",
        "mean_absolute_percentage_error",
        "mean_squared_logarithmic_error",
        "huber",
        "log_cosh",
        "poisson",
        "cosine_similarity",
    }
)
_CLASSIFICATION = SPARSE | CATEGORICAL | BINARY | {"crossentropy", "ce", "hinge", "squared_hinge"}


def name_of(loss: Any) -> str | None:
    """Return Keras's name of a loss given as a name, an object or a function; a foreign one keeps its own.

    Args:
        loss: A name, a `keras.losses.Loss`, a function, or None.
    """
    if loss is None:
        return None
    if isinstance(loss, str):
        try:
            return name_of(keras.losses.get(loss))
        except ValueError:  # no loss that Keras knows: compile says so, with the name
            return loss.lower()
    if isinstance(loss, functools.partial):
        return name_of(loss.func)
    function = getattr(loss, "fn", None)
    if isinstance(loss, keras.losses.Loss) and function is not None:
        return name_of(function)
    name = str(getattr(loss, "__name__", type(loss).__name__))
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def takes_logits(loss: Any) -> bool:
    """Say whether a crossentropy is given as one of logits."""
    if isinstance(loss, functools.partial):
        return bool(loss.keywords.get("from_logits", False))
    return bool(getattr(loss, "from_logits", False))


def default_objective(loss: Any) -> Objective:
    """Return `val_accuracy`, more is better, for a classification loss, else `val_loss`, less is better.

    Example:
        >>> default_objective("sparse_categorical_crossentropy")
        Objective(name='val_accuracy', direction='max')
        >>> default_objective("mse")
        Objective(name='val_loss', direction='min')

    Args:
        loss: A name, a loss object, a function, or a dict or list of these; several outputs share `val_loss`.
    """
    if isinstance(loss, dict):
        loss = list(loss.values())
    if isinstance(loss, list | tuple):
        if len(loss) != 1:
            return Objective("val_loss", "min")
        loss = loss[0]
    name = name_of(loss)
    if name is not None and (name in _CLASSIFICATION or name.endswith("crossentropy")):
        return Objective("val_accuracy", "max")
    return Objective("val_loss", "min")
