"""Which sampler finds the best front in few trials: hypervolume on a made-up net whose scores are formulas.

No net is trained: error and parameters of a dense net follow from its hyperparameters, so that a search takes
milliseconds a trial. Conditional hyperparameters, ranges that depend on others, and one-sided ranges are as in a
search of autoopt's.
"""

import itertools
import math
import statistics
from collections.abc import Callable, Mapping, Sequence

import keras_tuner
import optuna

from autoopt.front import front
from autoopt.records import Objective, Trial
from autoopt.search import OptunaOracle
from autoopt.storage import Journal, quiet

ERROR, PARAMETERS = Objective("val_error", "min"), Objective("parameters", "min")
WORST = 1.0, 6.0
"""Reference point: an error of 1, and a million parameters, by their logarithm of base 10."""

INPUTS, CLASSES = 64, 10
RATES = {"sgd": -1.0, "momentum": -1.5, "adam": -2.5, "adamw": -2.7}
"""Logarithm of the best learning rate of each algorithm."""

SAMPLERS: Mapping[str, Callable[[int], optuna.samplers.BaseSampler | None]] = {
    "autoopt": lambda seed: None,
    "TPE": lambda seed: optuna.samplers.TPESampler(seed=seed, n_startup_trials=8),
    "TPE, grouped": lambda seed: optuna.samplers.TPESampler(
        seed=seed, n_startup_trials=8, multivariate=True, group=True
    ),
    "NSGA-II, 10": lambda seed: optuna.samplers.NSGAIISampler(seed=seed, population_size=10),
    "NSGA-II, 50": lambda seed: optuna.samplers.NSGAIISampler(seed=seed),
    "random": lambda seed: optuna.samplers.RandomSampler(seed=seed),
}


def measured(names: Sequence[str], seeds: Sequence[int], trials: Sequence[int]) -> list[dict]:
    """Return a row for each sampler: mean and deviation over seeds of the hypervolume after so many trials."""
    rows = []
    for name in names:
        with quiet():  # grouped TPE is experimental to Optuna
            samplers = [SAMPLERS[name](seed) for seed in seeds]
        found = [searched(each, seed, max(trials)) for each, seed in zip(samplers, seeds, strict=True)]
        row: dict = {"sampler": name}
        for count in trials:
            volumes = [hypervolume(run[:count]) for run in found]
            row[f"{count} trials"] = statistics.fmean(volumes)
            row[f"± ({count})"] = statistics.stdev(volumes) if len(volumes) > 1 else 0.0
        rows.append(row)
    return rows


def searched(sampler: optuna.samplers.BaseSampler | None, seed: int, trials: int) -> list[Trial]:
    """Return the trials of one search; None for a sampler takes autoopt's own proposals."""
    journal = Journal(None, ERROR, others=[PARAMETERS])
    wanted = keras_tuner.Objective(ERROR.name, ERROR.direction)
    oracle = OptunaOracle(wanted, seed=seed, journal=journal, sampler=sampler, others=[PARAMETERS])
    for _ in range(trials):
        proposal = oracle.create_trial("benchmark")
        error, parameters = net(proposal.hyperparameters)
        number, values = int(proposal.trial_id), dict(proposal.hyperparameters.values)
        scores = {ERROR.name: error, PARAMETERS.name: parameters}
        journal.close(Trial(number, "completed", error, values, {}, 0, 0.0, 1.0, scores=scores))
        oracle.update_trial(proposal.trial_id, {ERROR.name: error})
        proposal.status = "COMPLETED"
        oracle.end_trial(proposal)
    return journal.trials()


def net(hp: keras_tuner.HyperParameters) -> tuple[float, float]:
    """Ask for a dense net and how it is trained; return its error and its parameters.

    More units lower the error with diminishing returns; a rate far from the algorithm's best, a penalty that
    does not fit the size, and the wrong activation raise it.
    """
    depth = hp.Int("structure/dense/depth", 1, 3, default=1)
    widths = [int(64 * hp.Choice("structure/dense/width", [0.125, 0.25, 0.5, 1.0, 2.0, 4.0], default=1.0))]
    for layer in range(1, depth):
        with hp.conditional_scope("structure/dense/depth", list(range(layer + 1, 4))):
            widths.append(hp.Int(f"structure/dense_{layer}/units", 8, 256, sampling="log", default=64))
    activation = hp.Choice("structure/dense/activation", ["relu", "gelu", "silu", "tanh"])
    dropout = hp.Choice("regularization/dropout", [0.0, 0.1, 0.2, 0.3, 0.5])
    decay = hp.Float("regularization/l2", 1e-6, 1e-2, sampling="log", default=1e-6)
    name = hp.Choice("optimizer/name", list(RATES), default="adam")
    rate = hp.Float("optimizer/learning_rate", 1e-4, 1.0, sampling="log", default=1e-3)
    with hp.conditional_scope("optimizer/name", ["momentum"]):
        momentum = hp.Float("optimizer/momentum", 0.5, 0.99, default=0.9) if name == "momentum" else 0.9
    sizes = [INPUTS, *widths, CLASSES]
    parameters = sum((n + 1) * m for n, m in itertools.pairwise(sizes))
    lacking = 0.45 * (parameters / 500) ** -0.45
    needless = 0.03 * max(0.0, math.log10(parameters / 5_000)) * (1.0 - dropout)
    trained = 0.25 * (math.log10(rate) - RATES[name]) ** 2 + 0.3 * (momentum - 0.9) ** 2
    shaped = {"relu": 0.01, "gelu": 0.0, "silu": 0.005, "tanh": 0.03}[activation]
    penalized = 0.01 * abs(math.log10(decay) + 4.0) + 0.05 * dropout
    return min(1.0, 0.03 + lacking + needless + trained + shaped + penalized), float(parameters)


def hypervolume(trials: Sequence[Trial]) -> float:
    """Return the area between the front and the reference point, as a share of the whole up to it."""
    members = front(trials, (ERROR, PARAMETERS))
    points = sorted((math.log10(t.scores[PARAMETERS.name]), t.scores[ERROR.name]) for t in members)
    area, error = 0.0, WORST[0]
    for size, lower in points:
        if size < WORST[1] and lower < error:
            area += (WORST[1] - size) * (error - lower)
            error = lower
    return area / (WORST[0] * WORST[1])
