"""Candidates: the points of a problem's space that every tuner is given, drawn once from a seed."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import keras_tuner

import autoopt
from benchmarks.throughput.job import Candidate
from benchmarks.throughput.problems import Problem

MOST_DRAWS = 100
"""For each candidate; a space with fewer structures than candidates would be drawn from for ever."""


def drawn(problem: Problem, trials: int, seed: int, folder: str) -> Sequence[Candidate]:
    """Return candidates, each value drawn from its range; the first is the user's own model.

    Args:
        problem: Whose space is drawn from.
        trials: How many.
        seed: Where chance comes from.
        folder: Where KerasTuner may write.

    Raises:
        RuntimeError: The space has fewer structures than candidates, which were all to be different.
    """
    space = _whole_space(problem, folder)
    chance = random.Random(seed)
    found = [_point(space, problem, lambda hp: hp.default)]
    structures = {_structure(found[0])}
    for _ in range(MOST_DRAWS * trials):
        if len(found) >= trials:
            return found[:trials]
        point = _point(space, problem, lambda hp: hp.random_sample(chance.randrange(1, 2**31)))
        if problem.all_different and _structure(point) in structures:
            continue
        structures.add(_structure(point))
        found.append(point)
    raise RuntimeError(f"The space has {len(structures)} structures. Ask for at most as many --trials.")


def _whole_space(problem: Problem, folder: str) -> keras_tuner.HyperParameters:
    """Return every hyperparameter, conditional ones included, as KerasTuner finds them."""
    hypermodel = autoopt.AutoHyperModel(problem.model_fn, problem.space, problem.train)
    tuner = keras_tuner.RandomSearch(hypermodel, "val_accuracy", max_trials=1, directory=folder)
    return tuner.oracle.get_space()


def _point(space: keras_tuner.HyperParameters, problem: Problem, value: Callable[[Any], Any]) -> Candidate:
    """Return a value for each hyperparameter that is active and not fixed anyway."""
    point = keras_tuner.HyperParameters()
    for hp in space.space:
        point.merge([hp])
        if point.is_active(hp):
            point.values[hp.name] = value(hp)
    return {name: chosen for name, chosen in point.values.items() if name not in problem.space.fix}


def _structure(point: Candidate) -> tuple[tuple[str, str], ...]:
    """Return what decides which program has to be compiled."""
    return tuple(
        (name, str(value))
        for name, value in sorted(point.items())
        if name.startswith("structure/") or name == "optimizer/name"
    )
