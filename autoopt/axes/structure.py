"""Structure: how deep and how wide each stage of the user's model is, and how a pretrained part is trained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras_tuner

from autoopt.axes import fine_tuning
from autoopt.axes.axis import Axis, Origin
from autoopt.axes.choices import check_names, check_numbers
from autoopt.errors import SpaceError


@dataclass(frozen=True)
class Structure(Axis):
    """Depth and width of the stages: runs of Dense or convolutional layers between input and output.

    Few values a dimension, so that the same structure comes up again and its program is reused.

    Args:
        width: Factors by which a stage's units or filters may be multiplied, above 0.
        extra_depth: How many segments a stage may gain; it may always lose all but one.
        fine_tune: How a pretrained part may be trained, beside what the user wrote: a nested model with loaded
            weights.

    Example:
        >>> import autoopt
        >>> autoopt.axes.Structure(width=(1.0, 2.0), extra_depth=1)
        Structure(width=(1.0, 2.0), extra_depth=1)
    """

    width: Sequence[float] = (0.5, 1.0, 2.0, 4.0)
    extra_depth: int = 2
    fine_tune: Sequence[str] = tuple(fine_tuning.WAYS)

    def __post_init__(self) -> None:
        expected = "factors above 0, for example (0.5, 1.0, 2.0)"
        check_names("way to fine-tune", self.fine_tune, fine_tuning.WAYS)
        check_numbers("width", self.width, lambda factor: 0 < factor < float("inf"), expected)
        if not isinstance(self.extra_depth, int) or self.extra_depth < 0:
            raise SpaceError(f"extra_depth was given {self.extra_depth!r}. Expected a whole number from 0.")

    def draw(self, hp: keras_tuner.HyperParameters, origin: Origin) -> Mapping[str, Any]:
        """Ask for `structure/<stage>/depth`, `structure/<stage>/width` and `structure/fine_tune`."""
        depth: dict[str, int] = {}
        width: dict[str, float] = {}
        for stage in origin.template.stages:
            deepest = max(stage.depth, min(stage.max_depth, stage.depth + self.extra_depth))
            if stage.min_depth < deepest:
                name = f"structure/{stage.name}/depth"
                value = hp.Int(name, stage.min_depth, deepest, default=stage.depth)
                if value != stage.depth:
                    depth[stage.name] = value
            if stage.open_width:
                factors = sorted({1.0, *(float(factor) for factor in self.width)})
                value = hp.Choice(f"structure/{stage.name}/width", factors, default=1.0)
                if value != 1.0:
                    width[stage.name] = value
        return {"depth": depth, "width": width, **fine_tuning.way(hp, origin, self.fine_tune)}
