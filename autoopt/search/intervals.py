"""What can be said of confirmed scores in spite of chance: intervals of means, and of a difference."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from autoopt.search.chance import (
    Run,
    Runs,
    Share,
    Values,
    between,
    freedom,
    matrix,
    of_examples,
    of_seeds,
    pulls,
    scores,
)

CONFIDENCE = 0.95
"""Of a stated error."""

SURE = 0.99
"""Of a claim to be better."""

DRAWS = 4_000
"""Of a bootstrap."""


@dataclass(frozen=True)
class Difference:
    """How much better one model is than another; positive where it is better, whatever the direction.

    Attributes:
        mean: As it was measured.
        least: As it is at least, with 99 % confidence.
    """

    mean: float
    least: float


def error(runs: Runs, every: Sequence[Runs], comparisons: int = 1) -> float | None:
    """Return the half-width of the 95 % interval of the mean of some runs' scores.

    The variance is that between seeds plus that of sampling the examples. Where each run has its own cut of the
    data, the first holds some of the second: that stands for what the cuts have in common, by which their scores
    depend on each other (Nadeau and Bengio 2003, Inference for the Generalization Error).

    Example:
        >>> runs = [Run(0.9), Run(0.8), Run(1.0)]
        >>> round(error(runs, [runs]), 3)  # 4.303 · 0.1 / √3
        0.248

    Args:
        runs: At least one.
        every: The runs of all models that were compared, these among them.
        comparisons: Of how many means this one was taken for the best. Each then gets its share of the 5 %
            (Bonferroni), so that the interval of the best one is right as well.

    Returns:
        None where nothing is known of it, infinity where a run failed. A single run tells of its examples alone, and
        runs without examples' values tell of seeds alone.
    """
    if not np.isfinite(scores(runs)).all():
        return math.inf
    return _half_width([*of_examples(runs), *of_seeds(runs, _alike(every, len(runs)))], comparisons)


def error_of_one(values: Values | None, runs: Runs, every: Sequence[Runs]) -> float | None:
    """Return the 95 % half-width of a single trained model's score on examples that none of its runs saw.

    It lies as far from the mean as one seed may put it, and its examples have their own chance. Where the runs had
    fresh cuts of the data, their deviation holds what these did: that is not taken off, since of a few runs the rest
    is too uncertain an estimate, most often too small a one.

    Args:
        values: Those examples' values of it.
        runs: What the model did with other seeds; may be empty.
        every: As for `error`.

    Returns:
        None where the values are not known: that of seeds alone would be too little.
    """
    if values is None:
        return None
    shares = of_examples([Run(float(values.each.mean()), values)])
    seeds = between(runs, _alike(every, len(runs)))
    if seeds is not None and np.isfinite(scores(runs)).all():
        shares.append(seeds)
    return _half_width(shares, 1)


def difference(
    one: Runs,
    other: Runs,
    every: Sequence[Runs],
    direction: Literal["min", "max"],
    comparisons: int = 1,
    seed: int = 0,
) -> Difference | None:
    """Return how much better one model is than another one, by a paired bootstrap over seeds and examples.

    Both are resampled, each on its own (Owen 2007, The pigeonhole bootstrap). Of a few seeds a bootstrap knows
    none beyond the worst, and underrates how they vary. So it draws from the deviations of all models together,
    brought to their variance, and its reach is stretched from the normal quantile to Student's (Hesterberg
    2015, What Teachers Should Know About the Bootstrap).

    Example:
        >>> def runs(*counts):
        ...     rows = np.arange(100)
        ...     return [Run(count / 100, Values(rows, (rows < count).astype(float))) for count in counts]
        >>> ours, theirs = runs(90, 91, 92), runs(50, 52, 51)
        >>> difference(ours, theirs, [ours, theirs], "max").least > 0
        True

    Args:
        one: The runs of the model that may be better.
        other: The runs of the other one, with the same cuts of the data.
        every: The runs of all models that were compared, both among them.
        direction: Of the objective.
        comparisons: Of how many models the one was taken for the best: each gets its share of the 1 %.
        seed: Of the bootstrap.

    Returns:
        None where the runs do not tell: of seeds, as there are fewer than two; of examples, as their values are not
        known, and seeds alone would pass off the luck of the examples as a gain; or where one failed.
    """
    n, sign = len(one), 1.0 if direction == "max" else -1.0
    paired = [_subtracted(a, b, sign) for a, b in zip(one, other, strict=True)]
    pulled = pulls(paired)
    if n < 2 or pulled is None or not np.isfinite(scores(paired)).all():
        return None
    deviations = _deviations(matrix(every, n))
    pooled = Share(2.0 * float(np.square(deviations).sum()) / _inner(deviations), _inner(deviations))
    seeds = of_seeds(paired, pooled)
    shares = [*of_examples(paired), *seeds]
    drawn = _drawn(deviations.ravel(), n, seeds[0].variance, pulled, np.random.default_rng(seed))
    missed = (1 - SURE) / comparisons
    tail = -float(np.quantile(drawn, missed)) / float(stats.norm.ppf(1 - missed))
    reach = max(tail, math.sqrt(sum(share.variance for share in shares)))
    mean = float(scores(paired).mean())
    return Difference(mean, mean - float(stats.t.ppf(1 - missed, freedom(shares))) * reach)


def _drawn(
    deviations: np.ndarray, n: int, variance: float, pulled: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Return by how much the mean of resampled runs and examples lies above that of the real ones."""
    drawn, spread = np.zeros(DRAWS), float(deviations.std())
    if spread > 0.0:
        drawn += random.choice(deviations, (DRAWS, n)).mean(axis=1) * math.sqrt(variance * n) / spread
    return drawn + random.choice(pulled, (DRAWS, len(pulled))).sum(axis=1)


def _subtracted(one: Run, other: Run, sign: float) -> Run:
    a, b = one.values, other.values
    if a is None or b is None or not np.array_equal(a.units, b.units):
        return Run(sign * (one.score - other.score))
    return Run(sign * (one.score - other.score), Values(a.units, sign * (a.each - b.each)))


def _alike(every: Sequence[Runs], n: int) -> Share:
    """Return the variance between the runs of a model, as all models tell it together."""
    found = matrix(every, n)
    if n < 2 or not len(found):
        return Share(0.0, 0.0)
    return Share(float(np.var(found, axis=1, ddof=1).mean()), len(found) * (n - 1.0))


def _deviations(found: np.ndarray) -> np.ndarray:
    """Return how scores deviate from the means of their model and of their repeat: what differences are made of."""
    return found - found.mean(axis=1, keepdims=True) - found.mean(axis=0) + found.mean()


def _inner(deviations: np.ndarray) -> float:
    """Return the degrees of freedom of such deviations."""
    return float((deviations.shape[0] - 1) * (deviations.shape[1] - 1))


def _half_width(shares: Sequence[Share], comparisons: int) -> float | None:
    if not shares:
        return None
    missed = (1 - CONFIDENCE) / comparisons
    variance = sum(share.variance for share in shares)
    return float(stats.t.ppf(1 - missed / 2, freedom(shares)) * math.sqrt(variance))
