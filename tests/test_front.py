"""The front of trials and its knee: laws over random values, and the cases that ties and failures make."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoopt.front import front, nearest_first
from autoopt.records import Objective, Trial

GOALS = Objective("val_accuracy", "max"), Objective("parameters", "min"), Objective("val_loss", "min")
SIGNS = (-1, 1, 1)

# Few different values make ties; powers of two keep sums and logarithms exact enough to compare.
VALUES = st.lists(
    st.tuples(
        st.integers(0, 8).map(lambda n: n / 8),
        st.integers(3, 12).map(lambda n: float(2**n)),
        st.integers(0, 4).map(float),
    ),
    min_size=1,
    max_size=12,
)


def trials(values: Sequence[Sequence[float]], **rest: Any) -> list[Trial]:
    names = [each.name for each in GOALS]
    return [
        Trial(n, "completed", row[0], {}, {}, 0, 0.0, 1.0, scores=dict(zip(names, row, strict=False)), **rest)
        for n, row in enumerate(values)
    ]


def losses(trial: Trial) -> list[float]:
    return [sign * trial.scores[each.name] for sign, each in zip(SIGNS, GOALS, strict=True)]


def as_good(one: Trial, other: Trial) -> bool:
    return all(a <= b for a, b in zip(losses(one), losses(other), strict=True))


@given(VALUES)
def test_no_member_is_beaten_and_whatever_is_left_out_is_matched_by_a_member(values: Any) -> None:
    known = trials(values)
    members = front(known, GOALS)

    for member in members:
        assert not any(as_good(other, member) for other in known if losses(other) != losses(member))
    for other in known:
        assert other in members or any(as_good(member, other) for member in members)
    assert len({tuple(losses(member)) for member in members}) == len(members) > 0


@given(VALUES, st.randoms(use_true_random=False))
def test_the_front_and_its_knee_do_not_depend_on_the_order_of_trials(values: Any, chance: Any) -> None:
    known = trials(values)
    shuffled = list(known)
    chance.shuffle(shuffled)

    assert front(shuffled, GOALS) == front(known, GOALS)
    assert nearest_first(front(shuffled, GOALS), GOALS) == nearest_first(front(known, GOALS), GOALS)


@given(VALUES, st.sampled_from([0.25, 2.0, 1024.0]), st.sampled_from([-4.0, 0.0, 3.0]))
def test_units_do_not_move_the_knee(values: Any, scale: float, shift: float) -> None:
    changed = [(scale * a + shift, scale * p, scale * loss + shift) for a, p, loss in values]
    before, after = (nearest_first(front(trials(each), GOALS), GOALS) for each in (values, changed))

    assert [trial.number for trial in before] == [trial.number for trial in after]


@given(VALUES)
def test_a_front_only_loses_members_that_are_beaten(values: Any) -> None:
    known = trials(values)
    for most in range(1, len(known)):
        gone = {t.number for t in front(known[:most], GOALS)} - {
            t.number for t in front(known[: most + 1], GOALS)
        }
        assert all(as_good(known[most], known[number]) for number in gone)


TWO = GOALS[:2]


def test_the_knee_is_the_point_where_more_of_one_costs_much_of_the_other() -> None:
    members = front(trials([(0.5, 100), (0.9, 200), (0.92, 10_000)]), TWO)

    assert [trial.number for trial in nearest_first(members, TWO)] == [1, 0, 2]


def test_equally_far_ones_come_by_number_and_one_member_is_the_knee() -> None:
    assert [t.number for t in nearest_first(front(trials([(0.5, 100), (0.9, 200)]), TWO), TWO)] == [0, 1]
    assert [t.number for t in nearest_first(front(trials([(0.5, 100)]), TWO), TWO)] == [0]
    assert nearest_first([], TWO) == []


def test_a_measured_value_takes_the_place_of_the_score_and_only_such_trials_can_win() -> None:
    members = front(trials([(0.5, 100), (0.9, 200), (0.92, 400)]), TWO)

    assert [t.number for t in nearest_first(members, TWO, {1: 0.5, 2: 0.92})] == [2, 1]
    assert [t.number for t in nearest_first(members, TWO, {1: -math.inf, 2: 0.4})] == [2, 1]


@pytest.mark.parametrize(
    "change", [{"status": "failed"}, {"excess": "is too large"}, {"scores": {}}, {"missing": 1}], ids=str
)
def test_what_cannot_win_is_on_no_front(change: Any) -> None:
    good, other = trials([(0.9, 100), (0.5, 200)])

    assert front([replace(good, **change), other], TWO) == [other]


def test_trials_that_lack_executions_have_a_front_where_there_are_no_others() -> None:
    assert len(front(trials([(0.9, 200), (0.5, 100)], missing=1), TWO)) == 2


def test_a_model_without_weights_has_a_place() -> None:
    members = front(trials([(0.1, 0), (0.9, 100), (0.8, 10)]), TWO)

    assert [trial.number for trial in nearest_first(members, TWO)] == [2, 0, 1]
