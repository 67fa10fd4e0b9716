"""A space says which axes are open, and refuses what is none of its own."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autoopt
from autoopt import axes
from autoopt.axes.fine_tuning import WAYS
from autoopt.axes.initialization import INITIALIZERS
from autoopt.axes.optimizer import ALGORITHMS, SCHEDULES
from autoopt.errors import SpaceError
from autoopt.space import AXES, Space
from autoopt.surgery import ACTIVATIONS, NORMALIZATIONS, POOLINGS
from tests import toys


def test_an_axis_that_is_not_named_stays_open() -> None:
    assert [type(axis) for axis in Space(structure=False).axes] == list(AXES.values())[1:]


@pytest.mark.parametrize("name", AXES)
def test_an_axis_given_false_is_closed(name: str) -> None:
    assert AXES[name] not in [type(axis) for axis in Space(**{name: False}).axes]


@pytest.mark.parametrize("name", AXES)
def test_an_axis_object_is_used_as_it_is(name: str) -> None:
    own = AXES[name]()

    assert own in Space(**{name: own}).axes


def test_a_list_of_batch_sizes_is_an_axis() -> None:
    assert Space(batch_size=[16, 32]).axes[-1] == axes.BatchSize((16, 32))


def test_without_closes_axes_and_keeps_what_narrows_the_others() -> None:
    own = axes.Optimizer(["sgd"])
    left = Space(optimizer=own, fix={"batch_size": 32}).without({"structure": "your own."})

    assert left == Space(structure=False, optimizer=own, fix={"batch_size": 32})


def test_a_space_without_schedules_keeps_the_rest_of_the_axis() -> None:
    own = axes.Optimizer(("sgd",), learning_rate=(1e-3, 1e-2))

    expected = axes.Optimizer(("sgd",), (1e-3, 1e-2), ("constant",), warmup=())
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


@pytest.mark.parametrize("argument", ["all", None, {"structure": False}])
def test_what_is_no_space_is_refused(argument: Any) -> None:
    with pytest.raises(SpaceError, match=r'Expected "auto" or an autoopt.Space'):
        Space.of(argument)


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


def test_an_unknown_axis_is_refused_with_the_nearest() -> None:
    with pytest.raises(SpaceError, match=r"Space has no argument 'optimiser'\. Did you mean 'optimizer'"):
        Space(optimiser=False)


@pytest.mark.parametrize("kind", AXES.values())
def test_an_unknown_argument_of_an_axis_is_refused(kind: type[axes.Axis]) -> None:
    with pytest.raises(SpaceError, match=f"{kind.__name__} has no argument 'hidden'. .*Known: '"):
        kind(hidden=3)


@pytest.mark.parametrize(
    ("fix", "message"),
    [
        ({"batch_size": None}, "'batch_size': None. Expected a hyperparameter's name and the one value"),
        ({"optimizer/learning_rate": float("nan")}, "nan. Expected a hyperparameter's name"),
        ({"batch_size": [32, 64]}, r"\(32, 64\). Expected a hyperparameter's name and the one value"),
        ({3: "adam"}, "3: 'adam'. Expected a hyperparameter's name"),
    ],
)
def test_a_pin_that_is_no_single_value_is_refused(fix: Any, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        Space(fix=fix)


@pytest.mark.parametrize(
    ("space", "closed", "message"),
    [
        (Space(optimizer=False, fix={"optimizer/name": "adam"}), {}, "optimizer stays as written: the space"),
        (
            Space(fix={"optimizer/name": "adam"}),
            {"optimizer": "'lr' sets it."},
            "written: 'lr' sets it. Leave",
        ),
        (Space(fix={"optimizer/beta": 1, "batch_size": 32}), {}, "which this search does not have"),
    ],
)
def test_a_pin_of_what_is_not_searched_says_why(space: Space, closed: dict[str, str], message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        space.check_pins(["batch_size"], closed)


FACTORS = st.lists(st.floats(0.01, 8), min_size=1, max_size=3)
SHARES = st.lists(st.floats(0, 0.9), min_size=1, max_size=3)


def some(names: Any) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(sorted(names)), max_size=3)


OBJECTS: dict[str, st.SearchStrategy[Any]] = {
    "structure": st.builds(
        axes.Structure, width=FACTORS | FACTORS.map(np.array), extra_depth=st.integers(0, 2),
        fine_tune=some(WAYS), activation=st.booleans() | some(ACTIVATIONS),
        normalization=st.booleans() | some(NORMALIZATIONS), pooling=st.booleans() | some(POOLINGS),
    ),
    "initialization": st.builds(axes.Initialization, kernel=some(INITIALIZERS).map(tuple)),
    "regularization": st.builds(
        axes.Regularization, l1=SHARES, l2=SHARES.map(np.float32), dropout=SHARES.map(tuple)
    ),
    "optimizer": st.builds(
        axes.Optimizer, names=some(ALGORITHMS), schedule=some(SCHEDULES), backbone_rate=FACTORS,
        learning_rate=st.none() | st.tuples(st.floats(1e-6, 1e-3), st.floats(1e-2, 1)).map(list),
    ),
    "batch_size": st.lists(st.integers(1, 512), min_size=1, max_size=3).map(np.array),
}  # fmt: skip
PINS = st.dictionaries(
    st.text(), st.booleans() | st.integers() | st.text() | st.floats(0, 1).map(np.float64), max_size=3
)
ARGUMENTS = {name: st.booleans() | OBJECTS.get(name, st.builds(kind)) for name, kind in AXES.items()}
SPACES = st.builds(Space, **ARGUMENTS, fix=PINS)


@given(SPACES)
def test_a_space_comes_back_from_its_json(space: Space) -> None:
    text = space.to_json()

    assert Space.from_json(text) == space
    assert "\n" not in text


@given(SPACES)
def test_a_space_is_printed_as_the_call_that_makes_an_equal_one(space: Space) -> None:
    assert eval(repr(space), {"Space": Space, **vars(axes)}) == space


def test_an_open_space_is_printed_short() -> None:
    own = axes.Optimizer(["sgd", "adamw"], learning_rate=(1e-4, 1e-1))

    assert str(Space()) == "Space()"
    assert str(Space(optimizer=own, fix={"batch_size": np.int64(32)})) == (
        "Space(optimizer=Optimizer(names=('sgd', 'adamw'), learning_rate=(0.0001, 0.1)), fix={'batch_size': 32})"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Space()", r"'Space\(\)' is no space\. It is no JSON: .*Pass what Space.to_json wrote"),
        ("[1]", r"'\[1\]' is no space"),
        ('{"structur": false}', "Space has no argument 'structur'. Did you mean 'structure'"),
        ('{"optimizer": {"name": ["sgd"]}}', "Optimizer has no argument 'name'. Did you mean 'names'"),
        ('{"optimizer": {"names": ["sdg"]}}', "'sdg' is not known. Did you mean 'sgd'"),
        ('{"optimizer": null}', "The axis optimizer was given None"),
    ],
)
def test_what_is_no_json_of_a_space_is_refused(text: str, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        Space.from_json(text)
