"""torch `DataLoader`: batches of tensors. torch is never imported: who has a DataLoader has it loaded."""

import sys
from collections.abc import Iterator
from typing import Any

from autoopt.errors import DataError

NAME = "torch.utils.data.DataLoader"
SEEDED = True


def recognizes(value: Any) -> bool:
    """Say whether `value` is a `torch.utils.data.DataLoader`."""
    torch = sys.modules.get("torch.utils.data")
    return torch is not None and isinstance(value, torch.DataLoader)


def check(source: Any) -> None:
    """Raise a DataError when the loader has no batches; one without a length is read until it ends."""
    if _length(source) == 0:
        raise DataError(
            "The DataLoader is empty: it has 0 batches. Expected at least one. Check its dataset, and "
            "drop_last with a batch_size larger than the dataset."
        )


def size(source: Any) -> int | None:
    """Return the number of examples of one pass, None where the loader does not know it."""
    count = _length(source)
    if count is None or source.batch_size is None:
        return None
    return count * source.batch_size if source.drop_last else len(source.sampler)


def steps(source: Any) -> int | None:
    """Return the number of batches, None where the loader does not know it."""
    return _length(source)


def batches(source: Any, seed: int | None) -> Iterator[Any]:
    """Yield one pass; a shuffling loader follows `seed`, torch's global random state is left alone."""
    torch = sys.modules["torch"]
    with torch.random.fork_rng(devices=[]):
        if seed is not None:
            torch.manual_seed(seed)
        yield from source


def batched(source: Any, batch_size: int | None) -> Any:
    """Return the loader as it is; its batch size is the user's own."""
    if batch_size is None:
        return source
    raise DataError(
        f"batch_size={batch_size} was asked of a DataLoader. Expected None: a DataLoader makes its own "
        "batches. Set the size in the DataLoader, or pass arrays or a tf.data.Dataset to have it tuned."
    )


def _length(source: Any) -> int | None:
    try:
        return len(source)
    except TypeError:  # an IterableDataset without __len__
        return None
