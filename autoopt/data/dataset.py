"""What every trial learns from: a `Dataset`, made by `prepare` from what users have."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from autoopt.data import frames, npz, streams
from autoopt.data.arrays import convert, to_arrays
from autoopt.data.checks import check
from autoopt.data.cuts import Cut
from autoopt.data.nested import mapped, rows
from autoopt.data.splits import Split, check_share, cut_again, split
from autoopt.errors import DataError

DEFAULT_BATCH_SIZE = 32
"""Keras's own."""

ACCEPTED = (
    "(x, y) or (x, y, sample_weight) of arrays, dicts of arrays or DataFrames; a tf.data.Dataset; a "
    "keras.utils.PyDataset; a torch DataLoader; an autoopt.Dataset; or the path of an .npz"
)


@dataclass(frozen=True, eq=False)
class Part:
    """Arrays in memory: numpy arrays, or dicts and tuples of them, one row per example."""

    x: Any
    y: Any
    sample_weight: Any = None

    @property
    def n(self) -> int:
        """Number of examples."""
        return rows(self.x)

    def steps(self, batch_size: int | None) -> int:
        """Return the batches of one pass, the last shorter one included; None takes Keras's own size."""
        return math.ceil(self.n / (batch_size or DEFAULT_BATCH_SIZE))

    def take(self, indices: np.ndarray) -> "Part":
        """Return a Part of the rows at `indices`, in their order."""
        return Part(
            *(mapped(lambda array: array[indices], each) for each in (self.x, self.y, self.sample_weight))
        )

    def batches(self, size: int) -> Iterator["Part"]:
        """Yield the rows in their order, `size` at a time."""
        for first in range(0, self.n, size):
            yield self.take(np.arange(first, min(first + size, self.n)))


