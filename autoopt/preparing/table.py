"""Tables: numbers to one scale and a sign where they are missing, categories by number, words by how rare they are.

Keras's `FeatureSpace` does not do: it hands NaN on as NaN, and is fitted on a `tf.data.Dataset` alone.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from autoopt.errors import DataError
from autoopt.prepared import Inputs
from autoopt.preparing.layers import Layers, check_words_can_be_read, name_of
from autoopt.preparing.words import looked_at, vocabulary
from autoopt.rounding import Rounding
from autoopt.schema import Raw

FARTHEST = 10.0
"""Standard deviations from the mean beyond which numbers are taken for this: one slip of a comma rules no net."""

PAIR = (2,)
"""Shape of a column of which float32 would lose too much: the nearest float32, and what is left to the number itself."""

MOST_CATEGORIES = 1_000
MOST_WORDS = 2_000
"""Of one column."""

UNKNOWN = "[UNK]"
"""What Keras calls a value that is not in a vocabulary."""


def table(raw: Raw, rows: np.ndarray) -> Layers:
    """Return the layers for a table, fitted on some of its rows.

    Raises:
        DataError: No column tells one row from another.
    """
    read: dict[str, Any] = {}
    numbers = [*_scaled(raw, rows, read), *_weighed(raw, rows, read)]
    ids, values = _numbered(raw, rows, read)
    if not numbers and not ids:
        raise DataError(
            f"None of the columns tells one row from another: {', '.join(column.name for column in raw.schema.columns)}. "
            "Expected a number, a category or a text that is not the same in all rows. Look at what was read of the file."
        )
    made = {}
    if numbers:
        made["numbers"] = _joined(numbers)
    if ids:
        made["categories"] = keras.ops.cast(_joined(ids), "int32")
    width = made["numbers"].shape[-1] if numbers else 0
    return Layers(read, made, Inputs(numbers=width, categories=len(ids), values=values))


@dataclass(frozen=True)
class Number:
    """A column of numbers that tells one row from another.

    Attributes:
        name: Of the column.
        mean: Of what is known in the rows that train.
        variance: Likewise; 1 where all are the same, beside gaps.
        gaps: Whether one is missing.
        wide: Whether float32 cannot tell them apart, as it cannot seconds since 1970.
    """

    name: str
    mean: float
    variance: float
    gaps: bool
    wide: bool

    @classmethod
    def of(cls, name: str, given: np.ndarray) -> "Number | None":
        """Return what is learnt of a column's numbers; None where they tell nothing."""
        known = given[np.isfinite(given)]
        gaps = bool(np.isnan(given).any())
        variance = float(known.var()) if len(known) else 0.0
        if not len(known) or (variance == 0 and not gaps):
            return None
        mean = float(known.mean())
        return cls(name, mean, variance or 1.0, gaps, Rounding().and_of(known).matters)


def _scaled(raw: Raw, rows: np.ndarray, read: dict[str, Any]) -> Iterator[Any]:
    """Yield numbers around 0, and 1 where one is missing, of columns where that happens."""
    numbers = []
    for column in raw.schema.columns:
        if column.kind in ("number", "date"):
            found = Number.of(column.name, np.asarray(raw.x[column.name][rows], "float64").reshape(-1))
            if found is not None:
                numbers.append(found)
                shape = PAIR if found.wide else (1,)
                read[found.name] = keras.Input(shape, name=name_of(found.name, read))
    wide = [each for each in numbers if each.wide]
    ordered = [*(each for each in numbers if not each.wide), *wide]
    if numbers:
        plain = [read[each.name] for each in ordered[: len(ordered) - len(wide)]]
        given = _joined([*plain, *([_centred(wide, read)] if wide else [])])
        means = [0.0 if each.wide else each.mean for each in ordered]
        scaled = keras.layers.Normalization(mean=means, variance=[each.variance for each in ordered])(given)
        # 0 is the mean. NaN has to go before `clip`, which hands it on.
        known = keras.ops.nan_to_num(scaled, nan=0.0, posinf=FARTHEST, neginf=-FARTHEST)
        yield keras.ops.clip(known, -FARTHEST, FARTHEST)
    gaps = [_one(each, read) for each in numbers if each.gaps]
    if gaps:
        yield keras.ops.cast(keras.ops.isnan(_joined(gaps)), "float32")


def _centred(numbers: list[Number], read: dict[str, Any]) -> Any:
    """Return columns of two inputs each less their means: what is near a mean is exact in float32 again."""
    near = [np.float32(each.mean) for each in numbers]
    pairs = [(-a, -np.float32(each.mean - float(a))) for a, each in zip(near, numbers, strict=True)]
    given = _joined([read[each.name] for each in numbers])
    less = keras.layers.Rescaling(1.0, np.array(pairs, np.float32).reshape(-1), dtype="float32")(given)
    return keras.ops.sum(keras.layers.Reshape((len(numbers), 2))(less), axis=-1)


def _one(number: Number, read: dict[str, Any]) -> Any:
    """Return one value a row, NaN where there is none."""
    given = read[number.name]
    return keras.ops.sum(given, axis=-1, keepdims=True) if number.wide else given


def _numbered(raw: Raw, rows: np.ndarray, read: dict[str, Any]) -> tuple[list[Any], int]:
    """Return the number of each category's value, and how many there are: all columns share one count.

    The first number of a column stands for what is not known. So do values that come once: nothing is learnt of these,
    and what stands for the unknown is learnt from them.
    """
    ids, total = [], 0
    for column in raw.schema.columns:
        if column.kind == "category":
            counted = Counter(map(str, np.asarray(raw.x[column.name][rows])))
            known = [value for value, count in counted.most_common(MOST_CATEGORIES) if count > 1]
            known = sorted(value for value in known if value != UNKNOWN)
            if not known or len(counted) == 1:
                continue
            check_words_can_be_read(f"Column {column.name!r}")
            read[column.name] = keras.Input((1,), dtype="string", name=name_of(column.name, read))
            found = keras.layers.StringLookup(vocabulary=known)(read[column.name])
            ids.append(found + total if total else found)
            total += len(known) + 1
    return ids, total


def _weighed(raw: Raw, rows: np.ndarray, read: dict[str, Any]) -> Iterator[Any]:
    """Yield the words of texts by how rare they are, each text as a vector of length 1."""
    for column in raw.schema.columns:
        if column.kind == "text":
            check_words_can_be_read(f"Column {column.name!r}")
            found = vocabulary(looked_at(raw.x[column.name], rows), MOST_WORDS)
            if not found.words:
                continue
            read[column.name] = keras.Input((), dtype="string", name=name_of(column.name, read))
            weighed = keras.layers.TextVectorization(
                output_mode="tf_idf", vocabulary=list(found.words), idf_weights=list(found.weights[1:])
            )(read[column.name])
            yield keras.layers.UnitNormalization()(weighed)


def _joined(tensors: list[Any]) -> Any:
    return keras.layers.Concatenate()(tensors) if len(tensors) > 1 else tensors[0]
