"""Which axes the user's own hyperparameters already cover, so that nothing is searched twice.

Found by trying: each hyperparameter is changed alone, and what differs in the model built is compared.
"""

from collections.abc import Callable, Mapping
from typing import Any

import keras_tuner
from keras_tuner.engine import hyperparameters as kinds

from autoopt.errors import AutooptError

Traits = Mapping[str, Any]
"""Name of an axis, or of a part that one has, to what one build of the user's model says of it, comparable."""


def covered(traits: Callable[[keras_tuner.HyperParameters], Traits]) -> Mapping[str, str]:
    """Return the axes and parts that the user's own code sets from its hyperparameters, each with the reason.

    Args:
        traits: Builds the user's model with some values and says what it has on each axis.
    """
    base = keras_tuner.HyperParameters()
    reference = traits(base)
    found: dict[str, str] = {}
    for hp in base.space:
        if not base.is_active(hp):
            continue
        changed = base.copy()
        changed.values = {**base.values, hp.name: _another(hp)}
        try:
            other = traits(changed)
        except AutooptError:
            continue  # a value that does not build is the search's business, not ours
        for axis, trait in other.items():
            if trait != reference[axis]:
                found.setdefault(axis, f"your own hyperparameter {hp.name!r} sets it.")
    return found


def _another(hp: Any) -> Any:
    """Return a value of a hyperparameter that is not its default, its default where it has no other."""
    if isinstance(hp, kinds.Int | kinds.Float):
        return hp.max_value if hp.default != hp.max_value else hp.min_value
    return next((value for value in hp.values if value != hp.default), hp.default)
