"""What is stated of confirmed scores holds as often as it says: on simulated scores, whose truth is known."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy.stats import norm

from autoopt.search.chance import Run, Runs, Values, freedom, of_seeds_alone, pulls
from autoopt.search.intervals import Share, difference, error, error_of_one
from tests.counts import FULL

POOL, VALIDATING = 240, 60


def confirmed(
    random: np.random.Generator, truths: Sequence[float], repeats: int, seeds: float, fresh: bool = True
) -> list[Runs]:
    """Return runs of models of these accuracies: some examples are hard for all, each seed has its luck."""
    hard, found = random.normal(size=POOL), list[Runs]()
    cuts = [random.permutation(POOL)[:VALIDATING] if fresh else np.arange(VALIDATING) for _ in range(repeats)]
    for truth in truths:
        own, runs = random.normal(size=POOL), list[Run]()
        for rows in cuts:
            share = min(max(truth + seeds * random.normal(), 0.01), 0.99)
            ease = 0.7 * hard[rows] + 0.5 * own[rows] + 0.51 * random.normal(size=VALIDATING)
            right = (ease < norm.ppf(share)).astype(float)
            runs.append(Run(float(right.mean()), Values(rows, right)))
        found.append(runs)
    return found


SETTINGS = [(0.03, True, 300), (0.03, False, 200)]
"""Deviation between seeds, whether cuts are fresh, and confirmations that are simulated."""

if FULL:
    SETTINGS = [(0.0, True, 700), (0.03, True, 700), (0.1, True, 300), (0.03, False, 300)]


def best(models: Sequence[Runs]) -> int:
    return int(np.argmax([np.mean([run.score for run in runs]) for runs in models]))


@pytest.mark.slow
@pytest.mark.parametrize(("seeds", "fresh", "times"), SETTINGS)
def test_equal_models_are_rarely_told_apart_and_the_stated_error_covers_the_truth(
    seeds: float, fresh: bool, times: int
) -> None:
    random, claims, covered = np.random.default_rng(0), 0, 0
    for number in range(times):
        models = confirmed(random, (0.8,) * 4, 3, seeds, fresh)
        winner = models[best(models)]
        mean, around = np.mean([run.score for run in winner]), error(winner, models, len(models))
        covered += abs(mean - 0.8) <= (around or 0.0)
        if winner is not models[0]:
            found = difference(winner, models[0], models, "max", 3, number)
            claims += found is not None and found.least > 0

    assert claims / times <= 0.01
    assert covered / times >= 0.93


@pytest.mark.parametrize(("own", "least"), [(0.6, 44), (0.55, 46), (0.5, 49)])
def test_a_much_better_model_is_told_apart(own: float, least: int) -> None:
    random, claims = np.random.default_rng(0), 0
    for number in range(50):
        models = confirmed(random, (own, 0.8, 0.8, 0.8), 3, 0.01)
        found = difference(models[best(models)], models[0], models, "max", 3, number)
        claims += found is not None and found.least > 0

    assert claims >= least


@pytest.mark.slow
def test_two_seeds_are_rarely_enough_to_tell_equal_models_apart() -> None:
    random, claims = np.random.default_rng(1), 0
    times = 300 if FULL else 100
    for number in range(times):
        models = confirmed(random, (0.8, 0.8), 2, 0.02)
        found = difference(models[1], models[0], models, "max", 1, number)
        claims += found is not None and found.least > 0

    assert claims <= 0.02 * times


def test_the_error_is_that_computed_by_hand() -> None:
    runs = [Run(0.9), Run(0.8), Run(1.0)]

    # s = 0.1, s / √3 = 0.0577; Student's t of 2 degrees is 4.303, of 2.5 % / 2 on a side 6.205
    assert error(runs, [runs]) == pytest.approx(4.3027 * 0.1 / math.sqrt(3), rel=1e-3)
    assert error(runs, [runs], 2) == pytest.approx(6.2053 * 0.1 / math.sqrt(3), rel=1e-3)


def test_the_error_of_one_run_is_that_of_its_examples() -> None:
    each = np.array([1.0] * 80 + [0.0] * 20) + np.tile([0.1, -0.1], 50)
    run = Run(0.8, Values(np.arange(100), each))

    assert error([run], [[run]]) == pytest.approx(1.984 * each.std(ddof=1) / 10, rel=1e-3)
    assert error([Run(0.8)], [[Run(0.8)]]) is None


def test_examples_that_validate_again_and_again_count_once() -> None:
    each = np.random.default_rng(0).normal(size=100)
    same = Run(float(each.mean()), Values(np.arange(100), each))
    others = [Run(float(each.mean()), Values(np.arange(100) + 100 * r, each)) for r in range(4)]
    again, apart = pulls([same] * 4), pulls(others)

    assert again is not None and apart is not None
    assert np.square(again).sum() == pytest.approx(each.var(ddof=1) / 100)
    assert np.square(apart).sum() == pytest.approx(each.var(ddof=0) / 400, rel=0.02)


def test_all_right_proves_no_hundred_percent() -> None:
    runs = [Run(1.0, Values(np.arange(50), np.ones(50)))] * 3

    assert 0.02 < (error(runs, [runs]) or 0.0) < 0.2


def test_a_run_that_failed_leaves_no_error_and_no_claim() -> None:
    whole, failed = [Run(0.9), Run(0.8)], [Run(0.9), Run(-math.inf)]

    assert error(failed, [whole, failed]) == math.inf
    assert error(whole, [whole, failed]) == error(whole, [whole])
    assert difference(whole, failed, [whole, failed], "max") is None
    assert error_of_one(None, whole, [whole, failed]) is None


def test_scores_whose_examples_are_not_known_claim_nothing_but_have_an_error_of_their_seeds() -> None:
    rows = np.arange(100)
    known = [Run(score, Values(rows, (rows < 100 * score).astype(float))) for score in (0.9, 0.91, 0.92)]
    unknown = [Run(run.score) for run in known]
    worse = [Run(score, Values(rows, (rows < 100 * score).astype(float))) for score in (0.1, 0.12, 0.11)]

    assert difference(known, worse, [known, worse], "max").least > 0
    for one, other in (
        (unknown, worse),
        (known, [Run(run.score) for run in worse]),
        ([*known[:2], unknown[2]], worse),
    ):
        assert difference(one, other, [one, other], "max") is None
    assert 0 < error(unknown, [unknown]) < error(known, [known])
    assert (of_seeds_alone(unknown), of_seeds_alone(known), of_seeds_alone(unknown[:1])) == (
        True,
        False,
        False,
    )


def test_a_single_run_claims_nothing() -> None:
    one, other = [Run(0.9)], [Run(0.1)]

    assert difference(one, other, [one, other], "max") is None


@pytest.mark.parametrize("direction", ["max", "min"])
def test_better_is_positive_in_either_direction(direction: str) -> None:
    sign, luck = 1 if direction == "max" else -1, np.tile([-0.1, 0.1], 50)
    one, other = (
        [Run(sign * score, Values(np.arange(100), sign * score + luck)) for score in some]
        for some in ((0.9, 0.91), (0.1, 0.11))
    )
    found = difference(one, other, [one, other], direction)  # type: ignore[arg-type]

    assert found is not None
    assert found.mean == pytest.approx(0.8)
    assert 0 < found.least <= found.mean


def test_a_single_models_error_holds_its_seed_and_its_examples() -> None:
    each = np.random.default_rng(0).normal(size=400)
    values, runs = Values(np.arange(400), each), [Run(0.3), Run(0.5), Run(0.4)]
    alone, both = error_of_one(values, (), ()), error_of_one(values, runs, [runs])

    assert alone == pytest.approx(1.966 * each.std(ddof=1) / 20, rel=1e-2)
    assert both is not None and both > math.hypot(alone or 0.0, 1.96 * 0.1)


@pytest.mark.parametrize("fresh", [True, False])
def test_a_single_models_error_covers_its_truth_wherever_its_runs_validated(fresh: bool) -> None:
    random, covered, times = np.random.default_rng(0), 0, 150
    for _ in range(times):
        (runs,) = confirmed(random, (0.8,), 3, 0.03, fresh)
        right = (random.random(4_000) < 0.8 + 0.03 * random.normal()).astype(float)
        around = error_of_one(Values(np.arange(4_000), right), runs, [runs])
        covered += abs(right.mean() - 0.8) <= (around or 0.0)

    assert covered / times >= 0.93


def test_degrees_of_freedom_are_those_of_welch_and_satterthwaite() -> None:
    # (1 + 3)² / (1² / 2 + 3² / 9)
    assert freedom([Share(1.0, 2.0), Share(3.0, 9.0)]) == pytest.approx(16 / 1.5)


def test_the_same_seed_gives_the_same_interval_and_another_one_another() -> None:
    # A few examples lose much: what resampling makes of them decides, and not their variance.
    rows, lost = np.arange(100), [-np.random.default_rng(seed).lognormal(0, 2, 100) for seed in range(2)]
    one = [Run(float(each.mean()), Values(rows, each)) for each in lost]
    other = [Run(run.score - 5, Values(rows, np.full(100, run.score - 5))) for run in one]
    found = [difference(one, other, [one, other], "max", 3, seed) for seed in (7, 7, 8)]

    assert found[0] == found[1] != found[2]
