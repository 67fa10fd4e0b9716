"""Budget: the time of a whole call, as users write it."""

from typing import Any

from autoopt.errors import UsageError
from autoopt.spelling import named
from autoopt.untrusted import shown

UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}

DEFAULT_BUDGET = "10m"


def seconds(budget: Any) -> float | None:
    """Read a budget: seconds, or a text as `"90s"`, `"10m"`, `"2h"`; None is none.

    Raises:
        UsageError: It is neither, or not above 0.

    Example:
        >>> seconds("1.5m")
        90.0
    """
    if budget is None:
        return None
    try:
        text = str(budget).strip().lower()  # a whole number may have more digits than Python writes
        unit = UNITS.get(text[-1:])
        found = float(text[:-1]) * unit if unit else float(text)
    except ValueError:
        found = float("nan")
    if isinstance(budget, bool) or not 0 < found < float("inf"):
        raise UsageError(
            f'{named("budget")} was given {shown(budget)}. Expected seconds above 0, or a text as "90s", "10m" or "2h".'
        )
    return found
