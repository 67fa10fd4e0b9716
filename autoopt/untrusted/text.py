"""Text of anybody's: names from files are shown by a terminal or a page, and never obeyed by it."""

import html
import unicodedata
from typing import Any

OBEYED = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode's categories of what a terminal acts on: controls, direction marks, halves of pairs, other line ends."""

LONGEST = 120
"""Characters of a value in a message."""


def printable(text: str, kept: str = "\n\t") -> str:
    r"""Return a text with what a terminal would act on written out, as Python writes it.

    Args:
        text: Anything.
        kept: Of that, what stays as it is.

    Example:
        >>> print(printable("red: \x1b[31m"))
        red: \x1b[31m
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        repr(each)[1:-1] if each not in kept and unicodedata.category(each) in OBEYED else each
        for each in text
    )


def escaped(text: str, kept: str = "") -> str:
    """Return a text in which HTML, and figures of plotly, have no tags, and nobody a direction of reading.

    Args:
        text: Anything.
        kept: As of `printable`.
    """
    return html.escape(printable(text, kept))


def shown(value: Any) -> str:
    """Return a value as messages have it: as Python writes it, and no longer than a line."""
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # too deep, or a whole number of thousands of digits
        text = f"an object of {type(value).__name__}"
    return brief(text)


def brief(text: object, longest: int = LONGEST) -> str:
    """Return what is told in a message, no longer than some characters: what a library says may have a whole file in it."""
    whole = str(text)
    return whole if len(whole) <= longest else f"{whole[:longest]}…"
