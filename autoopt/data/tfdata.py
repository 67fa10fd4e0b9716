"""`tf.data.Dataset`: read and rebatched through its own methods; TensorFlow is never imported."""

from collections.abc import Iterator
from typing import Any

from autoopt.errors import DataError

NAME = "tf.data.Dataset"
SEEDED = False
UNBATCHED_SIZE = 32
_INFINITE = -1


def recognizes(value: Any) -> bool:
    """Say whether `value` is a `tf.data.Dataset`."""
    return any(
        base.__module__.startswith("tensorflow.python.data") and base.__name__ == "DatasetV2"
        for base in type(value).__mro__
    )


def check(source: Any) -> None:
    """Raise a DataError when the dataset never ends or yields no (x, y) pairs."""
    if int(source.cardinality()) == _INFINITE:
        raise DataError(
            "The tf.data.Dataset is infinite (it repeats without end). Expected one that ends: one pass is "
            "one epoch. Leave out .repeat(), or pass dataset.take(n) with the number of batches of an epoch."
        )
    spec = source.element_spec
    if not isinstance(spec, tuple) or len(spec) not in (2, 3):
        raise DataError(
            f"The tf.data.Dataset yields {spec}. Expected (x, y) or (x, y, sample_weight). "
            "Map it to pairs, for example dataset.map(lambda row: (row['image'], row['label']))."
        )


def size(source: Any) -> int | None:
    """Return the number of examples, None where the dataset does not know it."""
    known = int(source.cardinality())
    batch = next(_flat(source.element_spec)).shape[:1] if is_batched(source) else (1,)
    # Only with drop_remainder does a batch state its size; the last one may be smaller otherwise.
    return None if known < 0 or not batch or batch[0] is None else known * int(batch[0])


def steps(source: Any) -> int | None:
    """Return the number of elements, which are batches; None where the dataset does not know it."""
    known = int(source.cardinality())
    return None if known < 0 else known


def is_batched(source: Any) -> bool:
    """Say whether an element is a batch: every array has the same first dimension, known or not."""
    firsts = set()
    for spec in _flat(source.element_spec):
        if spec.shape.rank == 0:
            return False
        firsts.add(None if spec.shape.rank is None else spec.shape[0])
    return len(firsts) == 1


def batches(source: Any, seed: int | None) -> Iterator[Any]:
    """Yield one pass of batches. Its shuffling, if any, follows its own seed: `seed` cannot reach it."""
    yield from (source if is_batched(source) else source.batch(UNBATCHED_SIZE))


def batched(source: Any, batch_size: int | None) -> Any:
    """Return it in batches of `batch_size`; None leaves batches, and batches single examples by 32."""
    if is_batched(source):
        return source if batch_size is None else source.unbatch().batch(batch_size)
    return source.batch(UNBATCHED_SIZE if batch_size is None else batch_size)


def _flat(spec: Any) -> Iterator[Any]:
    if isinstance(spec, dict):
        for item in spec.values():
            yield from _flat(item)
    elif isinstance(spec, tuple | list):
        for item in spec:
            yield from _flat(item)
    else:
        yield spec
