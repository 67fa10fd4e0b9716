"""Augmentation on every engine: in training alone, by the seed, with strengths that are inputs."""

import functools
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from autoopt import Space, axes
from autoopt.data import Dataset, Part
from autoopt.engines import Augmentation, Candidate, Engine, Knobs
from autoopt.engines.augmentation import TRIES, beta
from autoopt.hypermodel import AutoHyperModel
from autoopt.recipe import Recipe
from tests.counts import at_full_counts
from tests.engines.laboratory import (
    BACKEND,
    BATCH,
    ENGINES,
    EVERY_ENGINE,
    MODES,
    USUAL,
    assert_meant,
    assigned,
    compiled,
    ran,
    traces,
)

EXAMPLES, SIDE = 43, 9
DOT = np.zeros((EXAMPLES, SIDE, SIDE, 1), "float32")
DOT[:, 4, 4] = 1.0
DATA = Part(DOT, np.zeros((EXAMPLES, SIDE * SIDE), "float32"))


def at_home(y: Any, predicted: Any) -> Any:
    return predicted[:, 4 * SIDE + 4]


def around(y: Any, predicted: Any) -> Any:
    image = ops.reshape(predicted, (-1, SIDE, SIDE))
    return ops.sum(image[:, 3:6, 3:6], axis=(1, 2))


def whole(y: Any, predicted: Any) -> Any:
    return ops.sum(predicted, axis=-1)


def showing(run_eagerly: bool = False) -> keras.Model:
    """Return a model of images with one bright pixel whose metrics show where it sees it."""
    show = layers.Dense(SIDE * SIDE, use_bias=False, kernel_initializer="identity")
    model = keras.Sequential([keras.Input((SIDE, SIDE, 1)), layers.Flatten(), show])
    model.compile(keras.optimizers.SGD(0.0), "mse", metrics=[at_home, around, whole], run_eagerly=run_eagerly)
    return model


@functools.cache
def hypermodel(model_fn: Any) -> AutoHyperModel:
    return AutoHyperModel(model_fn, Space(augmentation=axes.Augmentation()), Dataset(DATA, DATA))


def candidate(seed: int = 1, model_fn: Any = showing, **augmentation: Any) -> Candidate:
    return hypermodel(model_fn).candidate(Recipe().plus(**augmentation), {}, 9, seed)


def shown(engine: Engine, name: str = "", size: int = BATCH, **given: Any) -> dict[str, list[float]]:
    """Train nothing, and return the history."""
    reached, fitting = ran(engine, candidate(**given), assigned(DATA, size=size))
    if name:
        assert_meant(name, fitting)
    return reached.history


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["keras", *USUAL])
def test_images_are_moved_in_training_alone_and_as_far_as_the_strength_says(engine: str) -> None:
    history = shown(ENGINES[engine](), engine, shift=1 / SIDE)

    # Shifts from −1 to 1 pixel are rounded: half of all stay, up or down and again left or right.
    # 129 draws in 3 epochs deviate by sqrt(0.25 · 0.75 / 129) = 0.038.
    assert np.mean(history["at_home"]) == pytest.approx(1 / 4, abs=0.15)
    assert history["around"] == history["whole"] == [1.0] * 3
    assert history["val_at_home"] == history["val_whole"] == [1.0] * 3


@EVERY_ENGINE
def test_augmentation_repeats_itself_under_the_same_seed_alone(engine: str) -> None:
    made = ENGINES[engine]()
    runs = [shown(made, size=EXAMPLES, seed=seed, shift=0.2, mixup=0.5) for seed in (1, 2, 1)]

    assert runs[0] == runs[2] != runs[1]
    assert len(set(runs[0]["loss"])) == 3  # not the same in each epoch


@at_full_counts
@pytest.mark.skipif(not MODES, reason=f"the {BACKEND} backend compiles no epochs")
def test_all_strengths_are_one_program() -> None:
    engine = compiled(MODES[0])
    weak = shown(engine, rotation=0.01, mixup=0.1, shift=0.05)
    strong = shown(engine, rotation=0.2, mixup=1.0, shift=0.3, flip="horizontal_and_vertical")

    assert len(traces(engine)) == 1
    assert np.mean(strong["at_home"]) < 0.3 < np.mean(weak["at_home"])
    assert strong["val_at_home"] == weak["val_at_home"] == [1.0] * 3


