"""Interval: what stands behind a score, cut off where the score itself ends: no accuracy lies below 0 or above 1.

What lies beyond an end that is certain can be left out of any interval; it holds as often as before.
"""

import math
import re

SHARES = re.compile(r"accuracy|auc|precision|recall|f1|fbeta|iou|io_u|sensitivity|specificity|(^|_)acc($|_)")
"""Metrics that are shares, by their names."""


def ends(name: str, value: float, error: float | None) -> tuple[float, float] | None:
    """Return both ends of the interval around a score; None where its error is not known, or infinite.

    Args:
        name: Of the metric.
        value: The score.
        error: Half-width of the interval.

    Example:
        >>> ends("val_accuracy", 0.75, 0.5), ends("val_loss", 0.75, 0.5)
        ((0.25, 1.0), (0.25, 1.25))
    """
    if error is None or not math.isfinite(error):
        return None
    low, high = (0.0, 1.0) if 0.0 <= value <= 1.0 and _is_share(name) else (-math.inf, math.inf)
    return max(value - error, low), min(value + error, high)


def around(name: str, value: float | None, error: float | None) -> str:
    """Return an interval as what stands behind a score: its half-width, or its ends where it is cut off; empty for none.

    Example:
        >>> around("val_accuracy", 0.75, 0.125), around("val_accuracy", 0.75, 0.5), around("val_accuracy", 0.75, None)
        (' ± 0.1250', ' [0.2500, 1.0000]', '')
    """
    found = None if value is None else ends(name, value, error)
    if found is None or value is None or error is None:
        return ""
    whole = math.isclose(found[1] - found[0], 2 * error)
    return f" ± {error:.4f}" if whole else f" [{found[0]:.4f}, {found[1]:.4f}]"


def least_gain(name: str, value: float, least: float) -> float:
    """Return the lower bound of a gain that ended in a score: one share lies no more than 1 below another.

    Example:
        >>> least_gain("val_accuracy", 0.75, -1.25), least_gain("val_accuracy", 75.0, -1.25)
        (-1.0, -1.25)
    """
    return max(least, -1.0) if 0.0 <= value <= 1.0 and _is_share(name) else least


def _is_share(name: str) -> bool:
    stem = name.removeprefix("val_").lower()
    return SHARES.search(stem) is not None and "loss" not in stem
