"""Which optimizer a recipe asks for: as a plain Keras object, and as one that takes its numbers as inputs."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from autoopt.axes import Written
from autoopt.axes.fine_tuning import WAYS
from autoopt.axes.initialization import AS_WRITTEN
from autoopt.axes.optimizer import ALGORITHMS
from autoopt.engines import Knobs, Momentum, Pace, Rates, StepRate, clipping, decaying
from autoopt.recipe import Recipe
from autoopt.schedules import Schedule

ANY_ALGORITHM = (
    "clipnorm", "global_clipnorm", "clipvalue", "use_ema", "ema_momentum", "ema_overwrite_frequency",
    "loss_scale_factor", "gradient_accumulation_steps",
)  # fmt: skip
"""What every optimizer of Keras takes: the user's choice goes along to another algorithm."""

EMA_MOMENTUM = 0.99
"""Keras's own, of the moving average of the weights."""

NUMBERS = ("momentum", "weight_decay", "global_clipnorm")
"""Settings that are arguments of Keras's optimizers."""


@dataclass(frozen=True)
class Plan:
    """An optimizer before it is made.

    Attributes:
        kind: Its class.
        config: Its configuration, the learning rate as written included.
        schedule: The learning rate of each step; None where `config` has a schedule of the user's.
        traceable: Whether its configuration says everything about it.
        pace: How pretrained parts are trained; None as all the rest is.
        averaged: Whether the moving average of the weights is what is scored.
    """

    kind: Any
    config: Mapping[str, Any]
    schedule: Schedule | None
    traceable: bool = True
    pace: Pace | None = None
    averaged: bool = False

    @property
    def inputs(self) -> Mapping[str, float]:
        """Numbers other than the rate that a compiled program takes as inputs."""
        names = [name for name in NUMBERS if self.config.get(name)]
        apart = {*(() if self._is_sgd else ("momentum",)), *(() if self._decays_alike else ("weight_decay",))}
        own = {name: float(self.config[name]) for name in names if name not in apart}
        return own if self.pace is None else {**own, **vars(self.pace)}

    @property
    def key(self) -> str:
        """What has to be compiled, as text."""
        inputs = {
            *self.inputs,
            "name",
            *(("adam_weight_decay",) if "weight_decay" in self.inputs else ()),
            *(() if self.schedule is None else ("learning_rate",)),
        }
        left = {name: value for name, value in self.config.items() if name not in inputs}
        kind = f"{self.kind.__module__}.{self.kind.__qualname__}"
        return json.dumps([kind, left, sorted(self.inputs)], sort_keys=True, default=str)

    @property
    def rates(self) -> Rates | None:
        """The learning rates of an epoch; None where the optimizer knows them itself."""
        schedule = self.schedule
        if schedule is None:
            return None
        return lambda start, count, losses: schedule.rates(np.arange(start, start + count), losses)

    def made(self) -> keras.optimizers.Optimizer:
        """Return the plain optimizer."""
        if self.schedule is None:
            return self.kind.from_config(dict(self.config))
        return self.kind.from_config({**self.config, "learning_rate": self.schedule.keras()})

    def traced(self, knobs: Knobs) -> keras.optimizers.Optimizer:
        """Return the same, with its numbers read from the knobs."""
        inputs, kind = self.inputs, Momentum if "momentum" in self.inputs else self.kind
        kind = decaying(kind, knobs) if "weight_decay" in inputs else kind
        kind = clipping(kind, knobs) if "global_clipnorm" in inputs else kind
        if self.schedule is None:
            config = dict(self.config)
        else:
            config = {**self.config, "learning_rate": StepRate(knobs)}
        if "momentum" not in inputs:
            return kind.from_config(config)
        if isinstance(config["learning_rate"], dict):  # a schedule of the user's own, as `get_config` has it
            config["learning_rate"] = keras.saving.deserialize_keras_object(config["learning_rate"])
        return kind(knobs, **config)

    @property
    def _decays_alike(self) -> bool:
        """Whether one number is the decay of all weights: Muon has two."""
        decay = self.config.get("weight_decay")
        return bool(self.config.get("adam_weight_decay", decay) == decay)

    @property
    def _is_sgd(self) -> bool:
        return self.kind is keras.optimizers.SGD


def plan(recipe: Recipe, origin: Written, total_steps: int | None, parts: int = 1) -> Plan:
    """Return the optimizer that a recipe asks for.

    Args:
        recipe: The candidate.
        origin: The optimizer as the user wrote it.
        total_steps: Steps of the whole training, T of the schedules; None keeps the rate constant.
        parts: Into how many batches a step is cut, whose gradients are averaged.
    """
    wanted, settings = recipe.structure.optimizer, recipe.settings
    changes = {name: getattr(settings, name) for name in NUMBERS if getattr(settings, name) is not None}
    changes |= {"use_ema": True} if recipe.structure.use_ema else {}
    kind, config, rate, whole = origin.kind, dict(origin.config), origin.learning_rate, origin.whole
    if wanted is not None and wanted != origin.algorithm:
        known = ALGORITHMS[wanted]
        kept = {each: origin.config[each] for each in ANY_ALGORITHM if origin.config.get(each)}
        kind, rate, whole = getattr(keras.optimizers, known.kind), known.default, True
        config = {**kept, **known.config}
    if "weight_decay" in changes and "adam_weight_decay" in config:  # Muon's, of all but matrices
        changes["adam_weight_decay"] = changes["weight_decay"]
    config |= changes
    rate = rate if settings.learning_rate is None else float(settings.learning_rate)
    name, warmup = settings.schedule or "constant", settings.warmup or 0.0
    schedule = None if rate is None else Schedule(name, rate, total_steps, warmup)
    averaged = bool(config.get("use_ema")) and not config.get("ema_overwrite_frequency")
    return Plan(kind, _cut(config, parts), schedule, whole, pace(recipe, total_steps), averaged)


def _cut(config: Mapping[str, Any], parts: int) -> Mapping[str, Any]:
    """Return the configuration of an optimizer whose steps are cut into parts; averages move at each of them."""
    if parts == 1:
        return config
    momentum = config.get("ema_momentum", EMA_MOMENTUM) ** (1 / parts)
    together = parts * (config.get("gradient_accumulation_steps") or 1)
    return {**config, "gradient_accumulation_steps": together, "ema_momentum": momentum}


def is_as_written(recipe: Recipe) -> bool:
    """Whether a recipe leaves the user's optimizer as it is."""
    fields = ("schedule", "warmup", "learning_rate", *NUMBERS)
    asked = [getattr(recipe.settings, name) for name in fields]
    return (
        recipe.structure.optimizer is None and not recipe.structure.use_ema and asked == [None] * len(asked)
    )


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
