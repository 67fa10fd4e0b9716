"""What catches the eye in rows that were read: columns that give the target away, rows that come twice."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from autoopt.schema import pieces
from autoopt.spelling import spelled
from autoopt.untrusted import shown

FEWEST_ROWS = 20
"""Rows from which on a column that fits the target is no accident."""

ROWS_A_VALUE = 5
"""On average, of a column that is looked at: one whose values are all different would give anything away."""

LOOK = 20_000
"""Rows that are looked at first: most columns turn out innocent there."""

SAME = 0.99999
"""Correlation from which on a column is the target, in other units."""


def leaks(x: Mapping[str, Any], y: np.ndarray) -> list[str]:
    """Return a sentence for each input that gives the target away.

    Args:
        x: Inputs by name, one value a row.
        y: Class numbers or numbers, one a row.
    """
    if y.ndim > 1 or len(y) < FEWEST_ROWS:
        return []
    return [_told(name, why) for name, values in x.items() if (why := _leak(np.asarray(values), y))]


def marks(x: Mapping[str, Any], y: np.ndarray | None) -> np.ndarray:
    """Return a number a row, the target included, that others of the same columns share if they are the same.

    Args:
        x: Inputs by name, one value, image or sound a row.
        y: Class numbers or numbers, one a row, or several.
    """
    columns = [*x.values(), *([] if y is None else y.reshape(len(y), -1).T)]
    found = np.zeros(len(columns[0]), np.uint64)
    for values in columns:
        hashed = [np.empty(0, np.uint64), *map(_hashed, pieces(values))]
        found = found * np.uint64(1_000_003) + np.concatenate(hashed)
    return found


def twice(x: Mapping[str, Any], y: np.ndarray) -> tuple[str, ...]:
    """Return what is to be said of rows that are the same as an earlier one, the target included."""
    count = len(y) - len(pd.unique(marks(x, y)))
    if not count:
        return ()
    return (
        f"{count:,} of {len(y):,} rows {'is' if count == 1 else 'are'} the same as an earlier one: a score is too good where "
        "such rows train and test.",
    )


def capitals(name: str, texts: Any) -> tuple[str, ...]:
    """Return what is to be said of a text's capital letters beyond A to Z: layers that read words know no small ones for them.

    Args:
        name: Of the column.
        texts: Its values.
    """
    letters: set[str] = set()
    for piece in pieces(texts[:LOOK]):
        letters.update(*(each for each in piece if not each.isascii()))
    pairs = sorted(each for each in letters if not each.isascii() and each.lower() != each)
    pairs = [each for each in pairs if each.lower() in letters]
    if not pairs:
        return ()
    return (
        f"Words of {shown(name)} are the same in capital letters and in small ones from A to Z alone: {shown(pairs[0])} and "
        f"{shown(pairs[0].lower())} are two letters to the layers that read words. If it matters, write all texts in small "
        "letters, here and where the model predicts.",
    )


def _hashed(values: np.ndarray) -> np.ndarray:
    """Return a number a row; equal rows of this process have equal ones."""
    if values.ndim > 1:
        return np.array([hash(row.tobytes()) for row in values], np.int64).astype(np.uint64)
    if values.dtype == object:
        codes, different = pd.factorize(values, use_na_sentinel=False)
        return np.array([hash(each) for each in different], np.int64).astype(np.uint64)[codes]
    return np.asarray(pd.util.hash_array(np.ascontiguousarray(values)))


def _leak(values: np.ndarray, y: np.ndarray) -> str:
    """Return how a column gives the target away, as a sentence goes on; empty where it does not."""
    both_numbers = values.dtype != object and y.dtype.kind == "f"
    if both_numbers and all(_is_same(values[rows], y[rows]) for rows in _looks(len(y))):
        return "it is the target, or the target in other units"
    distinct = 0
    for rows in _looks(len(y)):
        distinct = _determines(values[rows], y[rows])
        if not distinct:
            return ""
    if not 2 <= distinct <= len(y) / ROWS_A_VALUE:
        return ""
    return f"each of its {distinct:,} values comes with one value of the target alone"


def _looks(n: int) -> list[slice]:
    """Return which rows are looked at in turn: some, and all where these leave it open."""
    return [slice(LOOK), slice(n)] if n > LOOK else [slice(n)]


def _determines(values: np.ndarray, y: np.ndarray) -> int:
    """Return how many values a column has if each comes with one value of the target alone, else 0."""
    codes, different = pd.factorize(values, use_na_sentinel=False)
    answers = pd.factorize(y)[0].astype(np.int64)
    pairs = pd.unique(codes.astype(np.int64) * (int(answers.max()) + 1) + answers)
    return len(different) if len(pairs) == len(different) else 0


def _is_same(values: np.ndarray, y: np.ndarray) -> bool:
    """Whether one is the other in other units."""
    known = ~np.isnan(values)
    a, b = values[known].astype(np.float64), y[known].astype(np.float64)
    if len(a) < FEWEST_ROWS or a.std() == 0 or b.std() == 0:
        return False
    return bool(abs(np.corrcoef(a, b)[0, 1]) > SAME)


def _told(name: str, why: str) -> str:
    return (
        f"Column {shown(name)} gives the target away: {why}. A model will look better than it is if that is not known when "
        f"it predicts: leave it out with {spelled('drop', [name])}, or keep it if it is."
    )
