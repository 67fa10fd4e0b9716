"""Sequences: letters as one place of each letter, all of them 0 where it is not known; series to one scale."""

from typing import Any

import keras
import numpy as np

from autoopt.errors import DataError
from autoopt.prepared import Inputs
from autoopt.preparing.layers import Layers, check_words_can_be_read, name_of
from autoopt.schema import Raw

LONGEST = 1_024
"""Letters of a sequence that a starter is given at most."""


def sequence(raw: Raw, rows: np.ndarray) -> Layers:
    """Return the layers for letters, or for series of numbers where the schema has no alphabet; fitted on some rows.

    Raises:
        DataError: All are empty, or the backend reads no letters.
    """
    column = raw.schema.columns[0].name
    given, made = (_letters if raw.schema.alphabet else _series)(raw, rows, column)
    return Layers({column: given}, {"steps": made}, Inputs(shape=tuple(made.shape[1:])))


def _letters(raw: Raw, rows: np.ndarray, column: str) -> tuple[Any, Any]:
    check_words_can_be_read(f"Column {column!r}")
    longest = max((len(letters) for letters in np.asarray(raw.x[column][rows])), default=0)
    if not longest:
        raise DataError(
            f"None of the {len(rows):,} sequences of {column!r} has a letter. Expected letters of "
            f"{raw.schema.alphabet!r}. Look at what was read of the file."
        )
    alphabet = raw.schema.alphabet
    # Small letters mark repeats in DNA: they are the same bases.
    one_case = len(set(alphabet.lower())) == len(alphabet)
    given = keras.Input((), dtype="string", name=name_of(column, {}))
    ids = keras.layers.TextVectorization(
        standardize="lower" if one_case else None,
        split="character",
        vocabulary=list(alphabet.lower() if one_case else alphabet),
        output_sequence_length=min(longest, LONGEST),
    )(given)
    return given, keras.ops.one_hot(ids - 2, len(alphabet))  # 0 is behind the end, 1 is not known


def _series(raw: Raw, rows: np.ndarray, column: str) -> tuple[Any, Any]:
    shape = raw.x[column].shape[1:]
    given = keras.Input(shape, name=name_of(column, {}))
    steps = given if len(shape) > 1 else keras.layers.Reshape((*shape, 1))(given)
    channels = np.asarray(raw.x[column][rows], "float64").reshape(-1, steps.shape[-1])
    channels = np.where(np.isfinite(channels), channels, np.nan)
    known = np.isfinite(channels).sum(0)
    means = np.nansum(channels, 0) / np.maximum(known, 1)
    variances = np.nansum((channels - means) ** 2, 0) / np.maximum(known, 1)
    scaled = keras.layers.Normalization(
        mean=means.tolist(), variance=np.where(variances > 0, variances, 1.0).tolist()
    )(steps)
    return given, keras.ops.nan_to_num(scaled, nan=0.0, posinf=0.0, neginf=0.0)
