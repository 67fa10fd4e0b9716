"""A preparation as tensors of Keras: what it reads, what it makes, and the shapes of that."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras

from autoopt.errors import DataError
from autoopt.prepared import Inputs

PREPARATION = "preparation"
"""What the model of a preparation is called; within one that is around it Keras allows each name once."""


@dataclass(frozen=True, eq=False)
class Layers:
    """What a model of a preparation is made of.

    Attributes:
        raw: Symbolic inputs, by the name that they have in the rows that were read.
        made: What a starter takes, by name.
        inputs: The shapes of that.
    """

    raw: Mapping[str, Any]
    made: Mapping[str, Any]
    inputs: Inputs


def name_of(column: str, taken: Mapping[str, Any]) -> str:
    """Return what an input is called: its column's name, without what Keras does not allow in one.

    Args:
        column: As the file has it.
        taken: Inputs that there are by now.
    """
    name = plain = column.replace("/", "_") or "_"
    used = {PREPARATION, *(tensor.name for tensor in taken.values())}
    count = 1
    while name in used:
        count += 1
        name = f"{plain}_{count}"
    return name


def check_words_can_be_read(what: str) -> None:
    """Refuse words on a backend on which Keras has no layers for them.

    Raises:
        DataError: The backend is another one than TensorFlow.
    """
    found = keras.backend.backend()
    if found != "tensorflow":
        raise DataError(
            f"{what} holds words, and the backend is {found}. Expected TensorFlow: Keras's layers that read words "
            "run on it alone. Set KERAS_BACKEND=tensorflow, or turn words into numbers first."
        )
