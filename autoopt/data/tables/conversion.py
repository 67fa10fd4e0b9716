"""Cells as values of a kind that is known: of training's columns, and of the same columns read again."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from autoopt.data.tables import dates, numerals
from autoopt.data.tables.cells import Cells, Moments, Numbers, Texts, as_text
from autoopt.schema import ISO, Kind


@dataclass(frozen=True, eq=False)
class Converted:
    """A column's values as `Raw.x` has them.

    Attributes:
        values: One a row.
        bad: Whether a row had something that is not of the kind; its value is missing.
    """

    values: np.ndarray
    bad: np.ndarray

    @property
    def missing(self) -> np.ndarray:
        """Whether a row has no value."""
        return self.values == "" if self.values.dtype == object else np.isnan(self.values)


def converted(cells: Cells, kind: Kind, written: str = "", signs: str | None = None) -> Converted:
    """Return a column's values.

    Args:
        cells: As they were read.
        kind: What they are to be.
        written: How numbers and dates are written, as `Column.written`.
        signs: Which signs numbers may have, as `Column.signs`.
    """
    if kind in ("category", "text", "sequence"):
        texts = cleaned(cells, kind)
        return Converted(texts.rows(), np.zeros(len(texts.codes), bool))
    if isinstance(cells, Numbers if kind == "number" else Moments):
        values, known = within_range(cells.values), ~np.isnan(np.asarray(cells.values, np.float64))
        if kind == "number" and signs is not None and not numerals.is_signed_so(numerals.BARE, signs):
            values = np.full_like(values, np.nan)
        return Converted(values, np.isnan(values) & known)
    texts = as_text(cells)
    found, bad = (
        numerals.parse(texts.different, written, signs)
        if kind == "number"
        else dates.parse(texts.different, written or ISO)
    )
    return Converted(within_range(found)[texts.codes], bad[texts.codes])


def cleaned(cells: Cells, kind: Kind = "category") -> Texts:
    """Return cells as texts of which those that stand for nothing are "", categories without spaces around them.

    Sequences are without any space, and NA is a peptide of two letters.
    """
    texts = as_text(cells)
    if kind == "sequence":
        kept = ["".join(each.split()) for each in texts.different]
    else:
        lost = numerals.missing(texts.different)
        kept = [
            "" if gone else each.strip() if kind == "category" else each
            for each, gone in zip(texts.different, lost, strict=True)
        ]
    codes, different = pd.factorize(np.array(kept, object))
    return Texts(codes[texts.codes], np.asarray(different, object))


def within_range(values: np.ndarray) -> np.ndarray:
    """Return numbers as float64, NaN for what is beyond float32, in which models compute."""
    found = np.asarray(values, np.float64)
    with np.errstate(invalid="ignore"):
        beyond = np.abs(found) > np.finfo(np.float32).max
    return np.where(beyond, np.nan, found) if beyond.any() else found
