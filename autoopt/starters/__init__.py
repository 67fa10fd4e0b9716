"""Starters: a plain Keras function for each kind of data, to be tuned like a user's own, and to be printed as one."""

from collections.abc import Callable, Mapping
from functools import partial

import keras

from autoopt.errors import UsageError, nearest
from autoopt.prepared import Inputs, Outputs
from autoopt.schema import Modality
from autoopt.starters.audio import audio
from autoopt.starters.cnn import cnn
from autoopt.starters.mlp import mlp
from autoopt.starters.recurrent import recurrent
from autoopt.starters.sequence import sequence
from autoopt.starters.source import written
from autoopt.starters.text import text

__all__ = ["FITTING", "STARTERS", "named", "source"]

STARTERS: Mapping[str, Callable[..., keras.Model]] = {
    "mlp": mlp,
    "cnn": cnn,
    "text": text,
    "audio": audio,
    "sequence": sequence,
    "recurrent": recurrent,
}

FITTING: Mapping[Modality, str] = {
    "table": "mlp",
    "image": "cnn",
    "text": "text",
    "audio": "audio",
    "sequence": "sequence",
}
"""The starter for each kind of data."""

EXAMPLES: Mapping[str, Inputs] = {
    "mlp": Inputs(numbers=8),
    "cnn": Inputs(shape=(32, 32, 3)),
    "text": Inputs(vocabulary=5_000, shape=(200,)),
    "audio": Inputs(shape=(100, 64, 1)),
    "sequence": Inputs(shape=(60, 4)),
    "recurrent": Inputs(shape=(60, 4)),
}
"""What `source` writes where nothing is known of the data."""


def named(name: str, inputs: Inputs, outputs: Outputs) -> Callable[..., keras.Model]:
    """Return a starter as a model function of `hp`.

    Args:
        name: One of `STARTERS`.
        inputs: What its model takes.
        outputs: What its model gives.

    Raises:
        UsageError: There is no starter of that name.
    """
    return partial(_found(name), inputs=inputs, outputs=outputs)


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
    starter = _found(name)
    ten = Outputs(10, "softmax", "sparse_categorical_crossentropy", "accuracy")
    return written(starter, inputs or EXAMPLES[name], outputs or ten)


def _found(name: str) -> Callable[..., keras.Model]:
    if name not in STARTERS:
        raise UsageError(
            f"The starter was given as {name!r}. Expected one for your kind of data. "
            f"Take mlp for tables, cnn for images.{nearest(name, STARTERS)}"
        )
    return STARTERS[name]
