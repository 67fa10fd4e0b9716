"""Data that comes batch by batch: which formats there are, and one of them read into memory."""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from autoopt.data import dataloader, deferred, factory, pydataset, tfdata
from autoopt.data.arrays import convert
from autoopt.data.nested import leaves, mapped
from autoopt.errors import DataError
from autoopt.spelling import named

MEMORY_LIMIT = 2 * 2**30


class StreamFormat(Protocol):
    """What a module offers whose file is one format of batches."""

    NAME: str
    SEEDED: bool  # whether the order of `batches` follows its seed

    def recognizes(self, value: Any) -> bool:
        """Say whether `value` is of this format, without importing its library."""
        ...

    def check(self, source: Any) -> None:
        """Raise a DataError when one pass never ends or cannot be learnt from."""
        ...

    def size(self, source: Any) -> int | None:
        """Return the number of examples of one pass, None where it is not known."""
        ...

    def steps(self, source: Any) -> int | None:
        """Return the number of batches of one pass, None where it is not known."""
        ...

    def batches(self, source: Any, seed: int | None) -> Iterator[Any]:
        """Yield one pass of batches; what can be seeded follows `seed`."""
        ...

    def batched(self, source: Any, batch_size: int | None) -> Any:
        """Return what Keras's `fit` takes, in batches of `batch_size`, or as they are when it is None."""
        ...


FORMATS: tuple[StreamFormat, ...] = (tfdata, pydataset, dataloader, factory)
"""What users may pass."""


def format_of(value: Any) -> StreamFormat | None:
    """Return the format that recognizes `value`, None when it is no stream."""
    return next((each for each in (*FORMATS, deferred) if each.recognizes(value)), None)


def first(source: Any) -> tuple[Any, Any, Any]:
    """Return x, y and sample_weight of the first batch as numpy arrays; of rows in an order of theirs some of all."""
    form = _known(source)
    if isinstance(source, deferred.Deferred):
        return _arrays(source.few(), form.NAME)
    batch = next(iter(form.batches(source, seed=0)), None)
    if batch is None:
        raise DataError(
            f"The {form.NAME} is empty. Expected at least one batch. Pass one that yields (x, y)."
        )
    return _arrays(batch, form.NAME)


def steps(source: Any) -> int:
    """Return the batches of one pass, counted where the source does not know."""
    form = _known(source)
    known = form.steps(source)
    return sum(1 for _ in form.batches(source, seed=0)) if known is None else known


def arrays(source: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Yield x, y and sample_weight of each batch of one pass as numpy arrays."""
    form = _known(source)
    for batch in form.batches(source, seed=0):
        yield _arrays(batch, form.NAME)


def labels(source: Any) -> Iterator[Any]:
    """Yield the labels of each batch of one pass as numpy arrays; nothing is prepared for them where they are known."""
    form = _known(source)
    if isinstance(source, deferred.Deferred):
        yield source.raw.y
        return
    for batch in form.batches(source, seed=0):
        yield _arrays(batch, form.NAME)[1]


def read(source: Any, *, seed: int | None, limit: int = MEMORY_LIMIT) -> tuple[Any, Any, Any]:
    """Return x, y and sample_weight of one whole pass as numpy arrays.

    Args:
        source: A stream that ends.
        seed: Order of what shuffles and can be seeded.
        limit: Most bytes that are read.

    Raises:
        DataError: The data is empty or larger than `limit`, or the batches do not fit each other.
    """
    form = _known(source)
    parts: list[tuple[Any, Any, Any]] = []
    held = 0
    for batch in form.batches(source, seed):
        parts.append(_arrays(batch, form.NAME))
        held += sum(array.nbytes for _, array in leaves(parts[-1], ""))
        if held > limit:
            raise DataError(
                f"The {form.NAME} holds more than {limit / 2**30:g} GiB (or never ends), and without "
                f"{named('validation_data')} it is read into memory to be split. Expected a smaller one. Pass "
                f"{named('validation_data')}, then it is read batch by batch; of an endless one pass .take(n)."
            )
    if not parts:
        raise DataError(
            f"The {form.NAME} is empty. Expected at least one batch. Pass one that yields (x, y)."
        )
    return _joined(parts, form.NAME)


def _known(source: Any) -> StreamFormat:
    form = format_of(source)
    if form is None:
        names = ", ".join(each.NAME for each in FORMATS)
        raise DataError(
            f"{type(source).__name__} is no stream. Expected one of {names}. Pass one, or arrays."
        )
    return form


def _arrays(batch: Any, name: str) -> tuple[Any, Any, Any]:
    if not isinstance(batch, tuple | list) or len(batch) not in (2, 3):
        raise DataError(
            f"The {name} yields a {type(batch).__name__}."
            " Expected batches of (x, y) or (x, y, sample_weight). Return such pairs."
        )
    weight = None if len(batch) == 2 or batch[2] is None else convert(batch[2], "sample_weight")
    return convert(batch[0], "x"), convert(batch[1], "y"), weight


def _joined(parts: list[tuple[Any, Any, Any]], name: str) -> tuple[Any, Any, Any]:
    try:
        whole = mapped(lambda *arrays: np.concatenate(arrays), *parts)
    except (ValueError, KeyError) as error:
        raise DataError(
            f"The batches of the {name} do not fit each other ({error}). Expected examples of one shape, to "
            f"read them into memory. Pad them to one shape, or pass {named('validation_data')}, then they are read "
            "batch by batch."
        ) from error
    x, y, weight = whole
    return x, y, weight
