"""Heirs: which proposals start from the weights of the trial that they were made from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autoopt.heritage import Heritage
from autoopt.hypermodel import AutoHyperModel
from autoopt.hyperparameters import AskingHyperParameters
from autoopt.recipe import Recipe
from autoopt.search.oracle import OptunaOracle


@dataclass(frozen=True)
class Heirs:
    """What is asked for the heritage of a proposal.

    Attributes:
        oracle: Knows the parent of each proposal.
        hypermodel: Knows which recipes grow out of which.
        weights: Returns a trial's weights, None where they are not kept any more.
    """

    oracle: OptunaOracle
    hypermodel: AutoHyperModel
    weights: Callable[[int], Sequence[Any] | None]

    def heritage(self, number: int, recipe: Recipe, values: Mapping[str, Any]) -> Heritage | None:
        """Return what a proposal starts from: its parent's weights where it is a wider or deeper copy of it.

        Args:
            number: The proposal's.
            recipe: Likewise.
            values: Its active hyperparameters.
        """
        parent = self.oracle.parent_of(number)
        if parent is None:
            return None
        hp = AskingHyperParameters.of(parent.hyperparameters)
        before = self.hypermodel.draw(hp)
        if not self.hypermodel.grows(before, hp.values, recipe, values):
            return None
        weights = self.weights(parent.number)
        return None if weights is None else Heritage(parent.number, before, weights)
