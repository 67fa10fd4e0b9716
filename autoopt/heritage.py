"""Heritage: the trained parent that a trial starts from, and which trials may."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autoopt.recipe import Recipe
from autoopt.surgery import Template


@dataclass(frozen=True)
class Heritage:
    """What a trial inherits.

    Attributes:
        trial: Number of the trial whose weights they are.
        recipe: That trial's.
        weights: Its best epoch's, in Keras's order.
    """

    trial: int
    recipe: Recipe
    weights: Sequence[Any]


def grows(parent: Recipe, child: Recipe, template: Template) -> bool:
    """Say whether a child is deeper or wider than its parent somewhere, nowhere less, and trained likewise.

    Another optimizer, rate or batch size would be credited with its parent's score, however badly it trains.

    Args:
        parent: Of the same template.
        child: Likewise.
        template: Knows the depths as written.
    """
    if _training(parent) != _training(child):
        return False
    before, after = _measures(parent, template), _measures(child, template)
    return before != after and all(old <= new for old, new in zip(before, after, strict=True))


def _training(recipe: Recipe) -> Recipe:
    """Return what is left of a recipe without the layers, what they start from, and regularization.

    A bound on weights stays: a parent's may be beyond it.
    """
    start = ("initializer", "initializer_scale", "bias")
    regularization = ("l1", "l2", "dropout", "spatial_dropout", "label_smoothing")
    return recipe.plus(depth={}, width={}, **dict.fromkeys((*start, *regularization)))


def _measures(recipe: Recipe, template: Template) -> list[float]:
    depth, width = recipe.structure.depth, recipe.structure.width
    return [
        measure
        for stage in template.stages
        for measure in (depth.get(stage.name, stage.depth), width.get(stage.name, 1.0))
    ]
