"""Exploring: the whole space of a hypermodel, with every conditional scope that can be reached."""

from collections.abc import Callable, Mapping
from typing import Any

import keras_tuner

from autoopt.hypermodel import AutoHyperModel
from autoopt.hyperparameters import AskingHyperParameters


def explore(hypermodel: AutoHyperModel) -> keras_tuner.HyperParameters:
    """Return the full space: every hyperparameter of every conditional scope that can be reached.

    Args:
        hypermodel: Is drawn from until no scope is left that has never been active.
    """
    space = keras_tuner.HyperParameters()
    tried: list[Mapping[str, Any]] = [{}]
    waiting: list[Mapping[str, Any]] = [{}]
    while waiting:
        hp = AskingHyperParameters(_from(waiting.pop(0)))
        hypermodel.draw(hp)
        space.merge([known for known in hp.space if not space._exists(known.name, known.conditions)])
        for conditions in hp.inactive_scopes:
            wanted = {condition.name: condition.values[0] for condition in conditions}
            if wanted not in tried:
                tried.append(wanted)
                waiting.append(wanted)
    defaults = AskingHyperParameters(lambda known: known.default)
    hypermodel.draw(defaults)
    return replace_values(space, defaults.values)


def replace_values(
    space: keras_tuner.HyperParameters, values: Mapping[str, Any]
) -> keras_tuner.HyperParameters:
    """Return a space that holds some values."""
    copy = space.copy()
    copy.values = dict(values)
    return copy


def _from(wanted: Mapping[str, Any]) -> Callable[[Any], Any]:
    return lambda hp: wanted.get(hp.name, hp.default)
