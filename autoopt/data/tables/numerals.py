"""Numbers that stand in texts: what is missing, thousands, decimal commas, percent, money."""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from autoopt.schema import SIGNS, STYLES

MISSING = frozenset({"", "na", "n/a", "nan", "null", "<na>", "#n/a", "?", "\\n"})
"""What stands for nothing in any column, whatever its case; "none" and "-" may well be categories."""

MISSING_NUMBERS = MISSING | {"-", "--", ".", "none", "n.a.", "missing", "unknown"}
"""What stands for nothing among numbers and dates."""

PLAIN, POINT, COMMA = STYLES

SHAPES: Mapping[str, re.Pattern[str]] = {
    PLAIN: re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE),
    POINT: re.compile(r"[+-]?(\d+|[1-9]\d{0,2}(,\d{3})+)(\.\d*)?"),
    COMMA: re.compile(r"[+-]?(\d+|[1-9]\d{0,2}(\.\d{3})+)(,\d*)?"),
}
"""What numbers look like. No thousands begin with 0: 0,125 is an eighth."""

BARE, PERCENT, MONEY = SIGNS[0], SIGNS[1], SIGNS[2:]
"""Signs at numbers, as `Column.signs` has them: none, per cent, and what money is counted in."""

CODE, DIGITS = re.compile(r"0\d+"), re.compile(r"\d+")
LONG_EXPONENT = re.compile(r"[eE][+-]?\d{5}")
"""What pandas crashes on: https://github.com/pandas-dev/pandas/pull/63098"""

PROBE = 1_000
"""Different texts that are looked at before all of them are."""

TOLERATED = 0.01
"""Share of the rows whose values may be no numbers in a column of numbers: slips of who typed them."""


def style_of(texts: np.ndarray, counts: np.ndarray, comma: bool = False) -> str | None:
    """Return how the numbers among different texts are written; None where they are no numbers.

    Args:
        texts: Objects of str.
        counts: How many rows have each: one row in a hundred may have something else.
        comma: Whether decimal commas are likelier than points, between which 1.234 does not tell.
    """
    some = slice(None, None, max(1, len(texts) // PROBE))
    for style in (COMMA, PLAIN, POINT) if comma else (PLAIN, POINT, COMMA):
        if all(_fits(texts[part], counts[part], style) for part in (some, slice(None))):
            return style
    return None


def signs_of(texts: np.ndarray, style: str) -> str:
    """Return the signs that stand at the numbers among texts, in order.

    Example:
        >>> signs_of(np.array(["12%", "few", "3.5", "about $5"], object), PLAIN)
        '%0'
    """
    if not _has_signs(texts):
        return BARE
    numbers = parse(texts, style)[0]
    return "".join(sorted({_sign(text) for text in texts[~np.isnan(numbers)]}))


def spelled(style: str, signs: str | None) -> str:
    """Return an example of how numbers are written, empty where that is not known.

    Example:
        >>> spelled(COMMA, "€"), spelled(PLAIN, "%"), spelled(PLAIN, "0"), spelled(PLAIN, None)
        ('€1.234,5', '1234.5%', '1234.5', '')
    """
    if signs is None:
        return style
    money = next((sign for sign in signs if sign in MONEY), "")
    return f"{money}{style or '1234.5'}{PERCENT if signs == PERCENT else ''}"


def parse(texts: np.ndarray, style: str, signs: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers that texts stand for, NaN for what is missing, and which texts are no numbers.

    Args:
        texts: Objects of str.
        style: Of `SHAPES`.
        signs: Those that the numbers of training had: per cent where those had none, none where all had it, and other
            money are no such numbers. None for any.

    Example:
        >>> numbers, bad = parse(np.array(["1,234", "12%", "?", "few"], object), "1,234.5")
        >>> numbers.tolist(), bad.tolist()
        ([1234.0, 0.12, nan, nan], [False, False, False, True])
    """
    if style == PLAIN and not LONG_EXPONENT.search("\n".join(texts)):
        numbers = np.array(pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce"), np.float64)
    else:
        numbers = np.full(len(texts), np.nan)
    bad = np.zeros(len(texts), bool)
    with np.errstate(over="ignore"):
        unread = np.flatnonzero(~np.isfinite(numbers.astype(np.float32)))
    for place in unread:
        numbers[place], bad[place] = _read(texts[place], style)
    if signs is not None and (signs == PERCENT or _has_signs(texts)):
        for place in np.flatnonzero(~np.isnan(numbers)):
            if not is_signed_so(_sign(texts[place]), signs):
                numbers[place], bad[place] = np.nan, True
    return numbers, bad


def is_signed_so(sign: str, signs: str) -> bool:
    """Return whether a number with a sign is as large as it looks among numbers with other signs."""
    if sign == PERCENT:
        return PERCENT in signs
    if sign == BARE:
        return signs != PERCENT
    return sign in signs or not any(each in MONEY for each in signs)


def are_codes(texts: np.ndarray) -> bool:
    """Return whether texts are digits that are no numbers: a 0 stands in front of some."""
    filled = texts[~missing(texts)]
    return all(DIGITS.fullmatch(each) for each in filled) and any(CODE.fullmatch(each) for each in filled)


def missing(texts: np.ndarray, words: frozenset[str] = MISSING) -> np.ndarray:
    """Return which texts stand for nothing."""
    return np.array([each.strip().casefold() in words for each in texts], bool)


def _fits(texts: np.ndarray, counts: np.ndarray, style: str) -> bool:
    _, bad = parse(texts, style)
    filled = int(counts[~missing(texts, MISSING_NUMBERS)].sum())
    return filled > 0 and int(counts[bad].sum()) <= TOLERATED * filled


def _has_signs(texts: np.ndarray) -> bool:
    joined = "".join(texts)
    return any(sign in joined for sign in (PERCENT, *MONEY))


def _sign(text: str) -> str:
    if PERCENT in text:
        return PERCENT
    return next((sign for sign in text.strip() if sign in MONEY), BARE)


def _read(text: str, style: str) -> tuple[float, bool]:
    """Return the number that a text stands for, and whether it stands for none."""
    text = text.strip()
    if text.casefold() in MISSING_NUMBERS:
        return np.nan, False
    digits = text.lstrip("$€£").rstrip("%€ ")
    if not SHAPES[style].fullmatch(digits):
        return np.nan, True
    if style == COMMA:
        digits = digits.replace(".", "").replace(",", ".")
    number = float(digits.replace(",", "")) / (100 if "%" in text else 1)
    fits = abs(number) <= np.finfo(np.float32).max
    return (number if fits else np.nan), not fits
