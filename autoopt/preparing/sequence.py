"""Sequences: letters as one place of each letter, all of them 0 where it is not known; series to one scale."""

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np

from autoopt.errors import DataError
from autoopt.prepared import Inputs
from autoopt.preparing.layers import Layers, check_words_can_be_read, name_of
from autoopt.schema import Raw, pieces

LONGEST = 1_024
"""Letters of a sequence that a starter is given at most."""


def sequence(raw: Raw, rows: np.ndarray) -> Layers:
    """Return the layers for letters, or for series of numbers where the schema has no alphabet; fitted on some rows.

    Raises:
        DataError: All are empty, or the backend reads no letters.
    """
    read, made = (_letters if raw.schema.alphabet else _series)(raw, rows)
    return Layers(read, {"steps": made}, Inputs(shape=tuple(made.shape[1:])))


def _letters(raw: Raw, rows: np.ndarray) -> tuple[dict[str, Any], Any]:
    column = raw.schema.columns[0].name
    check_words_can_be_read(f"Column {column!r}")
    longest = max((len(letters) for letters in np.asarray(raw.x[column][rows])), default=0)
    if not longest:
        raise DataError(
            f"None of the {len(rows):,} sequences of {column!r} has a letter. Expected letters of "
            f"{raw.schema.alphabet!r}. Look at what was read of the file."
        )
    alphabet = raw.schema.alphabet
    # Small letters mark repeats in DNA: they are the same bases. The layer knows those from A to Z alone, as bytes do.
    small = alphabet.encode().lower().decode()
    one_case = len(set(small)) == len(alphabet)
    given = keras.Input((), dtype="string", name=name_of(column, {}))
    ids = keras.layers.TextVectorization(
        standardize="lower" if one_case else None,
        split="character",
        vocabulary=list(small if one_case else alphabet),
        output_sequence_length=min(longest, LONGEST),
    )(given)
    return {column: given}, keras.ops.one_hot(ids - 2, len(alphabet))  # 0 is behind the end, 1 is not known


def _series(raw: Raw, rows: np.ndarray) -> tuple[dict[str, Any], Any]:
    read, steps = (_steps if len(raw.schema.columns) > 1 else _whole)(raw)
    means, variances = _moments([raw.x[name][rows] for name in read], steps.shape[-1])
    scaled = keras.layers.Normalization(
        mean=means.tolist(), variance=np.where(variances > 0, variances, 1.0).tolist()
    )(steps)
    return read, keras.ops.nan_to_num(scaled, nan=0.0, posinf=0.0, neginf=0.0)


def _moments(columns: Sequence[Any], channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of each channel, of what is known; where columns stay in their files, piece by piece."""
    total, squares, known = np.zeros(channels), np.zeros(channels), np.zeros(channels)
    for part in _parts(columns, channels):
        total, known = total + np.nansum(part, 0), known + np.isfinite(part).sum(0)
    means = total / np.maximum(known, 1)
    for part in _parts(columns, channels):
        squares += np.nansum((part - means) ** 2, 0)
    return means, squares / np.maximum(known, 1)


def _parts(columns: Sequence[Any], channels: int) -> Iterator[np.ndarray]:
    """Yield columns as float64 (steps, channels), NaN for what is not known."""
    for column in columns:
        for piece in pieces(column):
            found = np.asarray(piece, "float64").reshape(-1, channels)
            yield np.where(np.isfinite(found), found, np.nan)


def _whole(raw: Raw) -> tuple[dict[str, Any], Any]:
    """Return what reads series that are one array, and steps × channels of them."""
    column = raw.schema.columns[0].name
    shape = raw.x[column].shape[1:]
    given = keras.Input(shape, name=name_of(column, {}))
    return {column: given}, given if len(shape) > 1 else keras.layers.Reshape((*shape, 1))(given)


def _steps(raw: Raw) -> tuple[dict[str, Any], Any]:
    """Return the same of series of which each step is a column."""
    read: dict[str, Any] = {}
    for column in raw.schema.columns:
        read[column.name] = keras.Input((1,), name=name_of(column.name, read))
    joined = keras.layers.Concatenate()(list(read.values()))
    return read, keras.layers.Reshape((len(read), 1))(joined)
