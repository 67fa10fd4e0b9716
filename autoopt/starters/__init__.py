"""Starters: a plain Keras function for each kind of data, to be tuned like a user's own, and to be printed as one.

Keras is loaded where one is to be called: their names and their texts are had without.
"""

import importlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from autoopt.errors import DataError, UsageError, nearest
from autoopt.prepared import Inputs, Outputs
from autoopt.schema import SPOKEN, Modality
from autoopt.spelling import SERIES, spelled
from autoopt.starters.source import told, written

if TYPE_CHECKING:
    import keras

    from autoopt.data import Dataset

__all__ = [
    "AUTO",
    "FITTING",
    "STARTERS",
    "check",
    "for_data",
    "named",
    "source",
    "source_for",
    "taken",
    "told",
]

AUTO = "auto"
"""Stands for the starter that fits the data."""

STARTERS = ("mlp", "cnn", "text", "audio", "sequence", "recurrent")
"""Their names: each is a function of the module of this room that is called as it is."""

FITTING: Mapping[Modality, str] = {
    "table": "mlp",
    "image": "cnn",
    "text": "text",
    "audio": "audio",
    "sequence": "sequence",
}
"""The starter for each kind of data."""

KINDS: Mapping[str, Modality] = {**{name: kind for kind, name in FITTING.items()}, "recurrent": "sequence"}
"""The kind of data that each starter is for."""

EXAMPLES: Mapping[str, Inputs] = {
    "mlp": Inputs(numbers=8),
    "cnn": Inputs(shape=(32, 32, 3)),
    "text": Inputs(vocabulary=5_000, shape=(200,)),
    "audio": Inputs(shape=(100, 64, 1)),
    "sequence": Inputs(shape=(60, 4)),
    "recurrent": Inputs(shape=(60, 4)),
}
"""What `source` writes where nothing is known of the data."""

TEN = Outputs(10, "softmax", "sparse_categorical_crossentropy", "accuracy")
"""Ten classes, likewise."""

TABLE_OF_STEPS = ("sequence", "table")
"""Kinds of starter and data between which it may be that nobody said what the columns are."""


def named(name: str, inputs: Inputs, outputs: Outputs) -> "Callable[..., keras.Model]":
    """Return a starter as a model function of `hp`.

    Args:
        name: One of `STARTERS`.
        inputs: What its model takes.
        outputs: What its model gives.

    Raises:
        UsageError: There is no starter of that name.
    """
    _check_name(name)
    module = importlib.import_module(f"autoopt.starters.{name}")
    return partial(getattr(module, name), inputs=inputs, outputs=outputs)


def source(name: str, inputs: Inputs | None = None, outputs: Outputs | None = None) -> str:
    """Return a starter as the text of a model file: Keras alone, with random data where the user's own is to stand.

    Args:
        name: One of `STARTERS`.
        inputs: What its model takes; None for an example.
        outputs: What its model gives; None for ten classes.

    Raises:
        UsageError: There is no starter of that name.

    Example:
        >>> print(source("sequence").splitlines()[0])
        \"\"\"A small residual net for sequences: series, DNA, proteins.\"\"\"
    """
    _check_name(name)
    return written(name, inputs or EXAMPLES[name], outputs or TEN)


def source_for(name: str, data: "Dataset") -> str:
    """Return a starter as the text of a model file with the shapes of some data.

    Args:
        name: One of `STARTERS`, or `AUTO`.
        data: What it is to learn from.

    Raises:
        UsageError: There is no starter of that name.
        DataError: It is for another kind of data, or arrays are of no shape that it could take.
    """
    found = for_data(name, data)
    return written(found.func.__name__, **found.keywords)


def check(model_fn: Any) -> None:
    """Check that a starter, where one is named in the place of a model function, is there.

    Raises:
        UsageError: There is no starter of that name.
    """
    if isinstance(model_fn, str) and model_fn not in (AUTO, *STARTERS):
        raise UsageError(
            f"model_fn was given {model_fn!r}. Expected a function that returns a Keras model, or the name of a starter. "
            f'Take "auto" for the one that fits the data.{nearest(model_fn, (AUTO, *STARTERS))}'
        )


def for_data(model_fn: Any, data: "Dataset | None") -> Any:
    """Return a starter that was named as a model function for some data; a model function as it is.

    Args:
        model_fn: As `tune` takes it.
        data: What it is to learn from; None for the shapes of an example.

    Raises:
        UsageError: There is no starter of that name.
        DataError: It is for another kind of data, or arrays are of no shape that it could take.
    """
    check(model_fn)
    if not isinstance(model_fn, str):
        return model_fn
    if data is None:
        name = "mlp" if model_fn == AUTO else model_fn
        return named(name, EXAMPLES[name], TEN)
    from autoopt.starters.fitting import shapes_of  # loads Keras

    shapes = shapes_of(data, None if model_fn == AUTO else KINDS[model_fn])
    name = FITTING[shapes.modality] if model_fn == AUTO else model_fn
    if KINDS[name] != shapes.modality:
        kind = KINDS[name]
        series = (
            f" If each row is a series: {spelled('types', SERIES)}."
            if (kind, shapes.modality) == TABLE_OF_STEPS
            else ""
        )
        raise DataError(
            f"The starter was given as {name!r}, which is for {SPOKEN[kind]}, and the data is {SPOKEN[shapes.modality]}. "
            f"Expected the starter for such data. Take {FITTING[shapes.modality]!r}, or 'auto'.{series}"
        )
    return named(name, shapes.inputs, shapes.outputs)


def types_for(model_fn: Any, data: Any, types: Any) -> Any:
    """Return what is said of the columns of data: for a starter for sequences, a table's are the steps of a series.

    Args:
        model_fn: As `tune` takes it.
        data: Likewise.
        types: Likewise; what is said there stands.
    """
    from autoopt.data import rows

    named = isinstance(model_fn, str) and KINDS.get(model_fn) == "sequence"
    return SERIES if named and types is None and rows.is_table(data) else types


def taken(asked: Any, model_fn: Any) -> tuple[str, ...]:
    """Return what is to be said where a starter was not named but chosen.

    Args:
        asked: What stood in the place of a model function.
        model_fn: What `for_data` made of it.
    """
    return (f"The starter for this data is {model_fn.func.__name__}.",) if asked == AUTO else ()


def _check_name(name: str) -> None:
    if name not in STARTERS:
        raise UsageError(
            f"The starter was given as {name!r}. Expected one for your kind of data. "
            f"Take mlp for tables, cnn for images.{nearest(name, STARTERS)}"
        )
