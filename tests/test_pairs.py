"""Every optimizer, schedule and initializer trains a small net at our default rate; only optimizers are programs."""

from collections import Counter
from itertools import combinations

from benchmarks import pairs
from tests.counts import at_full_counts

ALL = list(pairs.pairings())


def test_every_two_of_the_three_are_met() -> None:
    parts = [(each.optimizer, each.schedule, each.initializer) for each in ALL]
    for one, other in combinations(range(3), 2):
        met = {(part[one], part[other]) for part in parts}
        assert len(met) == len({part[one] for part in parts}) * len({part[other] for part in parts})


@at_full_counts
def test_each_of_them_learns_the_digits_at_our_default_rate_with_one_program_an_optimizer() -> None:
    work = pairs.worker()
    trials = {each: pairs.trained(work, each, seed=0) for each in ALL}

    assert {each: trial.score for each, trial in trials.items() if (trial.score or 0.0) < pairs.WANTED} == {}
    programs = Counter(optimizer for optimizer, _ in {(p.optimizer, t.program) for p, t in trials.items()})
    assert max(programs.values()) == 1
