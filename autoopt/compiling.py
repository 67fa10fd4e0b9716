"""How a candidate is compiled: the user's loss and metrics, and the optimizer that a recipe asks for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from autoopt.axes import Written
from autoopt.axes.optimizer import ALGORITHMS
from autoopt.recipe import Recipe

DECAY_RATE = 0.01
"""γ of exponential decay: the last learning rate, as a share of the first."""

POLYNOMIAL_POWER = 2.0
"""p of polynomial decay."""

METRICS = ("metrics", "weighted_metrics")
"""Arguments of `compile` that may hold objects with a state."""

ANY_ALGORITHM = (
    "clipnorm", "global_clipnorm", "clipvalue", "use_ema", "ema_momentum", "ema_overwrite_frequency",
    "loss_scale_factor", "gradient_accumulation_steps",
)  # fmt: skip
"""What every optimizer of Keras takes: the user's choice goes along to another algorithm."""


@dataclass(frozen=True)
class Compilation:
    """Everything but the optimizer that `keras.Model.compile` was called with.

    Attributes:
        arguments: Keyword arguments; metrics as the user gave them.
        note: What was chosen for a model that was not compiled, empty for one that was.
    """

    arguments: Mapping[str, Any]
    note: str = ""

    def apply(
        self, model: keras.Model, optimizer: keras.optimizers.Optimizer, shared: "Compilation | None" = None
    ) -> None:
        """Compile `model` with metrics of its own, so that no trial adds to another's counts.

        Args:
            model: What is compiled.
            optimizer: Its optimizer.
            shared: Whose metric objects another model has already; None for those of this compilation.
        """
        taken = [id(metric) for name in METRICS for metric in (shared or self)._objects(name)]
        fresh = {
            name: _fresh(value, taken) if name in METRICS else value for name, value in self.arguments.items()
        }
        model.compile(optimizer=optimizer, **fresh)

    def _objects(self, name: str) -> list[Any]:
        found = keras.tree.flatten(self.arguments.get(name))
        return [metric for metric in found if isinstance(metric, keras.metrics.Metric)]


def compilation(model: keras.Model) -> Compilation | None:
    """Read how a model was compiled; None where it was not."""
    if not model.compiled:
        return None
    # The arguments as the user passed them: Keras's own accessors give them serialized.
    arguments = dict(model._compile_config.config)
    del arguments["optimizer"]
    return Compilation(arguments)


def written(model: keras.Model) -> Written:
    """Read the optimizer as the user wrote it; Adam where the model was not compiled."""
    optimizer = model.optimizer if model.compiled else keras.optimizers.Adam()
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        # Keras puts it around the user's own under mixed_float16, and does so again.
        optimizer = optimizer.inner_optimizer
    config = optimizer.get_config()
    rate = config["learning_rate"]
    # Keras keeps the rate in single precision: 0.001 comes back as 0.0010000000474974513.
    constant = float(f"{rate:.7g}") if isinstance(rate, int | float) else None
    return Written(_algorithm(optimizer), type(optimizer), config, constant)


def optimizer(recipe: Recipe, origin: Written, total_steps: int | None) -> keras.optimizers.Optimizer:
    """Return the optimizer that a recipe asks for.

    Args:
        recipe: The candidate.
        origin: The optimizer as the user wrote it.
        total_steps: Steps of the whole training, T of the schedules; None keeps the rate constant.
    """
    wanted, settings = recipe.structure.optimizer, recipe.settings
    own = wanted is None or wanted == origin.algorithm
    rate = settings.learning_rate
    if rate is None and wanted is not None and not own:
        rate = ALGORITHMS[wanted].default
    changes: dict[str, Any] = {"momentum": settings.momentum, "weight_decay": settings.weight_decay}
    changes = {name: value for name, value in changes.items() if value is not None}
    if rate is not None:
        changes["learning_rate"] = schedule(settings.schedule or "constant", rate, total_steps)
    if own:
        return origin.kind.from_config({**origin.config, **changes})
    kept = {name: origin.config[name] for name in ANY_ALGORITHM if origin.config.get(name)}
    return CLASSES[wanted or "adam"](**kept, **changes)


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


CLASSES = {
    "gd": keras.optimizers.SGD,
    "sgd": keras.optimizers.SGD,
    "momentum": lambda **changes: keras.optimizers.SGD(**{"momentum": 0.9, **changes}),
    "rmsprop": keras.optimizers.RMSprop,
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
}


def _algorithm(optimizer: keras.optimizers.Optimizer) -> str:
    """Return the name of an optimizer's algorithm, its class in lower case where it is none of ours."""
    if isinstance(optimizer, keras.optimizers.SGD) and optimizer.momentum and not optimizer.nesterov:
        return "momentum"
    plain = type(optimizer).__name__.lower()
    return "nesterov" if plain == "sgd" and optimizer.nesterov else plain


def _fresh(metrics: Any, taken: Sequence[int]) -> Any:
    """Return metrics with every object whose id is taken replaced by a new one of the same configuration."""
    if isinstance(metrics, keras.metrics.Metric) and id(metrics) in taken:
        try:
            return type(metrics).from_config(metrics.get_config())
        except Exception:  # A class of the user's own without get_config. Keras resets it before each epoch.
            return metrics
    if isinstance(metrics, Mapping):
        return {name: _fresh(value, taken) for name, value in metrics.items()}
    if isinstance(metrics, list | tuple):
        return [_fresh(value, taken) for value in metrics]
    return metrics
