"""Initial weights: drawn as Keras's initializers draw, from the seed alone, whatever was compiled before."""

import math
from typing import Any

import keras
import numpy as np
import pytest
from keras import initializers, layers

from autoopt import initial
from autoopt.data import Dataset
from autoopt.engines import Knobs
from autoopt.hypermodel import AutoHyperModel
from autoopt.recipe import Recipe
from autoopt.seeding import drawn_from
from tests import toys

KINDS = {
    "dense": lambda: [keras.Input((300,)), layers.Dense(200, name="hidden")],  # fans 300 and 200
    "convolution": lambda: [  # fans 3 · 3 · 20 = 180 and 3 · 3 · 50 = 450
        keras.Input((6, 6, 20)), layers.Conv2D(50, 3, name="hidden"), layers.Flatten()
    ],
}  # fmt: skip
KURTOSIS = {"uniform": 9 / 5, "normal": 2.3655}
"""Fourth moment by squared variance: of a uniform distribution, and of a normal one cut off at ±2σ."""

# Glorot & Bengio 2010: variance 2 / (fan_in + fan_out); He et al. 2015: 2 / fan_in; LeCun et al. 1998: 1 / fan_in.
# A uniform distribution of variance v is bounded by √(3v); a normal one is cut at twice the σ of which the cut
# leaves √v, that is √v / 0.87962566.
FORMULAS = {
    ("glorot_uniform", "dense"): (0.004, 0.109545),  # √(6 / 500)
    ("he_uniform", "dense"): (0.00666667, 0.141421),  # √(6 / 300)
    ("lecun_uniform", "dense"): (0.00333333, 0.1),  # √(3 / 300)
    ("glorot_normal", "dense"): (0.004, 0.143802),
    ("he_normal", "dense"): (0.00666667, 0.185648),
    ("lecun_normal", "dense"): (0.00333333, 0.131273),
    ("glorot_uniform", "convolution"): (0.00317460, 0.0975900),  # √(6 / 630)
    ("he_uniform", "convolution"): (0.0111111, 0.182574),  # √(6 / 180)
    ("lecun_uniform", "convolution"): (0.00555556, 0.129099),  # √(3 / 180)
    ("glorot_normal", "convolution"): (0.00317460, 0.128109),
    ("he_normal", "convolution"): (0.0111111, 0.239670),
    ("lecun_normal", "convolution"): (0.00555556, 0.169472),
}


def hidden_kernel(kind: str, seed: int | None, **settings: Any) -> np.ndarray:
    """Return the kernel that a recipe's hidden layer starts from: our own draw, or Keras's where seed is None."""
    model_fn = lambda: keras.Sequential([*KINDS[kind](), layers.Dense(10, "softmax")])  # noqa: E731
    with drawn_from(0):
        model = AutoHyperModel(model_fn).assemble(Recipe().plus(**settings), {}, seed=seed)
    return model.get_layer("hidden").get_weights()[0]


def assert_drawn(kernel: np.ndarray, variance: float, bound: float, kurtosis: float) -> None:
    """Fail where mean or variance of a sample are five standard errors off, or its bound is not the one meant."""
    n = kernel.size
    assert abs(kernel.mean()) < 5 * math.sqrt(variance / n)
    assert kernel.var() == pytest.approx(variance, rel=5 * math.sqrt((kurtosis - 1) / n))
    # Of 9,000 values or more one lies in the last 2 % of the range, but for a chance below 1e-9.
    assert 0.98 * bound < np.abs(kernel).max() < bound * (1 + 1e-5)


@pytest.mark.parametrize("seed", [0, None], ids=["ours", "keras"])
@pytest.mark.parametrize(("name", "kind"), FORMULAS)
def test_a_scaled_kernel_has_the_deviation_and_the_bound_of_its_paper(
    name: str, kind: str, seed: int | None
) -> None:
    variance, bound = FORMULAS[name, kind]

    kernel = hidden_kernel(kind, seed, initializer=name)
    assert_drawn(kernel, variance, bound, KURTOSIS[name.partition("_")[2]])


