"""Runs that are made up: what a search writes, with nothing trained."""

import random
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import keras_tuner
import optuna

from autoopt.hyperparameters import AskingHyperParameters
from autoopt.records import Objective, Trial
from autoopt.storage import Journal, RunFolder

OBJECTIVE = Objective("val_accuracy", "max")
KEYS = ("loss", "accuracy", "val_loss", "val_accuracy")
EPOCHS = 50
FAILS = 13
"""Every so many trials one fails."""


def draw(hp: keras_tuner.HyperParameters, more: str) -> None:
    """Ask for as many hyperparameters as the digits example has, one of them with a name of the caller's."""
    hp.Float(more, 0.0, 1.0)
    hp.Float("optimizer/learning_rate", 1e-4, 1e-1, sampling="log")
    if hp.Choice("optimizer/name", ["sgd", "adam"]) == "sgd":
        with hp.conditional_scope("optimizer/name", ["sgd"]):
            hp.Float("optimizer/momentum", 0.5, 0.99)
    hp.Int("structure/dense/depth", 1, 3)
    hp.Boolean("optimizer/use_ema")
    for number in range(14):
        hp.Choice(f"regularization/part_{number}", [0.0, 1e-5, 1e-4, 1e-3])


def run_of(
    path: Path, trials: int, more: str = "noise", reason: str = "ValueError: no", **asked: Any
) -> Path:
    """Write a run of so many trials and return its folder.

    Args:
        path: The folder.
        trials: How many.
        more: Name of one hyperparameter.
        reason: Why every 13th trial failed.
        asked: What else `run.json` has.
    """
    path.mkdir(parents=True)
    space = keras_tuner.HyperParameters()
    draw(space, more)
    folder, chance = RunFolder(path), random.Random(0)
    whole = {"objective": vars(OBJECTIVE), "space": space.get_config(), "defaults": dict(space.values)}
    folder.write("run", {"project": path.name, "seed": 0, **whole, **asked})
    folder.write("space", {})
    objective = Objective(**folder.read("run")["objective"])
    journal = Journal(folder.journal, objective, optuna.samplers.RandomSampler(seed=0))
    for _ in range(trials):
        number = journal.open()
        hp = AskingHyperParameters(partial(journal.suggest, number))
        draw(hp, more)
        journal.close(_trial(number, dict(hp.values), chance, reason))
    return path


def _trial(number: int, values: Mapping[str, Any], chance: random.Random, reason: str) -> Trial:
    if number % FAILS == FAILS - 1:
        return Trial(
            number, "failed", None, values, {}, None, 0.0, 1.0, error=f"Traceback:\n{reason}", note=reason
        )
    history = {key: [chance.random() for _ in range(EPOCHS)] for key in KEYS}
    best = max(range(EPOCHS), key=history["val_accuracy"].__getitem__)
    score = history["val_accuracy"][best]
    return Trial(number, "completed", score, values, history, best, 0.0, 1.0, costs={"train": 0.5})
