"""Optimizer: the algorithm, and the numbers that only it has; its learning rate is `axes/learning_rate.py`."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import keras_tuner

from autoopt.arguments import plain
from autoopt.axes import fine_tuning
from autoopt.axes.axis import Axis, Origin
from autoopt.axes.choices import check_names, check_numbers, check_range
from autoopt.errors import SpaceError
from autoopt.schedules import SHAPES
from autoopt.surgery import is_recurrent_or_attends


@dataclass(frozen=True)
class Algorithm:
    """A training algorithm.

    Attributes:
        kind: Name of its class in `keras.optimizers`.
        default: Its usual learning rate, at batches of about 32.
        low: The least that is searched.
        high: The largest.
        power: The rate grows with this power of the batch size: 1 where steps are as long as gradients (Goyal et
            al. 2017), 1/2 where their length is normalized (Malladi et al. 2022).
        numbers: Those that it has beside the rate.
        config: What tells it from others of its class, and where its numbers start.
    """

    kind: str
    default: float
    low: float
    high: float
    power: float = 0.5
    numbers: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)


MOMENTUM: Mapping[str, Any] = {"momentum": 0.9}
NESTEROV = {**MOMENTUM, "nesterov": True}
DECAY = {"adam_weight_decay": 0.004}
"""Keras's default; of all but matrices."""

ALGORITHMS: Mapping[str, Algorithm] = {
    # θ ← θ − α∇L over all examples
    "gd": Algorithm("SGD", 0.5, 1e-2, 2.0, 0.0),
    # the same over a batch (Robbins & Monro 1951)
    "sgd": Algorithm("SGD", 0.1, 5e-3, 1.0, 1.0),
    # v ← βv − α∇L, θ ← θ + v (Polyak 1964)
    "momentum": Algorithm("SGD", 0.02, 1e-3, 0.3, 1.0, ("momentum",), MOMENTUM),
    # v as above, θ ← θ + βv − α∇L (Nesterov 1983; Sutskever et al. 2013)
    "nesterov": Algorithm("SGD", 0.02, 1e-3, 0.3, 1.0, ("momentum",), NESTEROV),
    "rmsprop": Algorithm("RMSprop", 1e-3, 1e-4, 3e-2),  # Tieleman & Hinton 2012
    "adam": Algorithm("Adam", 1e-3, 1e-4, 3e-2),  # Kingma & Ba 2015
    "adamw": Algorithm("AdamW", 1e-3, 1e-4, 3e-2, numbers=("weight_decay",)),  # Loshchilov & Hutter 2019
    "nadam": Algorithm("Nadam", 1e-3, 1e-4, 3e-2),  # Dozat 2016
    "adamax": Algorithm("Adamax", 5e-3, 3e-4, 5e-2),  # Kingma & Ba 2015, section 7
    "adagrad": Algorithm("Adagrad", 5e-2, 3e-3, 0.5),  # Duchi, Hazan & Singer 2011
    "adadelta": Algorithm("Adadelta", 3.0, 0.1, 30.0),  # Zeiler 2012
    "lion": Algorithm("Lion", 5e-4, 3e-5, 5e-3, numbers=("weight_decay",)),  # Chen et al. 2023
    "muon": Algorithm(
        "Muon", 5e-3, 5e-4, 5e-2, numbers=("weight_decay",), config=DECAY
    ),  # Jordan et al. 2024
}
# Muon is there since Keras 3.11.
ALGORITHMS = {name: each for name, each in ALGORITHMS.items() if hasattr(keras.optimizers, each.kind)}

ADAPTIVE = ALGORITHMS["adam"]
"""What is expected of an algorithm of the user's that is none of these."""

SCHEDULES = tuple(SHAPES)

MOST_EXAMPLES_OF_GD = 10_000
"""With more examples than these in the training part, full-batch gradient descent is left out."""

CLIPPING = ("clipnorm", "clipvalue", "global_clipnorm")
"""Arguments of Keras's optimizers of which an optimizer has one at most."""


