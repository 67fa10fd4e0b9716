"""Dates that stand in texts: which format they have, and how many days since 1970 they are."""

import re

import numpy as np
import pandas as pd

from autoopt.data.tables.cells import days
from autoopt.data.tables.numerals import MISSING_NUMBERS, TOLERATED, missing

ISO = "ISO8601"
"""What pandas calls 2024-05-31, alone or with a time and a zone."""

FORMATS = (
    ISO, "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%m-%d-%Y", "%d-%m-%Y", "%Y/%m/%d", "%m/%d/%y", "%d/%m/%y", "%d.%m.%y",
    "%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y", "%d-%b-%y",
)  # fmt: skip
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")

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
    known = [f"{day}{time}" for day in FORMATS for time in (TIMES if day != ISO else ("",))]
    return [each for each in known if all(_fits(part, each) for part in (probe, filled))]


def parse(texts: np.ndarray, written: str) -> tuple[np.ndarray, np.ndarray]:
    """Return days since 1970, NaN for what is missing, and which texts are no dates of that format.

    Args:
        texts: Objects of str.
        written: Their format, as `strptime` takes it, or `ISO`.

    Example:
        >>> numbers, bad = parse(np.array(["1970-01-02 12:00", "", "soon"], object), ISO)
        >>> numbers.tolist(), bad.tolist()
        ([1.5, nan, nan], [False, False, True])
    """
    stripped = pd.Series([each.strip() for each in texts], dtype=object)
    found = days(pd.to_datetime(stripped, format=written, errors="coerce", utc=True))
    return found, np.isnan(found) & ~missing(texts, MISSING_NUMBERS)


def _fits(texts: np.ndarray, written: str) -> bool:
    return int(parse(texts, written)[1].sum()) <= TOLERATED * len(texts)
