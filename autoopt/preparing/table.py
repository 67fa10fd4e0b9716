"""Tables: numbers to one scale and a sign where they are missing, categories by number, words by how rare they are.

Keras's `FeatureSpace` does not do: it hands NaN on as NaN, and is fitted on a `tf.data.Dataset` alone.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from autoopt.errors import DataError
from autoopt.prepared import Inputs
from autoopt.preparing.layers import Layers, check_words_can_be_read, name_of
from autoopt.preparing.words import vocabulary
from autoopt.schema import Raw

FARTHEST = 10.0
"""Standard deviations from the mean beyond which numbers are taken for this: one slip of a comma rules no net."""

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


def _scaled(raw: Raw, rows: np.ndarray, read: dict[str, Any]) -> Iterator[Any]:
    """Yield numbers around 0, and 1 where one is missing, of columns where that happens."""
    names, means, variances, gaps = [], [], [], []
    for column in raw.schema.columns:
        if column.kind in ("number", "date"):
            given = raw.x[column.name][rows].astype("float64").reshape(-1)
            known = given[np.isfinite(given)]
            if not len(known):
                continue
            missing, variance = bool(np.isnan(given).any()), float(known.var())
            if variance == 0 and not missing:
                continue
            read[column.name] = keras.Input((1,), name=name_of(column.name, read))
            names.append(column.name)
            means.append(float(known.mean()))
            variances.append(variance or 1.0)  # a constant beside gaps: only the gaps tell anything
            gaps += [column.name] if missing else []
    if names:
        scaled = keras.layers.Normalization(mean=means, variance=variances)(
            _joined([read[name] for name in names])
        )
        # 0 is the mean. NaN has to go before `clip`, which hands it on.
        known = keras.ops.nan_to_num(scaled, nan=0.0, posinf=FARTHEST, neginf=-FARTHEST)
        yield keras.ops.clip(known, -FARTHEST, FARTHEST)
    if gaps:
        yield keras.ops.cast(keras.ops.isnan(_joined([read[name] for name in gaps])), "float32")


def _numbered(raw: Raw, rows: np.ndarray, read: dict[str, Any]) -> tuple[list[Any], int]:
    """Return the number of each category's value, and how many there are: all columns share one count.

    The first number of a column stands for what is not known. So do values that come once: nothing is learnt of these,
    and what stands for the unknown is learnt from them.
    """
    ids, total = [], 0
    for column in raw.schema.columns:
        if column.kind == "category":
            counted = Counter(map(str, raw.x[column.name][rows]))
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
            found = vocabulary(raw.x[column.name][rows], MOST_WORDS)
            if not found.words:
                continue
            read[column.name] = keras.Input((), dtype="string", name=name_of(column.name, read))
            weighed = keras.layers.TextVectorization(
                output_mode="tf_idf", vocabulary=list(found.words), idf_weights=list(found.weights[1:])
            )(read[column.name])
            yield keras.layers.UnitNormalization()(weighed)


def _joined(tensors: list[Any]) -> Any:
    return keras.layers.Concatenate()(tensors) if len(tensors) > 1 else tensors[0]
