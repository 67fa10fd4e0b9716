"""KerasTuner's hyperparameters as Optuna's distributions."""

import math
from collections.abc import Sequence
from typing import Any

import optuna
from keras_tuner.engine import hyperparameters as kinds
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    distribution_to_json,
)

from autoopt.hyperparameters import Ranged


def distribution(hp: Any) -> BaseDistribution | None:
    """Return the distribution to sample a hyperparameter from, None where there is nothing to choose.

    Integers and floats with a logarithmic step, and `reverse_log`, become choices: Optuna has neither.
    """
    if isinstance(hp, kinds.Fixed):
        return None
    if isinstance(hp, kinds.Boolean):
        return CategoricalDistribution((False, True))
    if isinstance(hp, kinds.Choice):
        return CategoricalDistribution(tuple(hp.values))
    if hp.sampling == "reverse_log" or (hp.sampling == "log" and hp.step is not None):
        return CategoricalDistribution(_grid(hp))
    logarithmic = hp.sampling == "log"
    if isinstance(hp, kinds.Int):
        step = 1 if logarithmic or hp.step is None else hp.step
        return IntDistribution(hp.min_value, hp.max_value, log=logarithmic, step=step)
    return FloatDistribution(hp.min_value, hp.max_value, log=logarithmic, step=hp.step)


MOST_LISTED = 1_000
"""Values of one hyperparameter that are listed; one that has more is taken as continuous."""


def options(hp: Any) -> Sequence[Any] | None:
    """Return every value that a hyperparameter may take, None where they cannot be listed."""
    found = None if isinstance(hp, Ranged) else distribution(hp)
    if isinstance(hp, kinds.Fixed) or (found is not None and found.single()):
        return (hp.default,)
    if isinstance(found, CategoricalDistribution):
        return tuple(found.choices)
    if not isinstance(found, IntDistribution | FloatDistribution) or found.step is None:
        return None
    count = math.floor((found.high - found.low) / found.step + 1e-9) + 1
    values = (min(found.high, found.low + i * found.step) for i in range(count))  # as Optuna rounds
    return tuple(values) if count <= MOST_LISTED else None


def variant(name: str, found: BaseDistribution) -> str:
    """Return the name under which a second distribution of one hyperparameter is kept.

    Optuna ties a name to one range, KerasTuner allows one for each condition.
    """
    if isinstance(found, CategoricalDistribution):
        return f"{name} {list(found.choices)}"
    if isinstance(found, IntDistribution | FloatDistribution):
        return f"{name} [{found.low:g}, {found.high:g}]"
    return f"{name} {distribution_to_json(found)}"


POSITION = " (position"


def positioned(hp: Ranged) -> str:
    """Return the name under which a value's place in its range, 0 to 1, is kept.

    A range that depends on other values is one dimension to a sampler only so. A search that goes on with other ranges
    has another dimension: the same place is another value there.
    """
    return f"{hp.name}{POSITION} in {hp.whole.min_value:g} to {hp.whole.max_value:g})"


def unpositioned(name: str) -> str:
    """Return the name of the value whose place is kept under a name; any other name as it is."""
    return name.partition(POSITION)[0]


def plain_name(name: str, found: BaseDistribution) -> str:
    """Return a hyperparameter's name as users know it, whichever of its ranges a value was drawn from.

    Args:
        name: As the journal has it: with a range behind it, or with what its position is in.
        found: What the value was drawn from.
    """
    return unpositioned(name.removesuffix(variant("", found)))


def holds(found: BaseDistribution, value: Any) -> bool:
    """Whether a value may come from a distribution."""
    if isinstance(found, CategoricalDistribution):
        return value in found.choices
    return bool(found.low <= value <= found.high)  # type: ignore[attr-defined]


def suggest(trial: optuna.Trial, name: str, found: BaseDistribution) -> Any:
    """Ask a trial for a value from a distribution."""
    if isinstance(found, CategoricalDistribution):
        return trial.suggest_categorical(name, found.choices)
    if isinstance(found, IntDistribution):
        return trial.suggest_int(name, found.low, found.high, step=found.step, log=found.log)
    if isinstance(found, FloatDistribution):
        return trial.suggest_float(name, found.low, found.high, step=found.step, log=found.log)
    raise TypeError(f"unknown distribution {found!r}")


def _grid(hp: Any) -> tuple[Any, ...]:
    """Return the values that a hyperparameter with a logarithmic step, or `reverse_log`, is chosen from."""
    if hp.sampling == "log":
        count = math.floor(math.log(hp.max_value / hp.min_value, hp.step) + 1e-9) + 1
        values = [hp.min_value * hp.step**i for i in range(count)]
    else:
        values = [hp.prob_to_value((i + 0.5) / 20) for i in range(20)]
    return tuple(dict.fromkeys(int(v) if isinstance(hp, kinds.Int) else float(v) for v in values))
