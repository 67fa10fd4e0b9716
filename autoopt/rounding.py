"""Rounding: what float32 loses of numbers, looked at piece by piece."""

from dataclasses import dataclass
from math import sqrt

import numpy as np

MOST_LOST = 1e-4
"""Of a standard deviation, that rounding to float32 may cost."""


@dataclass(frozen=True)
class Rounding:
    """What is known of numbers so far; NaN and infinity are left out.

    Attributes:
        n: How many there are.
        mean: Of them.
        squares: Sum of the squared distances from the mean.
        lost: The most that float32 loses of one.

    Example:
        >>> times = 1.7e9 + np.arange(60.0)
        >>> Rounding().and_of(times[:20]).and_of(times[20:]).matters, Rounding().and_of(np.arange(60.0)).matters
        (True, False)
    """

    n: int = 0
    mean: float = 0.0
    squares: float = 0.0
    lost: float = 0.0

    def and_of(self, piece: np.ndarray) -> "Rounding":
        """Return what is known once more numbers were seen (Chan, Golub and LeVeque 1979)."""
        known = piece[np.isfinite(piece)]
        if not len(known):
            return self
        n, mean = self.n + len(known), float(known.mean())
        apart = mean - self.mean
        squares = self.squares + float(known.var()) * len(known) + apart**2 * self.n * len(known) / n
        lost = float(np.abs(known - known.astype(np.float32)).max())
        return Rounding(n, self.mean + apart * len(known) / n, squares, max(self.lost, lost))

    @property
    def matters(self) -> bool:
        """Whether float32 cannot tell them apart, as it cannot seconds since 1970."""
        lost = max(self.lost, abs(self.mean - float(np.float32(self.mean))))
        return lost > MOST_LOST * sqrt(self.squares / max(self.n, 1)) > 0
