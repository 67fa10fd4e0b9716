"""Afforded: what finished trials tell of memory narrows what later ones take in a step.

Only trials that went on with half as many examples in a batch tell something: where that did not help either, it is not
the batch that takes the memory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from autoopt.hypermodel import AutoHyperModel
from autoopt.hyperparameters import AskingHyperParameters
from autoopt.recipe import Recipe
from autoopt.records import Trial


class Afforded:
    """Knows with how much in a step memory ran out. Called from one thread.

    Args:
        hypermodel: Tells what a step takes.
    """

    def __init__(self, hypermodel: AutoHyperModel) -> None:
        self._hypermodel = hypermodel
        self._known: dict[int, int] = {}

    def parts(self, recipe: Recipe, values: Mapping[str, Any], trials: Sequence[Trial]) -> int:
        """Return into how many batches each step of a candidate is cut at least.

        Args:
            recipe: The candidate's.
            values: Likewise.
            trials: Those that tell: a run that goes on must know the same.
        """
        found = [self._ran_out(trial) for trial in trials if trial.halved]
        return self._hypermodel.parts(recipe, values, min(found)) if found else 1

    def _ran_out(self, trial: Trial) -> int:
        """Return what a batch of a trial took when memory ran out."""
        if trial.number not in self._known:
            hp = AskingHyperParameters.of(trial.hyperparameters)
            recipe = self._hypermodel.draw(hp)
            self._known[trial.number] = self._hypermodel.needs(recipe, hp.values, max(trial.parts // 2, 1))
        return self._known[trial.number]


def told(trial: Trial) -> Trial:
    """Return a trial whose note says that memory ran out in it."""
    if not trial.halved:
        return trial
    sentence = f"Memory ran out: each step was cut into {trial.parts} batches, whose gradients are averaged."
    return replace(trial, note=f"{trial.note} {sentence}".strip())
