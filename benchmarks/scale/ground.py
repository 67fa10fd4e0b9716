"""Ground: made-up scores over a whole search space, of which a few hyperparameters decide most, another for each seed."""

import itertools
import random
from collections.abc import Mapping
from typing import Any

import keras_tuner
from keras_tuner.engine import hyperparameters as kinds

FADING = 0.75
"""What a hyperparameter matters, as a share of the one that matters next more."""

BENT = 0.4
"""By how much the best place of one moves with the place of the next."""

NOISE = 0.004
"""Deviation of a score, as between seeds of a training."""

TOP, DEPTH = 0.98, 0.08
"""The best score, and about how far below it the worst is for each that matters."""


class Ground:
    """Scores by values.

    Args:
        space: All hyperparameters.
        seed: Which scores.
    """

    def __init__(self, space: keras_tuner.HyperParameters, seed: int) -> None:
        chance = random.Random(f"ground {seed}")
        self._seed = seed
        self._definitions: dict[str, Any] = {hp.name: hp for hp in reversed(space.space)}
        names = sorted(self._definitions)
        chance.shuffle(names)
        self._places = {name: (FADING**rank, chance.uniform(0.15, 0.85)) for rank, name in enumerate(names)}
        self._next = dict(itertools.pairwise(names))

    def score(self, values: Mapping[str, Any]) -> float:
        """Return the score without noise; what is not active takes nothing away."""
        lost = sum(self._lost(name, values) for name in values if name in self._places)
        return TOP - DEPTH * lost

    def noisy(self, values: Mapping[str, Any], number: int) -> float:
        """Return what a trial of that number reaches."""
        return self.score(values) + random.Random(f"noise {self._seed} {number}").gauss(0.0, NOISE)

    def _lost(self, name: str, values: Mapping[str, Any]) -> float:
        weight, best = self._places[name]
        beside = self._next.get(name)
        if beside in values:
            best += BENT * (self._at(str(beside), values[str(beside)]) - 0.5)
        return weight * (self._at(name, values[name]) - best) ** 2

    def _at(self, name: str, value: Any) -> float:
        """Return where a value lies, 0 to 1; choices lie in an order of their own."""
        hp = self._definitions[name]
        if isinstance(hp, kinds.Float | kinds.Int) and hp.max_value > hp.min_value:
            return float(min(max(hp.value_to_prob(min(max(value, hp.min_value), hp.max_value)), 0.0), 1.0))
        return random.Random(f"{self._seed} {name} {value!r}").random()