@dataclass(frozen=True, eq=False)
class Stream:
    """Data that is read batch by batch.

    Attributes:
        source: A `tf.data.Dataset`, `keras.utils.PyDataset` or torch `DataLoader` as the user wrote it.
        n: Examples in one pass, None where that is not known.
    """

    source: Any
    n: int | None

    def batched(self, batch_size: int | None) -> Any:
        """Return what Keras's `fit` takes; a `tf.data.Dataset` is rebatched when a size is given.

        Raises:
            DataError: A size is given and the source makes its own batches.
        """
        form = streams.format_of(self.source)
        return self.source if form is None else form.batched(self.source, batch_size)

    def steps(self, batch_size: int | None) -> int:
        """Return the batches of one pass; where the source does not know, one pass is made to count them."""
        return self._own_steps if batch_size is None else streams.steps(self.batched(batch_size))

    @cached_property
    def _own_steps(self) -> int:
        return streams.steps(self.batched(None))

    def first(self) -> Part:
        """Return the first batch as arrays: what shapes and labels can be seen without a whole pass."""
        return Part(*streams.first(self.source))

    def batches(self) -> Iterator[Part]:
        """Yield the batches of one pass as arrays."""
        for batch in streams.arrays(self.source):
            yield Part(*batch)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A train, a validation and, where there is enough, a test part.

    Example:
        >>> import numpy as np
        >>> data = prepare((np.zeros((1000, 4)), np.arange(1000) % 2))
        >>> data.train.n, data.validation.n, data.test.n
        (640, 160, 200)

    Attributes:
        train: What trials are trained on.
        validation: What the objective is measured on.
        test: What nothing looks at until the end; None without one.
        notes: What was decided for the user, one sentence each.
        split: Which rows went where, when parts were cut from one whole.
        weighed: Whether class weights stand in the sample weights of `train`, which those of `validation` lack.
    """

    train: Part | Stream
    validation: Part | Stream
    test: Part | Stream | None = None
    notes: tuple[str, ...] = ()
    split: Split | None = None
    weighed: bool = False

    def __post_init__(self) -> None:
        """Refuse parts of another type."""
        for name, part in (("train", self.train), ("validation", self.validation), ("test", self.test)):
            if not isinstance(part, Part | Stream) and not (part is None and name == "test"):
                raise DataError(
                    f"Dataset({name}=…) was given a {type(part).__name__}. Expected an "
                    f"autoopt.data.dataset.Part or Stream. Write {name}=Part(x, y), or leave the cutting to "
                    "tune(data=(x, y))."
                )

    @property
    def pooled(self) -> bool:
        """Whether train and validation are rows of one whole, which may be cut otherwise."""
        parts = isinstance(self.train, Part) and isinstance(self.validation, Part)
        return parts and self.split is not None and not self.weighed

    @cached_property
    def pool(self) -> Part:
        """The rows of train and after them those of validation; only where both are arrays in memory."""
        assert isinstance(self.train, Part) and isinstance(self.validation, Part)
        sides = [(part.x, part.y, part.sample_weight) for part in (self.train, self.validation)]
        return Part(*mapped(lambda *arrays: np.concatenate(arrays), *sides))

    def recut(self, seed: int) -> Cut | None:
        """Return a fresh cut of the pool: parts as large as these, by the same rules.

        Args:
            seed: Of the cut.

        Returns:
            None where there is only one cut: validation data was given, or class weights stand in the sample weights.
        """
        if not self.pooled:
            return None
        return Cut(*cut_again(self.pool.y, self.pool.n, self.validation.n or 0, seed))

    def parts(self, cut: Cut | None) -> tuple[Part | Stream, Part | Stream]:
        """Return what trains and what validates under a cut of the pool; None leaves the parts as they are."""
        if cut is None:
            return self.train, self.validation
        return self.pool.take(cut.train), self.pool.take(cut.validation)


def prepare(
    data: Any,
    *,
    validation_data: Any = None,
    validation_split: float = 0.2,
    test_data: Any = None,
    seed: int | None = 0,
) -> Dataset:
    """Make a `Dataset` of what the user has, checked, and cut into parts where none were given.

    Args:
        data: (x, y) or (x, y, sample_weight) of arrays, dicts of arrays or DataFrames; a `tf.data.Dataset`, a
            `keras.utils.PyDataset` or a torch `DataLoader`; a `Dataset`; or the path of an .npz.
        validation_data: What to validate on, in any of these forms; then nothing is cut from `data`.
        validation_split: Share that validates where `validation_data` is None, between 0 and 1.
        test_data: What to test on at the end; without it and `validation_data`, 20 % of 1,000 rows or more.
        seed: Of the cut.

    Raises:
        DataError: The data cannot be learnt from as it is; the message says why and what to do.
    """
    check_share(validation_split)
    if isinstance(data, Dataset):
        return _ready(data, validation_data, test_data)
    data, validation_data, test_data = _from_files(data, validation_data, test_data)
    test = None if test_data is None else _given(test_data, "test_data")
    if validation_data is not None:
        train, validation = _part(data, "data"), _given(validation_data, "validation_data")
        return Dataset(train, validation, test, (*_column_notes(data), _sizes(train, validation, test)))
    whole, notes = _in_memory(data, seed)
    cut = split(whole.y, whole.n, validation_split=validation_split, test=test is None, seed=seed)
    train, validation = whole.take(cut.train), whole.take(cut.validation)
    test = test if cut.test is None else whole.take(cut.test)
    by_class = ("Each class has about the same share of every part.",) if cut.stratified else ()
    return Dataset(train, validation, test, (*notes, _sizes(train, validation, test), *by_class), cut)


def _ready(data: Dataset, validation_data: Any, test_data: Any) -> Dataset:
    for name, given in (("validation_data", validation_data), ("test_data", test_data)):
        if given is not None:
            raise DataError(
                f"{name} was given along with an autoopt.Dataset. Expected one or the other: a Dataset has "
                f"its parts already. Leave {name} out, or pass data as (x, y)."
            )
    for part in (data.train, data.validation, data.test):
        if isinstance(part, Part):
            check(part.x, part.y, part.sample_weight)
    return data


def _from_files(data: Any, validation_data: Any, test_data: Any) -> tuple[Any, Any, Any]:
    """Replace paths by the arrays in the files; parts that the caller gives win over those in the file."""
    if isinstance(data, str | Path):
        found = npz.read(data)
        data = _pair(found)
        if validation_data is None and "x_val" in found:
            validation_data = _pair(found, "_val")
        if test_data is None and "x_test" in found:
            test_data = _pair(found, "_test")
    if isinstance(validation_data, str | Path):
        validation_data = _pair(npz.read(validation_data))
    if isinstance(test_data, str | Path):
        test_data = _pair(npz.read(test_data))
    return data, validation_data, test_data


def _pair(found: dict[str, np.ndarray], part: str = "") -> tuple[np.ndarray, ...]:
    names = [f"{name}{part}" for name in ("x", "y", "sample_weight")]
    return tuple(found[name] for name in names if name in found)


def _in_memory(data: Any, seed: int | None) -> tuple[Part, tuple[str, ...]]:
    """Return all of `data` as arrays, and what is to be said about that."""
    form = streams.format_of(data)
    if form is None:
        return _from_tuple(data, "data"), _column_notes(data)
    form.check(data)
    part = _checked(*streams.read(data, seed=seed))
    order = "" if form.SEEDED else "one that shuffles without a seed is split differently in each run, "
    note = (
        f"The {form.NAME} was read into memory once ({part.n:,} examples) to be split: {order}"
        "random maps in it are frozen by this; pass validation_data to read it batch by batch."
    )
    return part, (note,)


def _given(data: Any, name: str) -> Part | Stream:
    """Return a part that was given beside `data`; what is wrong with it is told under its name."""
    try:
        return _part(data, name)
    except DataError as error:
        raise DataError(str(error) if str(error).startswith(name) else f"In {name}, {error}") from error


def _part(data: Any, name: str) -> Part | Stream:
    form = streams.format_of(data)
    if form is None:
        return _from_tuple(data, name)
    form.check(data)
    stream = Stream(data, form.size(data))
    first = stream.first()
    check(first.x, first.y, first.sample_weight)
    return stream


def _from_tuple(data: Any, name: str) -> Part:
    if not isinstance(data, tuple) or not 2 <= len(data) <= 3 or data[0] is None or data[1] is None:
        raise DataError(_refusal(data, name))
    x, y = data[0], data[1]
    weight = None if len(data) == 2 or data[2] is None else convert(data[2], "sample_weight")
    # What keras.datasets' load_data() returns would be read as two inputs and two outputs.
    if _is_pair(x) and _is_pair(y) and len(x[0]) == len(x[1]) != len(y[0]) == len(y[1]):
        raise DataError(
            f"{name} looks like ((x, y), (x_test, y_test)). Expected (x, y). Pass data=(x, y), "
            "test_data=(x_test, y_test)."
        )
    return _checked(*to_arrays(x, y), weight)


def _is_pair(value: Any) -> bool:
    return (
        isinstance(value, tuple) and len(value) == 2 and all(isinstance(item, np.ndarray) for item in value)
    )


def _checked(x: Any, y: Any, sample_weight: Any) -> Part:
    check(x, y, sample_weight)
    return Part(x, y, sample_weight)


def _refusal(data: Any, name: str) -> str:
    """Return why `data` is no data, and what to pass instead."""
    kind = type(data).__name__
    if isinstance(data, Iterator):
        return (
            f"{name} is a {kind}, which can be read only once. Expected data that every trial can read "
            "again. Pass arrays (x, y), a keras.utils.PyDataset, or "
            "tf.data.Dataset.from_generator(function, output_signature=…)."
        )
    if isinstance(data, tuple):
        missing = "without x or y" if len(data) in (1, 2, 3) else f"of {len(data)} items"
        return f"{name} is a tuple {missing}. Expected (x, y) or (x, y, sample_weight). Pass (x, y)."
    if isinstance(data, list | dict | np.ndarray) or hasattr(data, "__array__"):
        column = " Take the labels out with y = frame.pop('label')." if frames.columns(data) else ""
        return (
            f"{name} is a {kind} without labels. Expected inputs and labels in a tuple. Pass (x, y).{column}"
        )
    return f"{name} is {data!r} ({kind}). Expected {ACCEPTED}. Pass one of them."


def _column_notes(data: Any) -> tuple[str, ...]:
    names = frames.columns(data[0]) if isinstance(data, tuple) else ()
    return (f"x has the columns {', '.join(names)}, in this order.",) if names else ()


def _sizes(train: Part | Stream, validation: Part | Stream, test: Part | Stream | None) -> str:
    def counted(part: Part | Stream, word: str = "") -> str:
        return f"an unknown number of{word or ' them'}" if part.n is None else f"{part.n:,}{word}"

    plural = "" if train.n == 1 else "s"
    tested = "there is no test part" if test is None else f"{counted(test)} are the test part"
    return (
        f"{counted(train, f' example{plural}')} train, {counted(validation)} validate, {tested}.".capitalize()
    )
