"""Initial weights: drawn as Keras's initializers draw, from the seed alone, whatever was compiled before."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import initializers, layers

from autoopt import initial
from autoopt.engines import Knobs
from autoopt.hypermodel import AutoHyperModel
from autoopt.recipe import Recipe
from tests import toys

SCALED = ["glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_uniform", "lecun_normal"]


@pytest.mark.parametrize("shape", [(300, 200), (3, 3, 20, 50)], ids=["dense", "convolution"])
@pytest.mark.parametrize("name", SCALED)
def test_a_scaled_draw_has_the_mean_deviation_and_bounds_of_kerass_own(name: str, shape: Any) -> None:
    initializer = initializers.get(name)
    ours = initial.variance_scaled(initializer, shape, seed=1)
    theirs = keras.ops.convert_to_numpy(initializer(shape))

    assert abs(ours.mean()) < 0.02 * theirs.std()
    assert ours.std() == pytest.approx(theirs.std(), rel=0.03)
    assert np.abs(ours).max() == pytest.approx(np.abs(theirs).max(), rel=0.03)


@pytest.mark.parametrize("mode", ["fan_in", "fan_out", "fan_avg"])
@pytest.mark.parametrize("distribution", ["uniform", "truncated_normal", "untruncated_normal"])
def test_every_scaling_has_the_deviation_of_kerass_own(mode: str, distribution: str) -> None:
    initializer = initializers.VarianceScaling(2.0, mode, distribution)
    ours = initial.variance_scaled(initializer, (400, 100), seed=1)

    assert ours.std() == pytest.approx(float(keras.ops.std(initializer((400, 100)))), rel=0.03)


def test_a_scaled_draw_repeats_itself_under_its_seed_alone() -> None:
    one, again, other = (
        initial.variance_scaled(initializers.get("he_normal"), (4, 5), seed) for seed in (1, 1, 2)
    )

    assert np.array_equal(one, again) and not np.array_equal(one, other)


@keras.saving.register_keras_serializable("tests")
def halves(shape: Any, dtype: Any = None) -> Any:
    return keras.random.uniform(shape, dtype=dtype) / 2


def test_an_initializer_that_is_a_function_draws_from_the_seed_too() -> None:
    def model_fn() -> keras.Model:
        return keras.Sequential([keras.Input((4,)), layers.Dense(3, kernel_initializer=halves)])

    hypermodel = toys.hypermodel(model_fn)
    one, again, other = (hypermodel.assemble(Recipe(), {}, seed=seed).get_weights()[0] for seed in (1, 1, 2))

    assert np.array_equal(one, again) and not np.array_equal(one, other)
    assert one.min() >= 0 and one.max() <= 0.5


def test_layers_of_one_shape_start_from_different_weights() -> None:
    chain = [layers.Dense(64, name="one"), layers.Dense(64, name="other")]
    model = toys.hypermodel(lambda: keras.Sequential([keras.Input((64,)), *chain])).assemble(
        Recipe(), {}, seed=0
    )

    assert not np.array_equal(model.layers[0].get_weights()[0], model.layers[1].get_weights()[0])


def various() -> keras.Model:
    """Return a net of many kinds of layers, whose weights start in many ways."""
    return keras.Sequential(
        [
            keras.Input((8, 8)),
            layers.Conv1D(4, 3, kernel_initializer="he_normal"),
            layers.SeparableConv1D(4, 3),
            layers.BatchNormalization(gamma_initializer=initializers.Constant(0.5)),
            layers.GRU(3),
            layers.Dense(
                6, kernel_initializer=initializers.RandomNormal(stddev=0.5), bias_initializer="ones"
            ),
            layers.Dense(6, kernel_initializer=initializers.HeUniform(seed=7)),
            layers.Dense(10, "softmax"),
        ]
    )


def of(make: Any, shape: tuple[int, ...] = (64,)) -> AutoHyperModel:
    x, y = toys.digits(40)
    return toys.hypermodel(make, data=toys.halves(x.reshape(-1, *shape), y))


EDITS = {
    "none": Recipe(),
    "initializer": Recipe().plus(initializer="lecun_normal"),
    "structure": Recipe().plus(width={"dense": 2.0}, l2=1e-3, dropout=0.2),
    "parts": Recipe().plus(activation={"dense": "selu"}, normalization={"dense": "batch"}),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_twin_starts_from_the_weights_of_the_plain_model(edit: str) -> None:
    hypermodel = of(various, (8, 8)) if edit == "none" else of(toys.dense)
    twin = None
    for seed in (3, 4):
        candidate = hypermodel.candidate(EDITS[edit], {}, 10, seed)
        twin = candidate.twin(Knobs()) if twin is None else twin
        pairs = list(zip(candidate.initial(twin), candidate.model.get_weights(), strict=True))

        assert all(np.array_equal(one, other) for one, other in pairs)
        assert any(one.std() > 0 for one, _ in pairs)


def test_a_twin_of_a_model_whose_layers_are_called_otherwise_starts_from_the_right_weights() -> None:
    # Keras counts names up: each call of the model function returns dense_4, dense_5, … anew.
    twin = of(toys.dense).candidate(Recipe(), {}, 10, 3).twin(Knobs())
    candidate = of(toys.dense).candidate(Recipe(), {}, 10, 3)

    drawn = candidate.initial(twin)
    assert all(map(np.array_equal, drawn, candidate.model.get_weights()))


def test_an_initializer_without_a_seed_is_drawn_anew_and_one_with_a_seed_is_kept() -> None:
    hypermodel = of(various, (8, 8))
    one, other = (hypermodel.assemble(Recipe(), {}, seed=seed) for seed in (1, 2))
    same = [
        np.array_equal(a.get_weights()[0], b.get_weights()[0])
        for a, b in zip(one.layers, other.layers, strict=True)
    ]

    # Conv1D, SeparableConv1D, BatchNormalization (constant), GRU, Dense, Dense with a seed, Dense
    assert same == [False, False, True, False, False, True, False]
    kernel = one.layers[5].get_weights()[0]
    assert np.array_equal(kernel, keras.ops.convert_to_numpy(initializers.HeUniform(seed=7)((6, 6))))


def loaded() -> keras.Model:
    model = toys.dense()
    model.layers[0].set_weights([np.full((64, 8), 0.25, "float32"), np.full(8, 0.5, "float32")])
    return model


def test_loaded_weights_are_what_every_training_starts_from() -> None:
    hypermodel = of(loaded)
    for seed in (1, 2):
        candidate = hypermodel.candidate(Recipe(), {}, 10, seed)
        for weights in (candidate.model.get_weights(), candidate.initial(candidate.twin(Knobs()))):
            assert (weights[0] == 0.25).all() and (weights[1] == 0.5).all()


def test_an_initializer_of_the_recipe_replaces_loaded_kernels() -> None:
    candidate = of(loaded).candidate(Recipe().plus(initializer="he_normal"), {}, 10, 1)
    weights = candidate.initial(candidate.twin(Knobs()))

    assert weights[0].std() > 0
    assert all(map(np.array_equal, weights, candidate.model.get_weights()))


def scribbled() -> keras.Model:
    model = toys.dense()
    model.layers[0].set_weights([np.random.normal(size=(64, 8)), np.zeros(8)])
    return model


def test_weights_that_a_model_function_draws_itself_are_those_that_it_drew() -> None:
    candidate = of(scribbled).candidate(Recipe(), {}, 10, 1)

    assert candidate.initial is None  # only building the model gives them
    assert candidate.model.get_weights()[0].std() == pytest.approx(1.0, abs=0.15)
