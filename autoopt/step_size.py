"""Step size: how many examples a step takes, and into how many batches it is cut so that it fits into memory."""

import math
from collections.abc import Callable, Hashable

from autoopt.data import DEFAULT_BATCH_SIZE, Dataset, Stream
from autoopt.recipe import Recipe

BYTES_A_NUMBER = 8
"""Of each number that a layer puts out: itself and its gradient, in single precision."""

MOST_GROWTH = 64
"""No edit makes a model take so many times the memory: below that nothing is built to find out."""


def step_size(recipe: Recipe, data: Dataset | None) -> int | None:
    """Return the examples a step of a recipe takes, None where the data brings its own batches."""
    if data is not None and isinstance(data.train, Stream):
        return None
    n = None if data is None else data.train.n
    if recipe.settings.full_batch and n is not None:
        return n
    return recipe.settings.batch_size or min(DEFAULT_BATCH_SIZE, n or DEFAULT_BATCH_SIZE)


class Room:
    """Memory for what layers put out in one step.

    Args:
        size: Bytes; None for no limit.
    """

    def __init__(self, size: int | None) -> None:
        self._size = size
        self._known: dict[Hashable, int | None] = {}

    def most(self, footprint: int | None) -> int | None:
        """Return how many examples fit, of so many numbers each; None where that is not known."""
        return self._size // (footprint * BYTES_A_NUMBER) if self._size and footprint else None

    def parts(self, size: int, own: int | None, key: Hashable, footprint: Callable[[], int | None]) -> int:
        """Return into how many batches a step has to be cut; a power of two.

        Args:
            size: Examples of the step.
            own: Footprint of the user's model, None where it is not known.
            key: What the footprint of this model depends on.
            footprint: Finds it, which takes building the model.
        """
        if own is None or self._size is None or size * own * BYTES_A_NUMBER * MOST_GROWTH <= self._size:
            return 1
        if key not in self._known:
            self._known[key] = footprint()
        needed, parts = (self._known[key] or 0) * BYTES_A_NUMBER, 1
        while parts < size and math.ceil(size / parts) * needed > self._size:
            parts *= 2
        return parts
