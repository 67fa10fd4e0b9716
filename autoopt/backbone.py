"""Backbone: the pretrained parts of a model that was built, and how a recipe has them trained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import keras

from autoopt import surgery
from autoopt.axes.fine_tuning import WAYS
from autoopt.axes.initialization import AS_WRITTEN
from autoopt.engines import Pace, Slower
from autoopt.recipe import Recipe


def trained(recipe: Recipe) -> surgery.Trained | None:
    """Return which layers of pretrained parts a recipe trains, None where that is as written."""
    return WAYS[recipe.structure.fine_tune or AS_WRITTEN].trained


@dataclass(frozen=True)
class Backbone:
    """Nested models with loaded weights."""

    parts: Sequence[keras.Model]

    @classmethod
    def of(cls, model: keras.Model, pretrained: Sequence[str], names: Mapping[str, str]) -> Self:
        """Find it in a model.

        Args:
            model: Any build of the user's model, edited or not.
            pretrained: Names of the parts, as the axes read them.
            names: Name of a layer in `model` to the name that the axes read, where they differ.
        """
        return cls([layer for layer in model.layers if names.get(layer.name, layer.name) in pretrained])

    def train(self, recipe: Recipe) -> None:
        """Set which of its layers train, before the model is compiled."""
        wanted = trained(recipe)
        if wanted is not None:
            for part in self.parts:
                surgery.train(part, wanted)

    def slow(self, model: keras.Model, pace: Pace | None) -> None:
        """Have the optimizer of the compiled model go by a pace in these parts; None leaves it alone."""
        if pace is None:
            return
        own = {id(variable) for part in self.parts for variable in part.trainable_variables}
        places = frozenset(at for at, each in enumerate(model.trainable_variables) if id(each) in own)
        Slower(getattr(model.optimizer, "inner_optimizer", model.optimizer), places, pace)
