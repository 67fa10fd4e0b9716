"""What has been proposed of a space: a branch is closed when everything behind it has been."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoopt.hyperparameters import AskingHyperParameters
from autoopt.search.explored import Explored
from autoopt.storage import options

KINDS = ("plain", "deep")
DEPTHS = (1, 2, 3)
POINTS = [("plain",), *(("deep", depth) for depth in DEPTHS)]


def walk(explored: Explored, point: tuple[Any, ...]) -> None:
    for answers, value in zip((KINDS, DEPTHS), point, strict=False):
        explored.ask(answers)
        explored.answer(value)
    explored.end()


@given(st.permutations(POINTS))
def test_a_space_is_exhausted_with_its_last_point_and_no_earlier(order: list[tuple[Any, ...]]) -> None:
    explored = Explored()
    for count, point in enumerate(order):
        assert not explored.exhausted
        assert explored.points == count
        walk(explored, point)
    assert explored.exhausted


def test_a_point_that_is_proposed_again_is_one_point() -> None:
    explored = Explored()
    for point in (("deep", 1), ("deep", 1)):
        walk(explored, point)

    assert explored.points == 1


def test_only_answers_behind_which_something_is_left_are_open() -> None:
    explored = Explored()
    for point in (("plain",), ("deep", 2)):
        walk(explored, point)
    explored.ask(KINDS)
    assert explored.open() == ["deep"]
    explored.answer("deep")
    explored.ask(DEPTHS)
    assert explored.open() == [1, 3]


def test_a_run_that_goes_on_knows_what_was_tried() -> None:
    names = {"kind": KINDS, "depth": DEPTHS}
    earlier = [dict(zip(names, point, strict=False)) for point in POINTS]

    assert Explored(earlier, names).exhausted
    assert not Explored(earlier[1:], names).exhausted
    assert not Explored(earlier).exhausted, "what else may be answered is not known yet"


def test_a_continuous_range_is_never_exhausted() -> None:
    explored = Explored()
    for value in (0.1, 0.2):
        explored.ask(None)
        explored.answer(value)
        explored.end()

    assert not explored.exhausted
    explored.ask(None)
    assert explored.is_closed(0.1) and not explored.is_closed(0.3)


def test_what_is_asked_for_later_opens_a_point_again() -> None:
    explored = Explored()
    walk(explored, ("plain",))
    walk(explored, ("plain", 1))

    assert explored.points == 1
    assert not explored.exhausted


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        (lambda hp: hp.Int("a", 2, 8, step=3), (2, 5, 8)),
        (lambda hp: hp.Int("a", 1, 3), (1, 2, 3)),
        (lambda hp: hp.Int("a", 1, 8, sampling="log", step=2), (1, 2, 4, 8)),
        (lambda hp: hp.Int("a", 1, 10_000), None),
        (lambda hp: hp.Float("a", 0.0, 0.3, step=0.1), (0.0, 0.1, 0.2, 0.3)),
        (lambda hp: hp.Float("a", 0.0, 0.3), None),
        (lambda hp: hp.Boolean("a"), (False, True)),
        (lambda hp: hp.Choice("a", ["x", "y"]), ("x", "y")),
        (lambda hp: hp.Fixed("a", 3), (3,)),
    ],
)
def test_every_value_of_a_hyperparameter_is_listed_where_that_can_be(ask: Any, expected: Any) -> None:
    found = []
    ask(AskingHyperParameters(lambda hp: found.append(options(hp)) or hp.default))

    assert found == [expected]


def test_the_options_of_every_point_multiply_to_its_size() -> None:
    explored = Explored()
    for point in itertools.islice(POINTS, 2):
        walk(explored, point)

    assert explored.size == len(KINDS) * len(DEPTHS)
