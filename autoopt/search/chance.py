"""What chance does to a mean of scores: that of the seeds, and that of the examples they were measured on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MOST_UNITS = 1_000
"""That are told apart; of more examples, some count as one."""


@dataclass(frozen=True, eq=False)
class Values:
    """What each example says of one score.

    Attributes:
        units: Which examples, or groups of them, as numbers that mean the same in every run.
        each: A value for each unit; their mean is the score.
    """

    units: np.ndarray
    each: np.ndarray


@dataclass(frozen=True, eq=False)
class Run:
    """One run with a fresh seed: its score and, where they are known, the values of its examples."""

    score: float
    values: Values | None = None


Runs = Sequence[Run]
"""Those of one model."""


@dataclass(frozen=True)
class Share:
    """One share of a variance, and the degrees of freedom of its estimate."""

    variance: float
    freedom: float


def scores(runs: Runs) -> np.ndarray:
    """Return the scores of some runs."""
    return np.array([run.score for run in runs])


def matrix(every: Sequence[Runs], n: int) -> np.ndarray:
    """Return the scores of all models, a row each; one of which not all `n` runs have a score is left out."""
    rows = [scores(runs) for runs in every if len(runs) == n]
    whole = [row for row in rows if np.isfinite(row).all()]
    return np.array(whole) if whole else np.zeros((0, n))


def freedom(shares: Sequence[Share]) -> float:
    """Return the degrees of freedom of a sum of variances, by Welch and Satterthwaite."""
    total = sum(share.variance for share in shares)
    square = sum(share.variance**2 / share.freedom for share in shares)
    return total**2 / square if square > 0.0 else min(share.freedom for share in shares)


def of_seeds(runs: Runs, pooled: Share) -> list[Share]:
    """Return the variance of the mean that seeds make; nothing where there is one run.

    It is the larger one of these runs' own and that of all models, which two or three runs alone say little of, and
    no less than what sampling its examples does to one run.

    Args:
        runs: Of one model.
        pooled: The variance of a run as all models tell it.
    """
    found = between(runs, pooled)
    if found is None:
        return []
    return [Share(max(found.variance, sampling(runs)) / len(runs), found.freedom)]


def between(runs: Runs, pooled: Share) -> Share | None:
    """Return the variance of a single run: that of these or, if it is larger, of all models; None where there is one run."""
    n = len(runs)
    if n < 2:
        return None
    return Share(max(float(np.var(scores(runs), ddof=1)), pooled.variance), max(n - 1.0, pooled.freedom))


def of_examples(runs: Runs) -> list[Share]:
    """Return the variance of the mean that the choice of the examples makes; nothing where it is not known."""
    found = pulls(runs)
    if found is None:
        return []
    return [Share(max(float(np.square(found).sum()), _least_variance(runs)), len(found) - 1.0)]


def of_seeds_alone(runs: Runs) -> bool:
    """Whether several runs have scores but no examples' values: nothing is known of the luck of the examples then."""
    return len(runs) > 1 and bool(np.isfinite(scores(runs)).all()) and pulls(runs) is None


def sampling(runs: Runs) -> float:
    """Return the variance that the choice of examples gives the score of a single run, 0 where it is not known."""
    found = [share.variance for run in runs for share in of_examples([run])]
    return float(np.mean(found)) if found else 0.0


def pulls(runs: Runs) -> np.ndarray | None:
    """Return by how much each unit pulls the mean of all runs up or down, None where that is not known.

    What a unit does in several runs is one pull: its values there depend on each other. The sum of the squares is the
    variance of the mean.
    """
    found = [run.values for run in runs if run.values is not None]
    if len(found) < len(runs):
        return None
    each = np.concatenate([(v.each - v.each.mean()) / (len(v.each) * len(found)) for v in found])
    _, places = np.unique(np.concatenate([v.units for v in found]), return_inverse=True)
    units = np.bincount(places, each)
    if len(units) > MOST_UNITS:
        together = np.random.default_rng(0).permutation(len(units)) % MOST_UNITS
        units = np.bincount(together, units)
    return None if len(units) < 2 else units * math.sqrt(len(units) / (len(units) - 1))


def _least_variance(runs: Runs) -> float:
    """Return the least variance where values are yes and no: that all of n are right proves no 100 %.

    Two of each are added (Agresti and Coull 1998, Approximate is Better than "Exact").
    """
    found = [run.values for run in runs if run.values is not None]
    each = np.concatenate([values.each for values in found])
    if not np.isin(each, (0.0, 1.0)).all():
        return 0.0
    n = len(np.unique(np.concatenate([values.units for values in found])))
    share = (float(each.mean()) * n + 2) / (n + 4)
    return share * (1 - share) / (n + 4)
