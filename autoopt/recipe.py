"""Recipe: one candidate as plain frozen data, JSON both ways.

Structure is what has to be compiled; Settings are numbers that a compiled program takes as inputs.
None, and a stage that is not named, mean "as the user wrote it".
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

FLIPS: Mapping[str, tuple[float, float]] = {
    "none": (0.0, 0.0),
    "horizontal": (0.0, 0.5),
    "vertical": (0.5, 0.0),
    "horizontal_and_vertical": (0.5, 0.5),
}
"""How images are flipped, in the words of `keras.layers.RandomFlip`: shares flipped top to bottom and left to right."""


@dataclass(frozen=True)
class Structure:
    """The half of a recipe that decides which program has to be compiled.

    Attributes:
        depth: Stage name to the number of segments in it.
        width: Stage name to the factor by which its units or filters are multiplied.
        activation: Stage name to the activation of its hidden layers.
        normalization: Stage name to `"none"`, `"batch"` or `"layer"`.
        pooling: `"flatten"`, `"average"` or `"max"`: how an image or a sequence becomes a vector.
        optimizer: Algorithm, a name of `autoopt.axes.optimizer.ALGORITHMS`.
        fine_tune: How pretrained parts are trained, a name of `autoopt.axes.fine_tuning.WAYS`.
        use_ema: Whether the moving average of the weights is what is scored and kept.
    """

    depth: Mapping[str, int] = field(default_factory=dict)
    width: Mapping[str, float] = field(default_factory=dict)
    activation: Mapping[str, str] = field(default_factory=dict)
    normalization: Mapping[str, str] = field(default_factory=dict)
    pooling: str | None = None
    optimizer: str | None = None
    fine_tune: str | None = None
    use_ema: bool = False


@dataclass(frozen=True)
class Settings:
    """The half of a recipe that a compiled program takes as inputs.

    Attributes:
        initializer: Keras's name of the kernel initializer.
        initializer_scale: σ of `truncated_normal`, before its cut at 2σ.
        bias: A name of `autoopt.axes.initialization.BIASES`: where biases of outputs start.
        l1: Penalty factor λ of λ Σ|w| on kernels, Keras's convention.
        l2: Penalty factor λ of λ Σw² on kernels, Keras's convention.
        dropout: Share of units that are dropped, 0 to 1.
        spatial_dropout: Share of feature maps that are dropped whole, 0 to 1.
        max_norm: Largest norm of the weights that lead into a unit, 0 for none.
        label_smoothing: Share of a label that is spread over all classes, in training alone.
        learning_rate: The rate at the first step.
        schedule: A name of `autoopt.axes.optimizer.SCHEDULES`.
        warmup: Share of the steps in which the rate rises to `learning_rate`.
        momentum: β of the momentum method.
        weight_decay: Decoupled weight decay per step, times the learning rate.
        global_clipnorm: Norm to which all gradients together are clipped.
        backbone_rate: Learning rate of pretrained parts, as a factor of `learning_rate`.
        batch_size: Examples a step.
        full_batch: Whether a step takes all examples, whatever `batch_size` says.
        flip: How training flips images, a name of `FLIPS`.
        shift: Farthest shift of images in training, as a share of the side.
        rotation: Farthest turn of images in training, as a share of a full one.
        mixup: α of the Beta(α, α) by which training mixes images.
    """

    initializer: str | None = None
    initializer_scale: float | None = None
    bias: str | None = None
    l1: float | None = None
    l2: float | None = None
    dropout: float | None = None
    spatial_dropout: float | None = None
    max_norm: float | None = None
    label_smoothing: float | None = None
    learning_rate: float | None = None
    schedule: str | None = None
    warmup: float | None = None
    momentum: float | None = None
    weight_decay: float | None = None
    global_clipnorm: float | None = None
    backbone_rate: float | None = None
    batch_size: int | None = None
    full_batch: bool = False
    flip: str | None = None
    shift: float | None = None
    rotation: float | None = None
    mixup: float | None = None


@dataclass(frozen=True)
class Recipe:
    """One candidate: a structure and the settings to train it with.

    Example:
        >>> recipe = Recipe(Structure(depth={"dense": 3}), Settings(learning_rate=0.01))
        >>> Recipe.from_json(recipe.to_json()) == recipe
        True
    """

    structure: Structure = Structure()
    settings: Settings = Settings()

    def to_json(self) -> str:
        """Return the recipe as one line of JSON, without what is as the user wrote it."""
        halves = {"structure": vars(self.structure), "settings": vars(self.settings)}
        return json.dumps({half: _changed(values) for half, values in halves.items()}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        read = json.loads(text)
        return cls(Structure(**read.get("structure", {})), Settings(**read.get("settings", {})))

    def plus(self, **changes: Any) -> Self:
        """Return a recipe with some fields of either half set."""
        ours = {field.name for field in dataclasses.fields(Structure)}
        structure = {name: value for name, value in changes.items() if name in ours}
        settings = {name: value for name, value in changes.items() if name not in ours}
        return dataclasses.replace(
            self,
            structure=dataclasses.replace(self.structure, **structure),
            settings=dataclasses.replace(self.settings, **settings),
        )


def _changed(values: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: dict(value) if isinstance(value, Mapping) else value for name, value in values.items()}
    # Zero is a value: 0.0 == False, so equality would drop it.
    return {
        name: value
        for name, value in plain.items()
        if value is not None and value is not False and value != {}
    }
