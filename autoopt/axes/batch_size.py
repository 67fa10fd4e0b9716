"""Batch size: examples a step. Changing it never changes what an epoch covers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras_tuner

from autoopt.axes.axis import Axis, Origin
from autoopt.axes.choices import check_numbers
from autoopt.errors import SpaceError
from autoopt.spelling import named

POWERS_OF_TWO = (16, 32, 64, 128, 256, 512, 1024)
FEWEST_STEPS = 4


@dataclass(frozen=True)
class BatchSize(Axis):
    """Powers of two that leave at least 4 steps an epoch and fit into memory; `steps_per_epoch = ceil(n / batch_size)`.

    A size that is given, or was written, and does not fit is trained in several batches whose gradients are averaged.

    Args:
        values: Batch sizes to choose from, beside what the user wrote; None reads them from the data.

    Example:
        >>> import autoopt
        >>> autoopt.axes.BatchSize([32, 64])
        BatchSize(values=[32, 64])
    """

    values: Sequence[int] | None = None

    def __post_init__(self) -> None:
        if self.values is not None:
            expected = "whole numbers from 1, for example [32, 64]"
            check_numbers(
                "batch_size", self.values, lambda size: isinstance(size, int) and size >= 1, expected
            )

    def draw(self, hp: keras_tuner.HyperParameters, origin: Origin) -> Mapping[str, Any]:
        """Ask for `batch_size`, except under full-batch gradient descent."""
        if not origin.rebatch:
            if self.values is not None:
                raise SpaceError(
                    f"{named('batch_size')} was given {list(self.values)}, but the data comes batch by batch. Expected arrays, "
                    f"which can be cut into batches of any size. Leave {named('batch_size')} out, or pass the data as arrays."
                )
            return {}
        choices = sorted({*self._choices(origin), origin.batch_size})
        if "optimizer/name" not in hp.values:
            return self._drawn(hp, choices, origin)
        others = [name for name in _names(hp) if name != "gd"]
        if not others:
            return {}
        with hp.conditional_scope("optimizer/name", others):
            return self._drawn(hp, choices, origin)

    def _choices(self, origin: Origin) -> Sequence[int]:
        examples = origin.examples
        if self.values is None:
            limits = (max(POWERS_OF_TWO), origin.most, None if examples is None else examples // FEWEST_STEPS)
            most = min(limit for limit in limits if limit is not None)
            return [size for size in POWERS_OF_TWO if size <= most]
        if examples is not None and max(self.values) > examples:
            raise SpaceError(
                f"{named('batch_size')} was given {max(self.values)}, more than the {examples} examples that train. "
                f"Expected sizes of at most {examples}."
            )
        return self.values

    def _drawn(
        self, hp: keras_tuner.HyperParameters, choices: Sequence[int], origin: Origin
    ) -> Mapping[str, Any]:
        value = hp.Choice("batch_size", choices, default=origin.batch_size)
        return {"batch_size": None if value == origin.batch_size else value}


def _names(hp: keras_tuner.HyperParameters) -> Sequence[str]:
    """Return every optimizer that may come up, so that the scope's condition is always the same."""
    definitions = [known for known in hp.space if known.name == "optimizer/name"]
    return [name for known in definitions for name in known.values]
