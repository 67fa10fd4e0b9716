"""Portfolio: recipes known to be good on small nets, tried right after the user's model.

`python -m benchmarks portfolio` trains each of them on MNIST-1D and digits, beside the plain nets.
"""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import keras_tuner
from keras_tuner.engine import hyperparameters as kinds

from autoopt.errors import SpaceError
from autoopt.hyperparameters import check_value

Point = Mapping[str, Any]
"""Hyperparameter name, `*` standing for any stage, to value; what is not named takes its default."""

PORTFOLIO: Sequence[Point] = (
    {
        "optimizer/name": "adam",
        "optimizer/learning_rate": 5e-3,
        "optimizer/schedule": "cosine",
    },
    {
        "structure/*/width": 2.0,
        "initialization/kernel": "he_uniform",
        "regularization/dropout": 0.2,
        "optimizer/name": "adam",
        "optimizer/learning_rate": 5e-3,
        "optimizer/schedule": "cosine",
    },
    {
        "structure/*/width": 4.0,
        "initialization/kernel": "he_uniform",
        "regularization/dropout": 0.3,
        "optimizer/name": "adamw",
        "optimizer/learning_rate": 3e-3,
        "optimizer/weight_decay": 0.05,
        "optimizer/schedule": "cosine",
    },
)

OF_IMAGES: Point = {**PORTFOLIO[1], "augmentation/shift": 0.1}
"""The second one for images; elsewhere it is that one. It learns slowly at first: behind others it would be pruned."""


def wanted(point: Point, hp: Any) -> Any:
    """Return a point's value of one hyperparameter; its default where the point has none that it takes."""
    for pattern, value in point.items():
        if fnmatchcase(hp.name, pattern) and takes(hp, value):
            return value
    return hp.default


def fitting(
    space: keras_tuner.HyperParameters,
    points: Sequence[Point] = (PORTFOLIO[0], OF_IMAGES, *PORTFOLIO[1:]),
) -> Sequence[Point]:
    """Return the points that differ, in a space, from the user's model and from each other.

    Args:
        space: The whole space, with the values of the user's model.
        points: The portfolio.
    """
    found: dict[tuple[Any, ...], Point] = {}
    for point in points:
        differing = tuple(
            (hp.name, wanted(point, hp)) for hp in space.space if wanted(point, hp) != hp.default
        )
        if differing:
            found[differing] = point
    return tuple(found.values())


def takes(hp: Any, value: Any) -> bool:
    """Say whether a hyperparameter may become a value as it is."""
    try:
        check_value(hp, value)
    except SpaceError:
        return False
    return not isinstance(hp, kinds.Choice) or value in hp.values