@dataclass(frozen=True)
class Optimizer(Axis):
    """The algorithm, learning rate, schedule, warm-up, momentum, weight decay; only what the algorithm has.

    Args:
        names: Algorithms to choose from; the user's own stays in, as the default.
        learning_rate: Lowest and highest rate, above 0, for all algorithms; None takes the range of each, which
            follows the batch size.
        schedule: Schedules to choose from.
        backbone_rate: Learning rates of a pretrained part to choose from, as factors of the model's.
        warmup: Shares of the steps in which the rate rises to its start, from 0 up to below 1; the schedule fills
            the rest.
        momentum: Lowest and highest β, above 0 and below 1.
        weight_decay: Lowest and highest decoupled weight decay, above 0; a step takes α times that share away.
        use_ema: Whether the moving average of the weights may be what is scored and returned (Polyak & Juditsky
            1992): values to choose from.
        global_clipnorm: Norms to which all gradients together are clipped (Pascanu et al. 2013), 0 for none; None
            offers 1.0 where the model has recurrent or attention layers.

    Example:
        >>> import autoopt
        >>> autoopt.axes.Optimizer(["sgd", "adamw"], learning_rate=(1e-4, 1e-1)).names
        ['sgd', 'adamw']
    """

    names: Sequence[str] = tuple(ALGORITHMS)
    learning_rate: tuple[float, float] | None = None
    schedule: Sequence[str] = SCHEDULES
    backbone_rate: Sequence[float] = fine_tuning.RATES
    warmup: Sequence[float] = (0.0, 0.05, 0.1)
    momentum: tuple[float, float] = (0.5, 0.99)
    weight_decay: tuple[float, float] = (1e-5, 1e-1)
    use_ema: Sequence[bool] = (False, True)
    global_clipnorm: Sequence[float] | None = None

    def __post_init__(self) -> None:
        check_names("optimizer", self.names, ALGORITHMS)
        check_names("schedule", self.schedule, SCHEDULES)
        truths = plain(self.use_ema)
        if not (isinstance(truths, tuple) and truths and all(isinstance(each, bool) for each in truths)):
            raise SpaceError(
                f"use_ema was given {self.use_ema!r}. Expected a list of True and False, for example [False, True]."
            )
        factors = "factors above 0, for example [0.1, 1.0]"
        check_numbers("backbone_rate", self.backbone_rate, lambda factor: 0 < factor < float("inf"), factors)
        if plain(self.warmup) != ():
            shares = "shares from 0 up to below 1, for example [0.0, 0.1]"
            check_numbers("warmup", self.warmup, lambda share: 0 <= share < 1, shares)
        if self.global_clipnorm is not None:
            norms = "norms of 0 or more, for example [0.0, 1.0]"
            check_numbers(
                "global_clipnorm", self.global_clipnorm, lambda norm: 0 <= norm < float("inf"), norms
            )
        check_range("momentum", self.momentum, "above 0 and below 1", 1.0)
        check_range("weight_decay", self.weight_decay, "above 0")
        if self.learning_rate is not None:
            check_range("learning_rate", self.learning_rate, "above 0")

    def draw(self, hp: keras_tuner.HyperParameters, origin: Origin) -> Mapping[str, Any]:
        """Ask for `optimizer/name`, `momentum`, `weight_decay`, `use_ema` and `global_clipnorm`."""
        written = origin.optimizer
        # A step over all examples needs data in memory, and one step an epoch few enough of them.
        gd = origin.rebatch and origin.whole and (origin.examples or 0) <= MOST_EXAMPLES_OF_GD
        if "gd" in self.names and not gd and tuple(self.names) != tuple(ALGORITHMS):
            raise SpaceError(
                f"The optimizer 'gd' was named, which steps through all examples at once. Expected data in arrays of at "
                f"most {MOST_EXAMPLES_OF_GD:,} examples that train. Leave 'gd' out."
            )
        offered = [name for name in self.names if name != "gd" or gd]
        names = list(dict.fromkeys([written.algorithm, *offered]))
        name = hp.Choice("optimizer/name", names, default=written.algorithm)
        changed = name != written.algorithm
        parts: dict[str, Any] = {"optimizer": name if changed else None, "full_batch": name == "gd"}
        for number, span, default in (
            ("momentum", self.momentum, written.momentum),
            ("weight_decay", self.weight_decay, written.weight_decay),
        ):
            having = [each for each in names if number in _numbers(each)]
            if not having:
                continue
            low, high = span
            if number in _numbers(written.algorithm) and written.config.get(number):
                low, high = min(low, default), max(high, default)
            default = min(max(default, low), high)
            with hp.conditional_scope("optimizer/name", having):
                value = hp.Float(f"optimizer/{number}", low, high, sampling="log", default=default)
            parts[number] = value if changed or value != default else None
        return {**parts, **self._extras(hp, origin)}

    def _extras(self, hp: keras_tuner.HyperParameters, origin: Origin) -> Mapping[str, Any]:
        """Draw what any algorithm may have, where the user has not set it."""
        config, parts = origin.optimizer.config, dict[str, Any]()
        # Keras averages weights before it bounds them: an average could lie beyond the bound.
        bounded = origin.template.max_norm not in (0.0, None)
        if not config.get("use_ema") and True in self.use_ema and not bounded:
            with _unbounded(hp):
                parts["use_ema"] = bool(hp.Boolean("optimizer/use_ema", default=False))
        norms = self.global_clipnorm
        if norms is None:
            norms = (1.0,) if is_recurrent_or_attends(origin.template) else ()
        choices = sorted({0.0, *map(float, norms)})
        if len(choices) > 1 and not any(config.get(name) for name in CLIPPING):
            norm = hp.Choice("optimizer/global_clipnorm", choices, default=0.0)
            parts["global_clipnorm"] = norm or None
        return parts


def _unbounded(hp: keras_tuner.HyperParameters) -> contextlib.AbstractContextManager[None]:
    """Return the scope in which no norm of weights has been bounded."""
    if "regularization/max_norm" not in [known.name for known in hp.space]:
        return contextlib.nullcontext()
    return hp.conditional_scope("regularization/max_norm", [0.0])


def _numbers(name: str) -> Sequence[str]:
    """Return the numbers that an algorithm has beside the rate."""
    return ALGORITHMS.get(name, ADAPTIVE).numbers
