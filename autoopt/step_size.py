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
        return (recipe.settings.batch_size or data.train.usual_size) if data.train.sized else None
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

    def needed(self, own: int | None, key: Hashable, footprint: Callable[[], int | None]) -> int:
        """Return the bytes of an example in a step; arguments as of `parts`.

        Where nothing is known of the user's model, whose layers stay as they are then, an example counts as one number.
        """
        if key not in self._known:
            self._known[key] = footprint()
        return (self._known[key] or int(own is None)) * BYTES_A_NUMBER

    def parts(
        self, size: int, own: int | None, key: Hashable, footprint: Callable[[], int | None],
        below: int | None = None,
    ) -> int:  # fmt: skip
        """Return into how many batches a step has to be cut; a power of two.

        Args:
            size: Examples of the step.
            own: Footprint of the user's model, None where it is not known.
            key: What the footprint of this model depends on.
            footprint: Finds it, which takes building the model.
            below: Bytes, as `needed` counts them, with which memory ran out; None where it never did.
        """
        limits = [self._size] * (own is not None and self._size is not None)
        limits += [] if below is None else [below - 1]
        most = min((limit for limit in limits if limit is not None), default=None)
        if most is None or (own is not None and size * own * BYTES_A_NUMBER * MOST_GROWTH <= most):
            return 1
        needed, parts = self.needed(own, key, footprint), 1
        while parts < size and math.ceil(size / parts) * needed > most:
            parts *= 2
        return parts