@pytest.mark.parametrize("seed", [0, None], ids=["ours", "keras"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_truncated_normal_kernel_is_cut_at_two_sigma_whatever_its_fans(kind: str, seed: int | None) -> None:
    kernel = hidden_kernel(kind, seed, initializer="truncated_normal", initializer_scale=0.3)

    # σ = 0.3; variance of the standard normal distribution cut at ±2: 1 - 4 φ(2) / (2 Φ(2) - 1) = 0.773741
    assert_drawn(kernel, 0.3**2 * 0.773741, 0.6, KURTOSIS["normal"])


@pytest.mark.parametrize("seed", [0, None], ids=["ours", "keras"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_columns_of_an_orthogonal_kernel_are_orthonormal(kind: str, seed: int | None) -> None:
    kernel = hidden_kernel(kind, seed, initializer="orthogonal")
    columns = kernel.reshape(-1, kernel.shape[-1])

    np.testing.assert_allclose(columns.T @ columns, np.eye(columns.shape[-1]), atol=1e-5)


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
    "truncated normal": Recipe().plus(initializer="truncated_normal", initializer_scale=0.2),
    "bias": Recipe().plus(bias="class_priors", width={"dense": 2.0}),
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


@pytest.mark.parametrize(
    "changes", [{"initializer": "he_normal"}, {"activation": {"dense": "selu"}}], ids=str
)
def test_no_initializer_of_the_recipe_touches_loaded_kernels(changes: Any) -> None:
    hypermodel = of(loaded)
    candidate = hypermodel.candidate(Recipe().plus(**changes), {}, 10, 1)

    assert not hypermodel.reading().origin.template.fresh
    for weights in (candidate.initial(candidate.twin(Knobs())), candidate.model.get_weights()):
        assert (weights[0] == 0.25).all() and (weights[1] == 0.5).all()


def on_a_backbone() -> keras.Model:
    """Return a flat net whose first layers were loaded, and whose last are new."""
    base = keras.Sequential([keras.Input((64,)), layers.Dense(8, "relu"), layers.Dense(8, "relu")])
    base.set_weights([np.full(weight.shape, 0.25) for weight in base.weights])
    x = layers.Dense(6, "relu", name="new")(base.layers[-1].output)
    return keras.Model(base.inputs, layers.Dense(10, "softmax", name="out")(x))


def test_what_stands_on_loaded_layers_starts_as_the_recipe_says() -> None:
    hypermodel = of(on_a_backbone)
    recipe = Recipe().plus(initializer="truncated_normal", initializer_scale=0.2, bias="class_priors")
    model = hypermodel.candidate(recipe, {}, 10, 1).model

    assert hypermodel.reading().origin.template.fresh == ("new",)
    assert all((layer.get_weights()[0] == 0.25).all() for layer in model.layers[1:3])
    assert model.get_layer("new").kernel_initializer.stddev == 0.2
    assert model.get_layer("out").get_weights()[1] == pytest.approx(math.log(0.1))  # 3 of 30 digits each


def test_an_untrained_model_given_as_template_has_fresh_kernels_and_a_trained_one_none() -> None:
    untrained, trained = toys.dense(), loaded()

    assert of(untrained).reading().origin.template.fresh == (untrained.layers[0].name,)
    assert of(trained).reading().origin.template.fresh == ()


def scribbled() -> keras.Model:
    model = toys.dense()
    model.layers[0].set_weights([np.random.normal(size=(64, 8)), np.zeros(8)])
    return model


def test_weights_that_a_model_function_draws_itself_are_those_that_it_drew() -> None:
    candidate = of(scribbled).candidate(Recipe(), {}, 10, 1)

    assert candidate.initial is None  # only building the model gives them
    assert candidate.model.get_weights()[0].std() == pytest.approx(1.0, abs=0.15)


PRIORS = Recipe().plus(bias="class_priors")


@pytest.mark.parametrize(
    "recipe", [PRIORS, PRIORS.plus(initializer="he_normal")], ids=["alone", "and kernel"]
)
@pytest.mark.parametrize(
    "make", [toys.dense, toys.custom, scribbled], ids=["rebuilt", "its own program", "scribbled"]
)
def test_a_blank_image_is_at_first_given_the_frequencies_of_the_training_part(
    make: Any, recipe: Recipe
) -> None:
    y = np.array([0] * 17 + [1] * 8 + [2] * 5 + [9] * 10)  # the last quarter, all of class 9, validates
    hypermodel = toys.hypermodel(make, data=toys.halves(np.zeros((40, 64), "float32"), y))
    candidate = hypermodel.candidate(recipe, {}, 10, 1)

    expected = np.array([18, 9, 6, 1, 1, 1, 1, 1, 1, 1]) / 40  # (n + 1) / (30 + 10)
    models = [candidate.model, hypermodel.assemble(recipe, {})]
    if candidate.initial is not None:
        models.append(hypermodel.assemble(Recipe(), {}))
        models[-1].set_weights(candidate.initial(candidate.twin(Knobs())))
    for model in models:
        np.testing.assert_allclose(model.predict_on_batch(np.zeros((1, 64)))[0], expected, rtol=1e-5)


def test_labels_that_come_in_a_stream_speak_for_no_bias() -> None:
    class Batches(keras.utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> Any:
            return np.zeros((4, 64), "float32"), np.zeros(4, "int64")

    hypermodel = toys.hypermodel(data=Dataset.of(Batches(), validation_data=Batches()))
    hp = toys.asking()
    hypermodel.draw(hp)

    assert "initialization/kernel" in hp.values and "initialization/bias" not in hp.values
