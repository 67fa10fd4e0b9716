"""Which loss a loss is, however it was given, and the objective that follows from it."""

import functools
import re
from types import FunctionType
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
_SMOOTHABLE = {
    keras.losses.sparse_categorical_crossentropy: keras.losses.SparseCategoricalCrossentropy,
    keras.losses.categorical_crossentropy: keras.losses.CategoricalCrossentropy,
    keras.losses.binary_crossentropy: keras.losses.BinaryCrossentropy,
}
OWN_LOSS = ("train_step", "compute_loss", "compute_loss_and_updates", "compile")
"""Methods of a model that decide on the loss of a step; one of them is JAX's alone."""

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


def own_loss(model: keras.Model) -> str:
    """Return the method by which a model decides itself on the loss of a step, empty where Keras does."""
    own = (
        name for name in OWN_LOSS if getattr(type(model), name, None) is not getattr(keras.Model, name, None)
    )
    return next(own, "")


def takes_logits(loss: Any) -> bool:
    """Say whether a crossentropy is given as one of logits."""
    if isinstance(loss, functools.partial):
        return bool(loss.keywords.get("from_logits", False))
    return bool(getattr(loss, "from_logits", False))


def smoothable(loss: Any) -> keras.losses.Loss | None:
    """Return a loss as the Keras object that it stands for, None where its labels cannot be smoothed.

    Args:
        loss: Of one output: a name, a loss object, a function, or None.
    """
    try:
        found = keras.losses.get(loss) if isinstance(loss, str) else loss
    except ValueError:  # no loss that Keras knows: compile says so
        return None
    if type(found) is FunctionType and found in _SMOOTHABLE:
        return _SMOOTHABLE[found](name=loss if isinstance(loss, str) else found.__name__)
    if type(found) not in _SMOOTHABLE.values():
        return None
    told = found.get_config()
    usual = told.get("axis", -1) == -1 and told.get("ignore_class") is None
    return found if usual and not told.get("label_smoothing") else None


def unsmoothed(loss: Any) -> str:
    """Return why labels cannot be smoothed, as a sentence goes on; empty where those of an output can.

    Args:
        loss: As for `default_objective`.
    """
    losses = [each for each in keras.tree.flatten(loss) if each is not None]
    if any(smoothable(each) is not None for each in losses):
        return ""
    names = " and ".join(dict.fromkeys(f"{name_of(each)}" for each in losses))
    known = [function.__name__ for function in _SMOOTHABLE]
    if set(known) & {name_of(each) for each in losses}:
        return f"the loss {names} has arguments of its own, such as label_smoothing"
    return f"the loss {names} is none of {', '.join(known)}"


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
