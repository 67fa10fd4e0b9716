"""A recipe is plain data: JSON both ways, and frozen."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoopt.axes.initialization import BIASES, INITIALIZERS
from autoopt.axes.optimizer import ALGORITHMS, SCHEDULES
from autoopt.recipe import Recipe, Settings, Structure
from autoopt.surgery import ACTIVATIONS, NORMALIZATIONS, POOLINGS

STAGES = st.sampled_from(["dense", "dense_1", "conv", "conv_12"])
NUMBERS = st.none() | st.floats(0, 1e6, allow_nan=False)
RECIPES = st.builds(
    Recipe,
    st.builds(
        Structure,
        depth=st.dictionaries(STAGES, st.integers(1, 9)),
        width=st.dictionaries(STAGES, st.floats(0.25, 8)),
        activation=st.dictionaries(STAGES, st.sampled_from(ACTIVATIONS)),
        normalization=st.dictionaries(STAGES, st.sampled_from(NORMALIZATIONS)),
        pooling=st.none() | st.sampled_from(POOLINGS),
        optimizer=st.none() | st.sampled_from(sorted(ALGORITHMS)),
    ),
    st.builds(
        Settings,
        initializer=st.none() | st.sampled_from(INITIALIZERS),
        initializer_scale=NUMBERS,
        bias=st.none() | st.sampled_from(BIASES),
        l1=NUMBERS, l2=NUMBERS, dropout=NUMBERS, spatial_dropout=NUMBERS, max_norm=NUMBERS,
        label_smoothing=NUMBERS, learning_rate=NUMBERS, warmup=NUMBERS, global_clipnorm=NUMBERS,
        schedule=st.none() | st.sampled_from(SCHEDULES),
        momentum=NUMBERS, weight_decay=NUMBERS,
        batch_size=st.none() | st.integers(1, 4096),
        full_batch=st.booleans(),
    ),
)  # fmt: skip


@given(RECIPES)
def test_a_recipe_comes_back_from_its_json(recipe: Recipe) -> None:
    assert Recipe.from_json(recipe.to_json()) == recipe


@given(RECIPES, RECIPES)
def test_equal_recipes_and_only_they_have_equal_json(one: Recipe, other: Recipe) -> None:
    assert (one == other) == (one.to_json() == other.to_json())


@given(RECIPES)
def test_the_json_is_one_line_that_any_reader_takes(recipe: Recipe) -> None:
    text = recipe.to_json()

    assert "\n" not in text
    assert set(json.loads(text)) == {"structure", "settings"}


def test_what_is_as_written_does_not_stand_in_the_json() -> None:
    assert Recipe().to_json() == '{"settings": {}, "structure": {}}'


def test_zero_is_a_change_and_none_is_not() -> None:
    recipe = Recipe().plus(l2=0.0, dropout=None)

    assert json.loads(recipe.to_json())["settings"] == {"l2": 0.0}


def test_plus_puts_each_field_into_its_half_and_leaves_the_recipe_alone() -> None:
    before = Recipe()
    after = before.plus(width={"dense": 2.0}, learning_rate=0.1)

    assert (after.structure.width, after.settings.learning_rate) == ({"dense": 2.0}, 0.1)
    assert before == Recipe()


def test_a_field_that_no_half_has_is_refused() -> None:
    with pytest.raises(TypeError, match="lerning_rate"):
        Recipe().plus(lerning_rate=0.1)


def test_a_recipe_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Recipe().settings.l1 = 1.0  # type: ignore[misc]
