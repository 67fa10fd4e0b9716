"""From what users have to parts: arrays, data that comes in batches, and files with arrays or with raw rows in them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autoopt.data import frames, npz, rows, streams
from autoopt.data.arrays import convert, to_arrays
from autoopt.data.checks import check
from autoopt.data.parts import Part, Progress, Stream
from autoopt.data.rows import Rows
from autoopt.errors import DataError
from autoopt.spelling import named

ACCEPTED = (
    "(x, y) or (x, y, sample_weight) of arrays, dicts of arrays or DataFrames; a tf.data.Dataset; a "
    "keras.utils.PyDataset; a torch DataLoader; a function data(batch_size) of one of these; an autoopt.Dataset; a DataFrame with its labels; or the path of an .npz, of "
    "another file, or of a folder"
)


@dataclass(frozen=True, eq=False)
class Given:
    """What users gave, as parts.

    Attributes:
        data: All rows that train, and where no others validate those as well.
        validation: What validates; None where it is to be cut.
        test: What tests, likewise.
        notes: What is to be said of it, one sentence each.
        rows: What they are where they are raw.
        groups: Of each row of `data` what it belongs to, where a column of raw rows says that.
    """

    data: Part | Stream
    validation: Part | Stream | None
    test: Part | Stream | None
    notes: tuple[str, ...] = ()
    rows: Rows | None = None
    groups: np.ndarray | None = None


def given_parts(
    data: Any, validation_data: Any, test_data: Any, said: Mapping[str, Any], seed: int | None,
    limit: int | None = None, progress: Progress | None = None,
) -> Given:  # fmt: skip
    """Return what users gave as parts.

    Args:
        data: As `Dataset.of` takes it, and so are the two that follow.
        validation_data: Likewise.
        test_data: Likewise.
        said: What is said of the columns of raw rows, by argument.
        seed: Of the order in which data that comes in batches is read.
        limit: Bytes that raw rows may take.
        progress: Told how much of them is read.

    Raises:
        DataError: It cannot be learnt from as it is.
    """
    if rows.recognizes(data):
        return _of_rows(data, validation_data, test_data, said, limit, progress)
    rows.check_unsaid(said, "arrays" if streams.format_of(data) is None else "batches")
    data, validation_data, test_data = from_files(data, validation_data, test_data)
    test = None if test_data is None else beside(test_data, named("test_data"))
    if validation_data is not None:
        train, validation = part_of(data, "data"), beside(validation_data, named("validation_data"))
        return Given(train, validation, test, column_notes(data))
    whole, notes = in_memory(data, seed)
    return Given(whole, None, test, notes)


def _of_rows(
    data: Any, validation_data: Any, test_data: Any, said: Mapping[str, Any], limit: int | None,
    progress: Progress | None,
) -> Given:  # fmt: skip
    parts, found, notes = rows.read(data, validation_data, test_data, said, limit, progress)
    validation, test = (
        None if each is None else Part(each.x, each.y) for each in (parts.validation, parts.test)
    )
    return Given(Part(parts.train.x, parts.train.y), validation, test, notes, found, parts.train.groups)


def from_files(data: Any, validation_data: Any, test_data: Any) -> tuple[Any, Any, Any]:
    """Replace paths by the arrays in the files; parts that the caller gives win over those in the file."""
    if isinstance(data, str | Path):
        found = npz.read(data)
        data = _pair(found)
        if validation_data is None and "x_val" in found:
            validation_data = _pair(found, "_val")
        if test_data is None and "x_test" in found:
            test_data = _pair(found, "_test")
    return (
        data,
        _beside_arrays(validation_data, named("validation_data")),
        _beside_arrays(test_data, named("test_data")),
    )


def _beside_arrays(given: Any, name: str) -> Any:
    try:
        return _pair(npz.read(given)) if isinstance(given, str | Path) else given
    except DataError as error:
        raise DataError(f"In {name}, {error}") from error


def _pair(found: dict[str, np.ndarray], part: str = "") -> tuple[np.ndarray, ...]:
    names = [f"{name}{part}" for name in ("x", "y", "sample_weight")]
    return tuple(found[name] for name in names if name in found)


def in_memory(data: Any, seed: int | None) -> tuple[Part, tuple[str, ...]]:
    """Return all of `data` as arrays, and what is to be said about that."""
    form = streams.format_of(data)
    if form is None:
        return _from_tuple(data, "data"), column_notes(data)
    form.check(data)
    part = _checked(*streams.read(data, seed=seed))
    order = "" if form.SEEDED else "one that shuffles without a seed is split differently in each run, "
    note = (
        f"The {form.NAME} was read into memory once ({part.n:,} examples) to be split: {order}"
        f"random maps in it are frozen by this; pass {named('validation_data')} to read it batch by batch."
    )
    return part, (note,)


def beside(data: Any, name: str) -> Part | Stream:
    """Return a part that was given beside `data`; what is wrong with it is told under its name."""
    try:
        return part_of(data, name)
    except DataError as error:
        raise DataError(str(error) if str(error).startswith(name) else f"In {name}, {error}") from error


def part_of(data: Any, name: str) -> Part | Stream:
    """Return data as it is, in memory or batch by batch; what is wrong with it is told under a name."""
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


def column_notes(data: Any) -> tuple[str, ...]:
    """Return what is to be said of the columns of a DataFrame."""
    names = frames.columns(data[0]) if isinstance(data, tuple) else ()
    return (f"x has the columns {', '.join(names)}, in this order.",) if names else ()
