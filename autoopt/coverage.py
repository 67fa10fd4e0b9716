"""Which axes the user's own hyperparameters already cover, so that nothing is searched twice.

Found by trying: each hyperparameter is changed alone, and what differs in the model built is compared. Those
that come up only then are changed in their turn.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras_tuner
from keras_tuner.engine import hyperparameters as kinds

from autoopt.axes import Axis, LearningRate, Optimizer, Origin, Regularization
from autoopt.axes.learning_rate import RATE
from autoopt.errors import AutooptError

Traits = Mapping[str, Any]
"""Name of an axis, or of a part that one has, to what one build of the user's model says of it, comparable."""

SCHEDULE = "optimizer/schedule"
PENALTIES = ("regularization/l1", "regularization/l2")
REGULARIZERS = (
    *PENALTIES, "regularization/dropout", "regularization/spatial_dropout", "regularization/max_norm",
)  # fmt: skip
"""Parts of an axis that may be closed alone, by the names of their hyperparameters."""

MOST_NAMES = 8
"""Of a choice between names so many are tried: hyperparameters may come up under one of them alone."""


def covered(traits: Callable[[keras_tuner.HyperParameters], Traits]) -> Mapping[str, str]:
    """Return the axes and parts that the user's own code sets from its hyperparameters, each with the reason.

    Args:
        traits: Builds the user's model with some values and says what it has on each axis.
    """
    base, found, tried = keras_tuner.HyperParameters(), dict[str, str](), set[str]()
    waiting = [(base, traits(base))]
    while waiting:
        base, reference = waiting.pop(0)
        for hp in _untried(base, tried):
            tried.add(hp.name)
            for value in _others(hp):
                changed = keras_tuner.HyperParameters()
                changed.values = {**base.values, hp.name: value}
                try:
                    other = traits(changed)
                except AutooptError:
                    continue  # a value that does not build is the search's business, not ours
                for axis in (axis for axis in other if other[axis] != reference[axis]):
                    found.setdefault(axis, f"your own hyperparameter {hp.name!r} sets it.")
                if _untried(changed, tried):
                    waiting.append((changed, other))
    return found


def narrowed(axis: Axis, origin: Origin) -> Axis:
    """Return an open axis without the parts that are closed: those have the value of the user's model alone."""
    closed, template = origin.closed or {}, origin.template
    if isinstance(axis, Regularization):
        parts = {name: getattr(template, name.rpartition("/")[2]) for name in REGULARIZERS if name in closed}
        own: Any = {
            name.rpartition("/")[2]: (value,) for name, value in parts.items() if isinstance(value, float)
        }
        return dataclasses.replace(axis, **own)
    if isinstance(axis, Optimizer) and SCHEDULE in closed:
        # Full-batch descent is a batch size, which goes with the number of steps.
        # The average of the weights is scored by our own loop alone.
        names = [name for name in axis.names if name != "gd"]
        axis = dataclasses.replace(axis, names=names, use_ema=(False,))
    if isinstance(axis, Optimizer) and RATE in closed and origin.optimizer.learning_rate is not None:
        # A range that was made for one algorithm says nothing of another one's rates.
        axis = dataclasses.replace(axis, names=())
    if isinstance(axis, LearningRate) and SCHEDULE in closed:
        constant = dataclasses.replace(axis.optimizer, schedule=("constant",), warmup=())
        axis = dataclasses.replace(axis, optimizer=constant)
    return axis


def _untried(hp: keras_tuner.HyperParameters, tried: set[str]) -> list[Any]:
    """Return the active hyperparameters whose name has not been tried."""
    return [known for known in hp.space if known.name not in tried and hp.is_active(known)]


def _others(hp: Any) -> Sequence[Any]:
    """Return values of a hyperparameter other than its default that are to be tried."""
    if isinstance(hp, kinds.Int | kinds.Float):
        return [hp.max_value if hp.default != hp.max_value else hp.min_value]
    others = [value for value in hp.values if value != hp.default]
    return others[: MOST_NAMES if isinstance(hp.default, str) else 1]
