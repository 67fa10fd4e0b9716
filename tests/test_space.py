"""A space says which axes are open, and refuses what is none of its own."""

from typing import Any

import pytest

import autoopt
from autoopt import axes
from autoopt.errors import SpaceError
from autoopt.space import AXES, Space
from tests import toys


def test_an_axis_that_is_not_named_stays_open() -> None:
    assert [type(axis) for axis in Space(structure=False).axes] == list(AXES.values())[1:]


@pytest.mark.parametrize("name", AXES)
def test_an_axis_given_false_is_closed(name: str) -> None:
    assert AXES[name] not in [type(axis) for axis in Space(**{name: False}).axes]


@pytest.mark.parametrize("name", AXES)
def test_an_axis_object_is_used_as_it_is(name: str) -> None:
    own = AXES[name]()

    assert any(axis is own for axis in Space(**{name: own}).axes)


def test_a_list_of_batch_sizes_is_an_axis() -> None:
    assert Space(batch_size=[16, 32]).axes[-1] == axes.BatchSize([16, 32])


def test_without_closes_axes_and_keeps_what_narrows_the_others() -> None:
    own = axes.Optimizer(["sgd"])
    left = Space(optimizer=own, fix={"batch_size": 32}).without({"structure": "your own."})

    assert left == Space(structure=False, optimizer=own, fix={"batch_size": 32})


def test_a_space_without_schedules_keeps_the_rest_of_the_axis() -> None:
    own = axes.Optimizer(["sgd"], learning_rate=(1e-3, 1e-2))

    expected = axes.Optimizer(["sgd"], (1e-3, 1e-2), ("constant",), warmup=())
    assert Space(optimizer=own).unscheduled.optimizer == expected
    assert Space(optimizer=False).unscheduled == Space(optimizer=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"structure": 3},
            "The axis structure was given 3. Expected True, False or an autoopt.axes.Structure",
        ),
        ({"optimizer": axes.Structure()}, "The axis optimizer was given Structure"),
        ({"structure": [1, 2]}, "The axis structure was given"),
        ({"fix": ["optimizer/name"]}, "Expected a mapping of names to values"),
    ],
)
def test_what_is_no_axis_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        Space(**arguments)


@pytest.mark.parametrize("given", ["all", None, {"structure": False}])
def test_what_is_no_space_is_refused(given: Any) -> None:
    with pytest.raises(SpaceError, match=r'Expected "auto" or an autoopt.Space'):
        Space.of(given)


def test_an_unknown_name_in_fix_is_refused_with_the_nearest() -> None:
    with pytest.raises(SpaceError, match="Did you mean 'optimizer/learning_rate'"):
        Space(fix={"optimizer/lerning_rate": 0.1}).check_pins(["optimizer/learning_rate", "batch_size"])


def test_a_pinned_value_is_the_only_one_that_is_drawn() -> None:
    hypermodel = toys.hypermodel(space=Space(fix={"optimizer/name": "sgd", "regularization/l2": 1e-3}))
    recipe = hypermodel.draw(toys.asking({"optimizer/name": "adam", "regularization/l2": 0.0}))

    assert (recipe.structure.optimizer, recipe.settings.l2) == ("sgd", 1e-3)


def test_a_pinned_optimizer_leaves_out_what_only_the_others_have() -> None:
    hp = toys.asking()
    toys.hypermodel(space=Space(fix={"optimizer/name": "adam"})).draw(hp)

    assert not {"optimizer/momentum", "optimizer/weight_decay"} & {known.name for known in hp.space}


def test_a_pinned_gradient_descent_takes_all_examples_and_asks_for_no_batch_size() -> None:
    hypermodel = toys.hypermodel(space=Space(fix={"optimizer/name": "gd"}))
    hp = toys.asking()
    recipe = hypermodel.draw(hp)

    assert hypermodel.batch_size(recipe) == 180
    assert "batch_size" not in hp.values


def test_a_pin_outside_of_its_range_is_refused() -> None:
    hypermodel = toys.hypermodel(space=Space(fix={"optimizer/learning_rate": 1e9}))

    with pytest.raises(SpaceError, match="optimizer/learning_rate was given 1000000000"):
        hypermodel.draw(toys.asking())


def test_the_space_is_public() -> None:
    assert autoopt.Space is Space
