"""Samplers, oracles and pruners by name, made when the seed and the limits of a search are known."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras_tuner
import optuna

from autoopt import seeding
from autoopt.errors import UsageError
from autoopt.search_options import OURS, Search
from autoopt.spelling import named
from autoopt.storage import quiet

ENDLESS = 10**6
"""Trials, or rounds of Hyperband, where nothing but time ends a search."""

SAMPLERS: Mapping[str, Any] = {
    "random": optuna.samplers.RandomSampler,
    "gp": optuna.samplers.GPSampler,
    "cmaes": optuna.samplers.CmaEsSampler,
    "qmc": optuna.samplers.QMCSampler,
    "nsgaii": optuna.samplers.NSGAIISampler,
    "nsgaiii": optuna.samplers.NSGAIIISampler,
    "brute_force": optuna.samplers.BruteForceSampler,
}

PRUNERS: Mapping[str, Any] = {
    "median": optuna.pruners.MedianPruner,
    "hyperband": optuna.pruners.HyperbandPruner,
    "none": optuna.pruners.NopPruner,
}

ORACLES: Mapping[str, Any] = {
    "random": keras_tuner.oracles.RandomSearchOracle,
    "bayesian": keras_tuner.oracles.BayesianOptimizationOracle,
    "grid": keras_tuner.oracles.GridSearchOracle,
    "hyperband": keras_tuner.oracles.HyperbandOracle,
}


def made(search: Search, seed: int, max_trials: int | None, epochs: int, earlier: int = 0) -> Search:
    """Return the options of a search with objects in place of names.

    Args:
        search: As the user gave them.
        seed: Of the search.
        max_trials: Most trials, None for no such limit.
        epochs: Most epochs a trial.
        earlier: How many trials the run has that the search goes on with: they are not to be proposed again.

    Raises:
        UsageError: A package is missing that something named needs.
    """
    most = ENDLESS if max_trials is None else max_trials
    drawn = seeding.derive(seed, seeding.SAMPLING, earlier)
    oracle, sampler, pruner = search.oracle, search.sampler, search.pruner
    if isinstance(oracle, str):
        limits = (
            {"max_epochs": epochs, "hyperband_iterations": ENDLESS}
            if oracle == "hyperband"
            else {"max_trials": most}
        )
        # KerasTuner takes 0 for no seed.
        oracle = ORACLES[oracle](seed=drawn + 1, **limits)
    if isinstance(sampler, str):
        sampler = None if sampler == OURS["sampler"] else _sampler(sampler, drawn)
    if isinstance(pruner, str):
        pruner = None if pruner == OURS["pruner"] else PRUNERS[pruner]()
    return replace(search, oracle=oracle, sampler=sampler, pruner=pruner)


def _sampler(name: str, seed: int) -> optuna.samplers.BaseSampler:
    try:
        with quiet():
            return SAMPLERS[name](seed=seed)  # type: ignore[no-any-return]
    except ImportError as error:
        raise UsageError(
            f"{named('sampler')} was given {name!r}, which needs a package that is not installed: {error}. Install it, or leave "
            f"{named('sampler')} out."
        ) from error
