"""Hyperparameters that are asked one by one, and a view on them in which some are pinned."""

from typing import Any

import keras_tuner
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoopt.errors import SpaceError
from autoopt.hyperparameters import AskingHyperParameters, PinnedHyperParameters, check_value, ranged
from tests import toys


def chosen(hp: keras_tuner.HyperParameters) -> list[Any]:
    """Ask as a model function with two conditional scopes, one inside of the other, does."""
    found = [hp.Choice("kind", ["plain", "deep"])]
    with hp.conditional_scope("kind", ["deep"]):
        found.append(hp.Boolean("norm", default=True))
        with hp.conditional_scope("norm", [True]):
            found.append(hp.Float("decay", 0.5, 0.99))
    return found


def test_each_active_value_is_asked_for_once() -> None:
    asked: list[str] = []
    hp = AskingHyperParameters(lambda known: asked.append(known.name) or known.default)
    chosen(hp)
    chosen(hp)

    assert asked == ["kind"]


def test_an_inactive_scope_gives_none_and_still_shows_in_the_space() -> None:
    hp = toys.asking()

    assert chosen(hp) == ["plain", None, None]
    assert [known.name for known in hp.space] == ["kind", "norm", "decay"]
    assert hp.values == {"kind": "plain"}


def test_an_active_scope_is_asked_in_the_order_of_the_build() -> None:
    hp = toys.asking({"kind": "deep"})

    assert chosen(hp) == ["deep", True, 0.5]
    assert list(hp.values) == ["kind", "norm", "decay"]


def test_names_in_a_name_scope_carry_it() -> None:
    hp = toys.asking()
    with hp.name_scope("block"):
        hp.Int("units", 1, 9)

    assert list(hp.values) == ["block/units"]


def test_one_name_with_two_ranges_takes_the_value_of_the_active_one() -> None:
    hp = toys.asking({"kind": "deep"})
    hp.Choice("kind", ["plain", "deep"])
    with hp.conditional_scope("kind", ["plain"]):
        first = hp.Float("rate", 0.1, 1.0)
    with hp.conditional_scope("kind", ["deep"]):
        second = hp.Float("rate", 2.0, 3.0)

    assert (first, second, hp.values["rate"]) == (None, 2.0, 2.0)


@pytest.mark.parametrize("base", [toys.asking, keras_tuner.HyperParameters])
def test_a_pinned_value_is_taken_whatever_is_asked(base: Any) -> None:
    hp = base()
    view = PinnedHyperParameters(hp, {"kind": "deep", "decay": 0.75})

    assert chosen(view) == ["deep", True, 0.75]
    assert hp.values == {"kind": "deep", "norm": True, "decay": 0.75}


@pytest.mark.parametrize("base", [toys.asking, keras_tuner.HyperParameters])
def test_a_pin_wins_over_a_value_that_is_already_there(base: Any) -> None:
    hp = base()
    hp.values["kind"] = "plain"

    assert chosen(PinnedHyperParameters(hp, {"kind": "deep"}))[0] == "deep"


@pytest.mark.parametrize("base", [toys.asking, keras_tuner.HyperParameters])
def test_a_scope_that_a_pinned_parent_rules_out_registers_nothing(base: Any) -> None:
    hp = base()
    view = PinnedHyperParameters(hp, {"kind": "plain"})

    assert chosen(view) == ["plain", None, None]
    assert [known.name for known in hp.space] == ["kind"]


def test_a_pinned_inner_parent_rules_out_only_its_own_scope() -> None:
    hp = toys.asking({"kind": "deep"})

    assert chosen(PinnedHyperParameters(hp, {"norm": False})) == ["deep", False, None]
    assert [known.name for known in hp.space] == ["kind", "norm"]


def test_the_view_knows_every_name_that_was_asked_through_it() -> None:
    view = PinnedHyperParameters(toys.asking(), {})
    chosen(view)

    assert view.names == {"kind", "norm", "decay"}


def test_a_pin_outside_of_the_range_is_refused_with_the_range() -> None:
    view = PinnedHyperParameters(toys.asking({"kind": "deep"}), {"decay": 2.0})

    with pytest.raises(SpaceError, match=r"decay was given 2\.0.*a number from 0\.5 to 0\.99"):
        chosen(view)


def test_a_pin_that_is_no_choice_is_refused_with_the_choices() -> None:
    with pytest.raises(SpaceError, match=r"kind was given 'wide'.*one of 'plain', 'deep'"):
        chosen(PinnedHyperParameters(toys.asking(), {"kind": "wide"}))


@given(st.integers(-100, 100), st.integers(0, 50), st.integers(-200, 200))
def test_a_whole_number_fits_exactly_when_it_lies_in_the_range(low: int, width: int, value: int) -> None:
    hp = keras_tuner.HyperParameters()
    hp.Int("n", low, low + width)

    if low <= value <= low + width:
        check_value(hp.space[0], value)
    else:
        with pytest.raises(SpaceError):
            check_value(hp.space[0], value)


@pytest.mark.parametrize("value", [True, "0.7", None, float("nan")])
def test_what_is_no_number_does_not_fit_a_range(value: Any) -> None:
    hp = keras_tuner.HyperParameters()
    hp.Float("rate", 0.0, 1.0)

    with pytest.raises(SpaceError, match="rate was given"):
        check_value(hp.space[0], value)


def test_a_boolean_fits_only_a_choice_of_booleans() -> None:
    hp = keras_tuner.HyperParameters()
    hp.Boolean("norm")

    check_value(hp.space[0], True)
    with pytest.raises(SpaceError, match="norm was given 'yes'"):
        check_value(hp.space[0], "yes")


OWN, WHOLE = (1e-5, 1e-3, 1e-4), (1e-5, 1.0, 1e-2)


@pytest.mark.parametrize(("given", "expected"), [(5e-4, 5e-4), (1.0, 1e-3), (1e-5, 1e-5), (1e-2, 10**-3.8)])
def test_a_value_of_a_foreign_oracle_is_taken_to_its_place_in_the_range_here(
    given: float, expected: float
) -> None:
    # 1e-2 lies at 3 of 5 decades; 3/5 of the 2 decades from 1e-5 on end at 1e-3.8
    hp = keras_tuner.HyperParameters()
    hp.values["rate"] = given

    assert ranged(hp, "rate", OWN, WHOLE) == pytest.approx(expected)
    assert hp.values["rate"] == pytest.approx(expected)
    assert (hp.space[0].min_value, hp.space[0].max_value) == (1e-5, 1.0)


def test_a_value_that_nobody_has_set_is_the_usual_one_here() -> None:
    assert ranged(keras_tuner.HyperParameters(), "rate", OWN, WHOLE) == 1e-4


def test_who_is_asked_is_asked_for_a_value_of_the_range_here_and_believed() -> None:
    asked: list[Any] = []
    hp = AskingHyperParameters(lambda known: asked.append(known) or 0.5)

    assert ranged(hp, "rate", OWN, WHOLE) == 0.5
    assert (asked[0].low, asked[0].high, asked[0].default) == OWN


def test_a_pin_holds_whatever_the_range_here() -> None:
    base = AskingHyperParameters(lambda known: known.default)

    assert ranged(PinnedHyperParameters(base, {"rate": 0.5}), "rate", OWN, WHOLE) == 0.5
    with pytest.raises(SpaceError, match=r"a number from 1e-05 to 1\.0"):
        ranged(PinnedHyperParameters(base, {"other": 1, "rate": 2.0}), "rate", OWN, WHOLE)
