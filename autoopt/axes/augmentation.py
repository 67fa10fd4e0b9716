"""Augmentation: what training does to the images that it learns from; evaluation never sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras_tuner

from autoopt.axes.axis import Axis, Origin
from autoopt.axes.choices import check_names, check_numbers
from autoopt.recipe import FLIPS


@dataclass(frozen=True)
class Augmentation(Axis):
    """Flips, shifts, rotations and mixtures of images, each beside none of it, which is as written.

    Open where the model's one input is an image and it classifies; given as an object it is also open for other
    predictions that do not move with the image. Flips are closed unless asked for: they ruin digits and letters. So
    are rotations, which add little to shifts and cost most.

    Args:
        flip: How images may be flipped, half of them each way: of `"horizontal"`, `"vertical"` and
            `"horizontal_and_vertical"`.
        shift: Farthest shifts to choose from, as shares of the side from 0 to 0.5; in whole pixels.
        rotation: Farthest turns either way to choose from, as shares of a full one from 0 to 0.5.
        mixup: Values of α to choose from, from 0 to 1: each batch is mixed with itself, and its loss likewise, by
            a share drawn from Beta(α, α) (Zhang et al. 2018).

    Example:
        >>> import autoopt
        >>> autoopt.axes.Augmentation(flip=["horizontal"], rotation=[0.0, 0.05]).flip
        ['horizontal']
    """

    flip: Sequence[str] = ()
    shift: Sequence[float] = (0.0, 0.1)
    rotation: Sequence[float] = (0.0,)
    mixup: Sequence[float] = (0.0, 0.2)

    def __post_init__(self) -> None:
        check_names("flip", self.flip, [name for name in FLIPS if name != "none"])
        for name, what in (("shift", "shares of the side"), ("rotation", "shares of a full turn")):
            expected = f"a list of {what} from 0 to 0.5, for example [0.0, 0.1]"
            check_numbers(name, getattr(self, name), lambda share: 0 <= share <= 0.5, expected)
        expected = "a list of values of α from 0 to 1, for example [0.0, 0.2]"
        check_numbers("mixup", self.mixup, lambda alpha: 0 <= alpha <= 1, expected)

    def draw(self, hp: keras_tuner.HyperParameters, origin: Origin) -> Mapping[str, Any]:
        """Ask for `augmentation/flip`, `shift`, `rotation` and `mixup`, as far as there are images to change."""
        if origin.no_image:
            return {}
        mixed = () if "mixup" in (origin.closed or {}) else self.mixup
        return {
            "flip": _chosen(hp, "flip", ["none", *self.flip]),
            "shift": _chosen(hp, "shift", sorted({0.0, *map(float, self.shift)})),
            "rotation": _chosen(hp, "rotation", sorted({0.0, *map(float, self.rotation)})),
            "mixup": _chosen(hp, "mixup", sorted({0.0, *map(float, mixed)})),
        }


def _chosen(hp: keras_tuner.HyperParameters, name: str, values: Sequence[Any]) -> Any:
    """Return the value that was drawn, None for the first: nothing is done."""
    if len(values) == 1:
        return None
    value = hp.Choice(f"augmentation/{name}", list(dict.fromkeys(values)), default=values[0])
    return None if value == values[0] else value
