"""Dropout on every engine: as often and as much as its rate says, by the seed, with a rate that is an input."""

import functools
from typing import Any

import keras
import numpy as np
import pytest

from autoopt.data import Dataset, Part
from autoopt.engines import Engine
from autoopt.hypermodel import AutoHyperModel
from autoopt.recipe import Recipe
from tests.engines.laboratory import (
    BACKEND,
    ENGINES,
    EVERY_ENGINE,
    MODES,
    USUAL,
    assert_meant,
    assigned,
    compiled,
    ran,
)

UNITS, EXAMPLES = 64, 43
DATA = Part(np.ones((EXAMPLES, UNITS), "float32"), np.zeros((EXAMPLES, UNITS), "float32"))


def dropped(y: Any, predicted: Any) -> Any:
    return keras.ops.mean(keras.ops.cast(keras.ops.equal(predicted, 0.0), "float32"), axis=-1)


def largest(y: Any, predicted: Any) -> Any:
    return keras.ops.max(predicted, axis=-1)


def showing() -> keras.Model:
    """Return a model of ones whose metrics show what its Dropout layer has done to them."""
    show = keras.layers.Dense(UNITS, use_bias=False, kernel_initializer="identity")
    model = keras.Sequential([keras.Input((UNITS,)), keras.layers.Dropout(0.5), show])
    model.compile(keras.optimizers.SGD(0.0), "mse", metrics=[dropped, largest])
    return model


def shown(engine: Engine, rate: float, seed: int, name: str = "") -> dict[str, list[float]]:
    """Train nothing, and return the history."""
    hypermodel = AutoHyperModel(showing, data=Dataset(DATA, DATA))
    candidate = hypermodel.candidate(Recipe().plus(dropout=rate), {}, 9, seed)
    reached, fitting = ran(engine, candidate, assigned(DATA))
    if name:
        assert_meant(name, fitting)
    return reached.history


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["keras", *(USUAL or ["automatic"])])
def test_dropout_drops_as_often_and_scales_as_much_as_its_rate_says(engine: str) -> None:
    made = ENGINES[engine]()
    for rate in (0.1, 0.6):
        history = shown(made, rate, seed=1, name=engine)

        # 3 epochs of 43 · 64 draws: a deviation of at most sqrt(0.24 / 8256) = 0.0054
        assert np.mean(history["dropped"]) == pytest.approx(rate, abs=0.025)
        assert history["largest"] == pytest.approx([1 / (1 - rate)] * 3, rel=1e-3)  # GPUs round in products
        assert history["val_dropped"] == [0.0] * 3 and history["val_largest"] == [1.0] * 3
        assert len(set(history["dropped"])) > 1  # not the same mask in each epoch


def whole(y: Any, predicted: Any) -> Any:
    """Return the share of maps that are dropped at some places alone."""
    gone = keras.ops.cast(keras.ops.equal(predicted, 0.0), "float32")
    share = keras.ops.mean(gone, axis=(1, 2))
    return keras.ops.mean(keras.ops.cast((share > 0) & (share < 1), "float32"), axis=-1)


MAPS = Part(np.ones((EXAMPLES, 2, 3, UNITS), "float32"), np.zeros((EXAMPLES, 2, 3, UNITS), "float32"))


def showing_maps() -> keras.Model:
    """Return a model of maps of ones whose metrics show what its SpatialDropout2D has done to them."""
    show = keras.layers.Dense(UNITS, use_bias=False, kernel_initializer="identity")
    model = keras.Sequential([keras.Input((2, 3, UNITS)), keras.layers.SpatialDropout2D(0.5), show])
    model.compile(keras.optimizers.SGD(0.0), "mse", metrics=[dropped, largest, whole])
    return model


@EVERY_ENGINE
def test_spatial_dropout_drops_whole_maps_and_keeps_their_expectation(engine: str) -> None:
    hypermodel, made = AutoHyperModel(showing_maps, data=Dataset(MAPS, MAPS)), ENGINES[engine]()
    for rate in (0.2, 0.6):
        candidate = hypermodel.candidate(Recipe().plus(spatial_dropout=rate), {}, 9, 1)
        reached, fitting = ran(made, candidate, assigned(MAPS))
        assert_meant(engine, fitting)

        # 3 epochs of 43 · 64 maps: a deviation of at most sqrt(0.24 / 8256) = 0.0054
        assert np.mean(reached.history["dropped"]) == pytest.approx(rate, abs=0.025)
        assert reached.history["largest"] == pytest.approx(
            [1 / (1 - rate)] * 3, rel=1e-3
        )  # GPUs round in products
        assert reached.history["whole"] == [0.0] * 3 == reached.history["val_dropped"]
        assert fitting.program in (None, 0)


@EVERY_ENGINE
def test_dropout_repeats_itself_under_the_same_seed_alone(engine: str) -> None:
    made = ENGINES[engine]()
    runs = [shown(made, 0.4, seed) for seed in (1, 2, 1)]

    assert runs[0] == runs[2] != runs[1]


@pytest.mark.skipif(not MODES, reason=f"the {BACKEND} backend compiles no epochs")
def test_the_steps_of_an_epoch_drop_differently() -> None:
    engine = compiled(MODES[0])
    hypermodel = AutoHyperModel(showing, data=Dataset(DATA, DATA))
    candidate = functools.partial(hypermodel.candidate, Recipe().plus(dropout=0.5), {}, 9)
    by_size = [ran(engine, candidate(seed), assigned(DATA, size=1))[0].history["dropped"] for seed in (1, 2)]

    # 43 steps with one mask would deviate from 0.5 by 0.06 in each epoch, steps with their own by 0.01
    assert np.abs(np.array(by_size) - 0.5).max() < 0.04
