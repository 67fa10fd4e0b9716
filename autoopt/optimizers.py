"""Which optimizer a recipe asks for: as a plain Keras object, and as one that takes its numbers as inputs."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from autoopt.axes import Written
from autoopt.axes.fine_tuning import WAYS
from autoopt.axes.initialization import AS_WRITTEN
from autoopt.axes.optimizer import ALGORITHMS
from autoopt.engines import Knobs, Momentum, Pace, StepRate, decaying
from autoopt.recipe import Recipe

DECAY_RATE = 0.01
"""γ of exponential decay: the last learning rate, as a share of the first."""

POLYNOMIAL_POWER = 2.0
"""p of polynomial decay."""

ANY_ALGORITHM = (
    "clipnorm", "global_clipnorm", "clipvalue", "use_ema", "ema_momentum", "ema_overwrite_frequency",
    "loss_scale_factor", "gradient_accumulation_steps",
)  # fmt: skip
"""What every optimizer of Keras takes: the user's choice goes along to another algorithm."""

KINDS = {
    "gd": keras.optimizers.SGD,
    "sgd": keras.optimizers.SGD,
    "momentum": keras.optimizers.SGD,
    "rmsprop": keras.optimizers.RMSprop,
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
}


@dataclass(frozen=True)
class Plan:
    """An optimizer before it is made.

    Attributes:
        kind: Its class.
        config: Its configuration, the learning rate as written included.
        rate: The learning rate to start from; None where `config` has a schedule of the user's.
        schedule: A name of `autoopt.axes.optimizer.SCHEDULES`.
        total_steps: T of the schedule; None keeps the rate constant.
        traceable: Whether its configuration says everything about it.
        pace: How pretrained parts are trained; None as all the rest is.
    """

    kind: Any
    config: Mapping[str, Any]
    rate: float | None
    schedule: str
    total_steps: int | None
    traceable: bool = True
    pace: Pace | None = None

    @property
    def inputs(self) -> Mapping[str, float]:
        """Numbers other than the rate that a compiled program takes as inputs."""
        names = [name for name in ("momentum", "weight_decay") if self.config.get(name)]
        own = {name: float(self.config[name]) for name in names if name != "momentum" or self._is_sgd}
        return own if self.pace is None else {**own, **vars(self.pace)}

    @property
    def key(self) -> str:
        """What has to be compiled, as text."""
        inputs = {*self.inputs, "name", *(() if self.rate is None else ("learning_rate",))}
        left = {name: value for name, value in self.config.items() if name not in inputs}
        kind = f"{self.kind.__module__}.{self.kind.__qualname__}"
        return json.dumps([kind, left, sorted(self.inputs)], sort_keys=True, default=str)

    @property
    def rates(self) -> Callable[[int, int], np.ndarray] | None:
        """The learning rate of `count` steps from `start`; None where the optimizer knows it itself."""
        rate = self.rate
        if rate is None:
            return None
        return lambda start, count: rates(
            self.schedule, rate, self.total_steps, np.arange(start, start + count)
        )

    def made(self) -> keras.optimizers.Optimizer:
        """Return the plain optimizer."""
        if self.rate is None:
            return self.kind.from_config(dict(self.config))
        rate = schedule(self.schedule, self.rate, self.total_steps)
        return self.kind.from_config({**self.config, "learning_rate": rate})

    def traced(self, knobs: Knobs) -> keras.optimizers.Optimizer:
        """Return the same, with its numbers read from the knobs."""
        config = dict(self.config) if self.rate is None else {**self.config, "learning_rate": StepRate(knobs)}
        if "momentum" in self.inputs:
            if isinstance(
                config["learning_rate"], dict
            ):  # a schedule of the user's own, as `get_config` has it
                config["learning_rate"] = keras.saving.deserialize_keras_object(config["learning_rate"])
            kind = decaying(Momentum, knobs) if "weight_decay" in self.inputs else Momentum
            return kind(knobs, **config)
        kind = decaying(self.kind, knobs) if "weight_decay" in self.inputs else self.kind
        return kind.from_config(config)

    @property
    def _is_sgd(self) -> bool:
        return self.kind is keras.optimizers.SGD


def plan(recipe: Recipe, origin: Written, total_steps: int | None) -> Plan:
    """Return the optimizer that a recipe asks for.

    Args:
        recipe: The candidate.
        origin: The optimizer as the user wrote it.
        total_steps: Steps of the whole training, T of the schedules; None keeps the rate constant.
    """
    wanted, settings = recipe.structure.optimizer, recipe.settings
    changes: dict[str, Any] = {"momentum": settings.momentum, "weight_decay": settings.weight_decay}
    changes = {name: value for name, value in changes.items() if value is not None}
    name, paced = settings.schedule or "constant", pace(recipe, total_steps)
    if wanted is None or wanted == origin.algorithm:
        rate = origin.learning_rate if settings.learning_rate is None else settings.learning_rate
        return Plan(origin.kind, {**origin.config, **changes}, rate, name, total_steps, origin.whole, paced)
    rate = ALGORITHMS[wanted].default if settings.learning_rate is None else settings.learning_rate
    kept = {each: origin.config[each] for each in ANY_ALGORITHM if origin.config.get(each)}
    beta = {"momentum": 0.9} if wanted == "momentum" else {}
    return Plan(KINDS[wanted], {**kept, **beta, **changes}, rate, name, total_steps, pace=paced)


def pace(recipe: Recipe, total_steps: int | None) -> Pace | None:
    """Return how a recipe trains pretrained parts, None where as all the rest.

    Args:
        recipe: The candidate.
        total_steps: Steps of the whole training; None leaves the first of two phases out.
    """
    way = WAYS[recipe.structure.fine_tune or AS_WRITTEN]
    if not way.is_paced:
        return None
    rate = recipe.settings.backbone_rate
    return Pace(1.0 if rate is None else rate, math.ceil(way.frozen_share * (total_steps or 0)))


def schedule(name: str, rate: float, total_steps: int | None) -> Any:
    """Return Keras's schedule for α = `rate` over T = `total_steps` steps; a number when constant.

    Exponential is α γ^(t/T), polynomial α (1 − t/T)^p, cosine α (1 + cos πt/T) / 2
    (Loshchilov & Hutter 2017).
    """
    schedules = keras.optimizers.schedules
    if name == "constant":
        return rate
    if total_steps is None:
        # Stands still, and is no number: an optimizer saved under a schedule has no variable for the rate,
        # and is loaded into one that has none either.
        return schedules.ExponentialDecay(rate, 1, decay_rate=1.0)
    if name == "exponential":
        return schedules.ExponentialDecay(rate, total_steps, DECAY_RATE)
    if name == "polynomial":
        return schedules.PolynomialDecay(rate, total_steps, end_learning_rate=0.0, power=POLYNOMIAL_POWER)
    return schedules.CosineDecay(rate, total_steps)


def rates(name: str, rate: float, total_steps: int | None, steps: np.ndarray) -> np.ndarray:
    """Return what `schedule` gives at each of some steps t."""
    if name == "constant" or total_steps is None:
        return np.full(len(steps), rate)
    t = steps / total_steps
    if name == "exponential":
        return rate * DECAY_RATE**t
    t = np.minimum(t, 1.0)
    if name == "polynomial":
        return rate * (1 - t) ** POLYNOMIAL_POWER
    return rate * (1 + np.cos(math.pi * t)) / 2
