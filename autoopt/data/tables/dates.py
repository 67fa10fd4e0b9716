"""Dates that stand in texts: which format they have, and how many days since 1970 they are."""

import re

import numpy as np
import pandas as pd

from autoopt.data.tables.cells import days
from autoopt.data.tables.numerals import MISSING_NUMBERS, TOLERATED, missing
from autoopt.schema import DATES

SHAPE = re.compile(
    r"\s*(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{2,4}|[A-Za-z]{3,9} \d{1,2}, \d{4}).*"
)
PROBE = 50
"""Different texts that are tried with every format before all of them are."""


def formats_of(texts: np.ndarray) -> list[str]:
    """Return the formats that different texts may have as dates, the likeliest first; none where they are no dates."""
    filled = texts[~missing(texts, MISSING_NUMBERS)]
    probe = filled[:: max(1, len(filled) // PROBE)]
    if not len(probe) or not all(SHAPE.fullmatch(each) for each in probe):
        return []
    return [each for each in DATES if all(_fits(part, each) for part in (probe, filled))]


def parse(texts: np.ndarray, written: str) -> tuple[np.ndarray, np.ndarray]:
    """Return days since 1970, NaN for what is missing, and which texts are no dates of that format.

    Args:
        texts: Objects of str.
        written: Their format, of `DATES`.

    Example:
        >>> numbers, bad = parse(np.array(["1970-01-02 12:00", "", "soon"], object), "ISO8601")
        >>> numbers.tolist(), bad.tolist()
        ([1.5, nan, nan], [False, False, True])
    """
    stripped = pd.Series([each.strip() for each in texts], dtype=object)
    found = days(pd.to_datetime(stripped, format=written, errors="coerce", utc=True))
    return found, np.isnan(found) & ~missing(texts, MISSING_NUMBERS)


def _fits(texts: np.ndarray, written: str) -> bool:
    return int(parse(texts, written)[1].sum()) <= TOLERATED * len(texts)
