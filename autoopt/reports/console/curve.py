"""Curves: values as they come, kept as finely as a screen shows them, and drawn with characters."""

import math
from collections.abc import Sequence

MOST = 512
"""Values of a curve that are kept at most: no screen shows more."""

BLOCKS, PLAIN = "▁▂▃▄▅▆▇█", "_.:-=+*#"
"""Eight heights of a character cell, and what stands for them where an encoding has none of these."""


class Curve:
    """Values one after the other; of many, some are kept, evenly spaced, and always the last."""

    def __init__(self) -> None:
        self._kept: list[float] = []
        self._every = 1
        self._seen = 0
        self._last = math.nan

    def add(self, value: float) -> None:
        """Add the next value."""
        if self._seen % self._every == 0:
            self._kept.append(value)
        self._seen += 1
        self._last = value
        if len(self._kept) > MOST:
            self._kept, self._every = self._kept[::2], 2 * self._every

    def values(self, most: int = MOST) -> list[float]:
        """Return at most so many of them, evenly spaced, the last one included."""
        kept = self._kept if (self._seen - 1) % self._every == 0 else [*self._kept, self._last]
        if len(kept) <= most:
            return list(kept)
        return [kept[(place + 1) * len(kept) // most - 1] for place in range(most)]


def drawn(values: Sequence[float], height: int = 1, plain: bool = False) -> list[str]:
    """Return values as lines of characters, one column each, the highest line first.

    Args:
        values: What is not finite leaves its column empty.
        height: Lines.
        plain: Whether to use ASCII alone.

    Example:
        >>> drawn([0.0, 0.5, 0.75, 1.0])
        ['▁▅▆█']
    """
    finite = [value for value in values if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)
    marks = PLAIN if plain else BLOCKS
    steps = len(marks) * height - 1
    levels = [_level(value, low, high, steps) for value in values]
    return ["".join(_mark(level, row, marks) for level in levels) for row in reversed(range(height))]


def _level(value: float, low: float, high: float, steps: int) -> int:
    """Return how high a value stands: -1 for one that is not finite, else from 0 to `steps`."""
    return round(steps * share(value, low, high)) if math.isfinite(value) else -1


def share(value: float, low: float, high: float) -> float:
    """Return where a value stands between two: 0 at `low`, 1 at `high`, 0.5 where they are equal."""
    span = high / 2 - low / 2  # halves: the difference of two huge values may be too large for a float
    return (value / 2 - low / 2) / span if span > 0 else 0.5


def _mark(level: int, row: int, marks: str) -> str:
    """Return what a column of some height shows in a row, counted from below."""
    inside = level - row * len(marks)
    if inside < 0:
        return " "
    return marks[min(inside, len(marks) - 1)]
