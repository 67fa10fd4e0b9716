"""Structure: how deep and how wide each stage of the user's model is, its parts, how a pretrained part is trained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras_tuner

from autoopt.axes import fine_tuning
from autoopt.axes.axis import Axis, Origin
from autoopt.axes.choices import check_names, check_numbers
from autoopt.axes.initialization import AS_WRITTEN
from autoopt.errors import SpaceError
from autoopt.surgery import ACTIVATIONS, NORMALIZATIONS, POOLINGS, Stage

PARTS = {"activation": ACTIVATIONS, "normalization": NORMALIZATIONS, "pooling": POOLINGS}
"""Arguments of the axis that are lists of names, to the names that there are."""


@dataclass(frozen=True)
class Structure(Axis):
    """Depth, width and parts of the stages: runs of Dense or convolutional layers between input and output.

    Few values a dimension, so that the same structure comes up again and its program is reused.

    Args:
        width: Factors by which a stage's units or filters may be multiplied, above 0.
        extra_depth: How many segments a stage may gain, 2 at most; it may always lose all but one.
        fine_tune: How a pretrained part may be trained, beside what the user wrote: a nested model with loaded
            weights.
        activation: What hidden layers may have in place of what the user wrote, of `"relu"`, `"gelu"`,
            `"silu"`, `"elu"`, `"tanh"` and `"selu"`; True opens all of them, False or `()` none. Open are those
            that `python -m benchmarks parts` does not show to lose.
        normalization: Likewise, of `"none"`, `"batch"` and `"layer"`.
        pooling: Likewise for how an image or a sequence becomes a vector, of `"flatten"`, `"average"` and
            `"max"`.

    Example:
        >>> import autoopt
        >>> axis = autoopt.axes.Structure(width=(1.0, 2.0), activation=["relu", "gelu"], pooling=False)
        >>> axis.activation
        ['relu', 'gelu']
    """

    width: Sequence[float] = (0.5, 1.0, 2.0, 4.0)
    extra_depth: int = 2
    fine_tune: Sequence[str] = tuple(fine_tuning.WAYS)
    activation: Sequence[str] | bool = ("relu", "gelu", "silu")
    normalization: Sequence[str] | bool = ("batch", "layer")
    pooling: Sequence[str] | bool = POOLINGS

    def __post_init__(self) -> None:
        expected = "factors above 0, for example (0.5, 1.0, 2.0)"
        check_names("way to fine-tune", self.fine_tune, fine_tuning.WAYS)
        check_numbers("width", self.width, lambda factor: 0 < factor < float("inf"), expected)
        if type(self.extra_depth) is not int or self.extra_depth < 0:
            raise SpaceError(f"extra_depth was given {self.extra_depth!r}. Expected a whole number from 0.")
        for name, known in PARTS.items():
            given = getattr(self, name)
            check_names(name, () if isinstance(given, bool) else given, known)

    def draw(self, hp: keras_tuner.HyperParameters, origin: Origin) -> Mapping[str, Any]:
        """Ask for `structure/<stage>/depth`, `width`, `activation` and `normalization`, `structure/pooling` and `structure/fine_tune`.

        Each is asked for where the model has a place for it.
        """
        template = origin.template
        depth: dict[str, int] = {}
        width: dict[str, float] = {}
        activation: dict[str, str] = {}
        normalization: dict[str, str] = {}
        for stage in template.stages:
            _keep(depth, stage, self._depth(hp, stage))
            _keep(width, stage, self._width(hp, stage))
            known = () if "activation" in (origin.closed or {}) else stage.activation
            _keep(activation, stage, self._part(hp, f"{stage.name}/activation", known))
            _keep(normalization, stage, self._part(hp, f"{stage.name}/normalization", stage.normalization))
        return {
            "depth": depth,
            "width": width,
            "activation": activation,
            "normalization": normalization,
            "pooling": self._part(hp, "pooling", template.pooling),
            **fine_tuning.way(hp, origin, self.fine_tune),
        }

    def _depth(self, hp: keras_tuner.HyperParameters, stage: Stage) -> int | None:
        deepest = max(stage.depth, min(stage.max_depth, stage.depth + self.extra_depth))
        if stage.min_depth >= deepest:
            return None
        value: int = hp.Int(f"structure/{stage.name}/depth", stage.min_depth, deepest, default=stage.depth)
        return None if value == stage.depth else value

    def _width(self, hp: keras_tuner.HyperParameters, stage: Stage) -> float | None:
        if not stage.open_width:
            return None
        factors = sorted({1.0, *(float(factor) for factor in self.width)})
        value: float = hp.Choice(f"structure/{stage.name}/width", factors, default=1.0)
        return None if value == 1.0 else value

    def _part(self, hp: keras_tuner.HyperParameters, name: str, known: Sequence[str]) -> str | None:
        """Ask for a part of the model, if it could become something that this axis has open."""
        given = getattr(self, name.rpartition("/")[2])
        wanted = known if given is True else given or ()
        values = [value for value in known if value in wanted]
        if not values:
            return None
        value: str = hp.Choice(f"structure/{name}", [AS_WRITTEN, *values], default=AS_WRITTEN)
        return None if value == AS_WRITTEN else value


def _keep(changes: dict[str, Any], stage: Stage, value: Any) -> None:
    """Write down what a stage changes to, None where it stays as written."""
    if value is not None:
        changes[stage.name] = value