def test_parts_are_in_the_key_and_strengths_are_not() -> None:
    drawn = [
        {},
        {"shift": 0.1},
        {"shift": 0.2},
        {"flip": "vertical"},
        {"rotation": 0.1},
        {"mixup": 0.2},
        {"mixup": 1.0},
    ]
    plain, near, far, flipped, turned, *mixed = (candidate(**given).key for given in drawn)

    assert near == far == flipped and mixed[0] == mixed[1]
    assert len({plain, near, turned, mixed[0]}) == 4


@pytest.mark.parametrize("strength", [{"shift": 0.1}, {"rotation": 0.1}, {"mixup": 0.1}])
def test_strengths_of_zero_leave_a_compiled_augmentation_the_identity(strength: dict[str, float]) -> None:
    model, x = showing(), np.random.default_rng(0).random((5, SIDE, SIDE, 1)).astype("float32")
    expected = ops.convert_to_numpy(model(x, training=True))
    knobs = Knobs()
    knobs.turn({"augmentation": [0.0] * 5})
    Augmentation(**strength).attach(model, 0, knobs)

    assert np.array_equal(ops.convert_to_numpy(model(x, training=True)), expected)


@pytest.mark.parametrize("weight", [None, np.array([1.0, 2.0, 0.5, 3.0], "float32")])
def test_the_loss_of_a_mixed_batch_is_mixed_by_the_same_share(weight: Any) -> None:
    scores = np.random.default_rng(0).dirichlet([1.0] * 3, size=4).astype("float32")
    y = np.array([0, 2, 1, 1])
    model = keras.Sequential([keras.Input((3,)), layers.Activation("linear")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    Augmentation(mixup=1.0).attach(model, 3)
    mixed = ops.convert_to_numpy(model(scores, training=True))
    given = (ops.convert_to_tensor(each) if each is not None else None for each in (scores, y, mixed, weight))
    loss = float(model.compute_loss(*given, training=True))

    # x̃ = λ x + (1 − λ) x', L = λ L(y) + (1 − λ) L(y') (Zhang et al. 2018)
    before = np.roll(scores, 1, axis=0)
    share = float(((mixed - before) / (scores - before)).flat[0])
    w = np.ones(4) if weight is None else weight
    own, other = (np.mean(np.roll(w, by) * -np.log(mixed[range(4), np.roll(y, by)])) for by in (0, 1))
    assert 0 < share < 1
    assert mixed == pytest.approx(share * scores + (1 - share) * before, abs=1e-6)
    assert loss == pytest.approx(share * own + (1 - share) * other, rel=1e-4)


@pytest.mark.parametrize("alpha", [0.2, 1.0])
def test_shares_are_drawn_from_beta(alpha: float) -> None:
    uniform = np.random.default_rng(0).random((2000, 2, TRIES)).astype("float32")
    drawn = ops.vectorized_map(lambda each: beta(alpha, each), ops.convert_to_tensor(uniform))
    shares = ops.convert_to_numpy(drawn)

    # Mean 1/2, variance 1 / (4 (2α + 1)); 2000 draws deviate by at most 0.5 / sqrt(2000) = 0.011.
    assert shares.mean() == pytest.approx(0.5, abs=0.04)
    assert shares.var() == pytest.approx(1 / (4 * (2 * alpha + 1)), abs=0.012)


def test_an_augmented_model_is_saved_as_it_was(tmp_path: Path) -> None:
    model, x = showing(run_eagerly=True), DOT[:2]
    config = model.get_config()
    Augmentation("horizontal", 0.2, 0.1, 0.5).attach(model, 0)
    model.train_on_batch(DATA.x, DATA.y)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", compile=False)

    assert model.get_config() == config
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
    assert np.array_equal(ops.convert_to_numpy(again(x)), ops.convert_to_numpy(model(x)))


def test_a_model_that_is_trained_as_it_is_is_augmented_too() -> None:
    def model_fn() -> keras.Model:
        inputs = keras.Input((SIDE, SIDE, 1))
        outputs = layers.Lambda(lambda x: 1.0 * x)(layers.Flatten()(inputs))
        model = keras.Model(inputs, layers.Dense(SIDE * SIDE, kernel_initializer="identity")(outputs))
        model.compile(keras.optimizers.SGD(0.0), "mse", metrics=[at_home])
        return model

    history = shown(ENGINES["automatic"](), "automatic", model_fn=model_fn, shift=0.2)

    assert np.mean(history["at_home"]) < 0.5 and history["val_at_home"] == [1.0] * 3
