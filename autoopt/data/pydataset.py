"""`keras.utils.PyDataset`: batches by index, made by the user's own code."""

import sys
from collections.abc import Iterator
from typing import Any

from autoopt.errors import DataError

NAME = "keras.utils.PyDataset"
SEEDED = False


def recognizes(value: Any) -> bool:
    """Say whether `value` is a `keras.utils.PyDataset`; Keras is not imported, who has one has it loaded."""
    keras = sys.modules.get("keras")
    return keras is not None and isinstance(value, keras.utils.PyDataset)


def check(source: Any) -> None:
    """Raise a DataError when the dataset never ends or has no batches."""
    try:
        count = source.num_batches
    except NotImplementedError:
        count = None
    if count is None:
        raise DataError(
            f"The PyDataset {type(source).__name__} is infinite: it has no number of batches. Expected one "
            "that ends: one pass is one epoch. Give it __len__ (batches in an epoch), or a num_batches that "
            "returns a number."
        )
    if count == 0:
        raise DataError(
            f"The PyDataset {type(source).__name__} is empty: it has 0 batches. Expected at least one. Check "
            "its __len__: batches in an epoch, math.ceil(examples / batch_size)."
        )


def size(source: Any) -> int | None:
    """Return None: a PyDataset knows its batches, not its examples."""
    return None


def steps(source: Any) -> int:
    """Return the number of batches."""
    return int(source.num_batches)


def batches(source: Any, seed: int | None) -> Iterator[Any]:
    """Yield one pass of batches in the order of their index."""
    source.on_epoch_begin()
    for index in range(source.num_batches):
        yield source[index]


def batched(source: Any, batch_size: int | None) -> Any:
    """Return the dataset as it is; its batch size is the user's own."""
    if batch_size is None:
        return source
    raise DataError(
        f"batch_size={batch_size} was asked of a PyDataset. Expected None: a PyDataset makes its own "
        "batches. Set the size in the PyDataset, or pass arrays or a tf.data.Dataset to have it tuned."
    )
