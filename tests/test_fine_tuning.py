"""Fine-tuning, as laws: what stands still and what learns, in every way, on every engine and in plain `fit`."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest
from keras import layers

import autoopt
from autoopt import optimizers
from autoopt.axes.fine_tuning import WAYS
from autoopt.engines import Knobs
from autoopt.hypermodel import AutoHyperModel
from autoopt.recipe import Recipe
from tests import pretrained, toys
from tests.counts import FULL, at_full_counts, first_of, in_turn
from tests.engines import laboratory

MOVES = {
    "as_written": {"kernels", "statistics"},
    "frozen": set(),
    "last_blocks": {"kernels"},
    "all": {"kernels"},
    "frozen_then_all": {"kernels"},
}
TELLING = {
    "as_written": "keras",
    "frozen": "keras",
    "last_blocks": "automatic",
    "all": "keras",
    "frozen_then_all": "automatic",
}
"""Each way on one engine: flags of layers decide what a program has, and a rate that is 0 for a while."""
EACH_ENGINE = pytest.mark.parametrize("engine", first_of("automatic", "keras"))
EVERY_WAY = pytest.mark.parametrize("way", MOVES)


def hypermodel(make: Any = pretrained.residual) -> AutoHyperModel:
    return toys.hypermodel(pretrained.function(make), data=toys.halves(*pretrained.images(64)))


def recipe(way: str, **changes: Any) -> Recipe:
    return Recipe().plus(fine_tune=None if way == "as_written" else way, **changes)


def moved(part: keras.Model, before: Sequence[np.ndarray]) -> set[str]:
    """Return what of a part has changed: kernels and what belongs to them, or normalizations' statistics."""
    pairs = zip(part.weights, before, strict=True)
    return {
        "statistics" if "moving" in weight.name else "kernels"
        for weight, value in pairs
        if not np.array_equal(weight.numpy(), value)
    }


def after(
    found: AutoHyperModel,
    wanted: Recipe,
    engine: str,
    epochs: Sequence[int],
    size: int = 16,
    horizon: int = 1,
) -> list[keras.Model]:
    """Train a candidate, and return models with the weights that it had after some numbers of epochs."""
    data = toys.halves(*pretrained.images(64))
    task = laboratory.assigned(data.train, data.validation, size=size, epochs=epochs[-1])
    candidate = found.candidate(wanted, {}, task.steps * horizon, seed=1)
    fitting, reached = laboratory.ENGINES[engine]().fitting(candidate, task), []
    for epoch in range(epochs[-1]):
        fitting.epoch(epoch)
        if epoch + 1 in epochs:
            reached.append(found.assemble(wanted, {}, 1, seed=1))
            reached[-1].set_weights(fitting.weights())
    laboratory.assert_meant(engine, fitting)
    return reached


def ends(model: keras.Model) -> list[np.ndarray]:
    """Return the last kernels of the part and of the model."""
    return [layers[-1].get_weights()[0] for layers in (pretrained.part_of(model).layers, model.layers)]


def test_every_way_is_here() -> None:
    assert set(MOVES) == set(WAYS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("way", "engine"), [*product(MOVES, ("automatic", "keras"))] if FULL else list(TELLING.items())
)
def test_each_way_trains_what_it_says_and_nothing_else(way: str, engine: str) -> None:
    found = hypermodel(pretrained.chain)
    before = found.assemble(Recipe(), {}, seed=1).get_weights()
    model = after(found, recipe(way), engine, [1])[0]
    part, own = pretrained.part_of(model), pretrained.part_of(found.assemble(Recipe(), {}, seed=1))

    assert moved(part, own.get_weights()) == MOVES[way]
    assert not np.array_equal(model.get_layer("out").get_weights()[0], before[-2])


@EACH_ENGINE
def test_the_first_blocks_stand_still_where_the_last_ones_train(engine: str) -> None:
    found = hypermodel()
    own = pretrained.part_of(found.assemble(Recipe(), {}, seed=1))
    model = after(found, recipe("last_blocks"), engine, [1])[0]
    still = {
        name: np.array_equal(
            pretrained.part_of(model).get_layer(name).get_weights()[0], own.get_layer(name).get_weights()[0]
        )
        for name in ("stem", "block1", "block2", "end")
    }

    assert still == {"stem": True, "block1": True, "block2": False, "end": False}


DECAYING = {"optimizer": "adamw", "weight_decay": 0.1, "learning_rate": 0.01}


@pytest.mark.slow
@pytest.mark.parametrize("changes", [{}, DECAYING] if FULL else [DECAYING])
@EACH_ENGINE
def test_in_two_phases_the_part_stands_still_in_the_first_and_learns_in_the_second(
    engine: str, changes: Any
) -> None:
    found = hypermodel()
    own = pretrained.part_of(found.assemble(Recipe(), {}, seed=1)).get_weights()
    reached = after(found, recipe("frozen_then_all", **changes), engine, epochs=[2, 3], horizon=4)

    assert [moved(pretrained.part_of(model), own) for model in reached] == [set(), {"kernels"}]


@EACH_ENGINE
def test_a_lower_rate_takes_shorter_steps_in_the_part_alone(engine: str) -> None:
    found, moves = hypermodel(pretrained.chain), []
    first = ends(found.assemble(Recipe(), {}, seed=1))
    for rate in (1.0, 0.1):
        wanted = recipe("all", backbone_rate=rate)
        reached = ends(after(found, wanted, engine, [1], size=48)[0])  # one step of SGD
        moves.append([one - other for one, other in zip(reached, first, strict=True)])

    assert np.abs(moves[0][0]).max() > 1e-4
    np.testing.assert_allclose(moves[1][0], 0.1 * moves[0][0], rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(moves[1][1], moves[0][1], rtol=1e-3, atol=1e-6)


def test_ways_and_rates_that_differ_in_numbers_alone_share_a_program() -> None:
    found = hypermodel()
    keys = {
        found.candidate(wanted, {}, 12, 1).key
        for wanted in (recipe("all"), recipe("all", backbone_rate=0.1), recipe("frozen_then_all"))
    }

    assert len(keys) == 1


def test_what_trains_is_in_the_key() -> None:
    found = hypermodel()
    ways = ("as_written", "frozen", "last_blocks", "all")

    assert len({found.candidate(recipe(way), {}, 12, 1).key for way in ways}) == 4


def test_the_knobs_tell_the_pace() -> None:
    wanted = recipe("frozen_then_all", backbone_rate=0.1)

    expected = {"backbone_rate": 0.1, "thaw": 6, "label_smoothing": 0.0}
    assert hypermodel().candidate(wanted, {}, 12, 1).knobs == expected


def plain_optimizer() -> Any:
    """Return an optimizer whose configuration does not say everything about it."""
    optimizer = keras.optimizers.AdamW(0.01, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


@at_full_counts
def test_the_users_own_optimizer_is_slowed_too_and_keeps_its_exclusions() -> None:
    model_fn = pretrained.function()

    def own() -> keras.Model:
        model = model_fn()
        loss = "sparse_categorical_crossentropy"
        model.compile(plain_optimizer(), loss, metrics=["accuracy"], run_eagerly=True)
        return model

    found = toys.hypermodel(own, data=toys.halves(*pretrained.images(64)))
    wanted = recipe("frozen_then_all")
    model = found.assemble(wanted, {}, 12, seed=1)
    before = pretrained.part_of(model).get_weights()
    x, y = pretrained.images(48)
    model.fit(x, y, batch_size=8, epochs=1, verbose=0)  # six steps: the first phase
    assert not moved(pretrained.part_of(model), before)
    model.fit(x, y, batch_size=8, epochs=1, verbose=0)
    assert moved(pretrained.part_of(model), before) == {"kernels"}
    assert model.optimizer._exclude_from_weight_decay_pattern is not None


def test_a_part_decays_at_its_own_rate() -> None:
    found = hypermodel()
    wanted = recipe("all", optimizer="adamw", weight_decay=0.1, learning_rate=0.01, backbone_rate=0.5)
    model = found.assemble(wanted, {}, 12, seed=1)
    before = [weight.numpy() for weight in model.trainable_variables]
    own = {id(weight) for weight in pretrained.part_of(model).trainable_variables}
    model.optimizer.build(model.trainable_variables)
    model.optimizer.apply([keras.ops.zeros(weight.shape) for weight in model.trainable_variables])

    for weight, value in zip(model.trainable_variables, before, strict=True):
        share = 0.01 * 0.1 * (0.5 if id(weight) in own else 1.0)  # w ← w − α r λ w, without a gradient
        np.testing.assert_allclose(weight.numpy(), value * (1 - share), rtol=1e-6)


@at_full_counts
def test_kerastuners_tuners_train_in_two_phases_too() -> None:
    found = AutoHyperModel(pretrained.function())
    hp = keras_tuner.HyperParameters()
    hp.values = {"structure/fine_tune": "frozen_then_all"}
    part, seen = pretrained.part_of(model := found.build(hp)), []
    before = part.get_weights()
    told = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(moved(part, before)))
    found.fit(hp, model, *pretrained.images(64), epochs=4, verbose=0, callbacks=[told])

    assert seen == [set(), set(), {"kernels"}, {"kernels"}]


def test_only_a_model_with_a_pretrained_part_is_asked_how_to_train_it() -> None:
    hp = toys.asking()
    toys.hypermodel().draw(hp)
    assert "structure/fine_tune" not in hp.values

    hp = toys.asking()
    assert hypermodel().draw(hp) == Recipe()
    assert hp.values["structure/fine_tune"] == "as_written" and "optimizer/backbone_rate" not in hp.values


@EVERY_WAY
def test_a_rate_is_asked_for_where_the_part_trains(way: str) -> None:
    hp = toys.asking({"structure/fine_tune": way})
    drawn = hypermodel().draw(hp)

    assert ("optimizer/backbone_rate" in hp.values) == WAYS[way].is_paced
    assert drawn.structure.fine_tune == (None if way == "as_written" else way)


def test_ways_and_rates_are_narrowed_by_their_axes() -> None:
    space = autoopt.Space(
        structure=autoopt.axes.Structure(fine_tune=["frozen"]),
        optimizer=autoopt.axes.Optimizer(backbone_rate=[0.3]),
    )
    hp = keras_tuner.HyperParameters()
    AutoHyperModel(pretrained.function(), space).draw(hp)
    offered = {each.name: each.values for each in hp.space if "fine" in each.name or "backbone" in each.name}

    assert offered == {"structure/fine_tune": ["as_written", "frozen"], "optimizer/backbone_rate": [0.3]}


def test_without_a_structure_to_search_the_part_stays_as_written() -> None:
    hp = toys.asking()
    AutoHyperModel(pretrained.function(), autoopt.Space(structure=False)).draw(hp)

    assert not {"structure/fine_tune", "optimizer/backbone_rate"} & set(hp.values)


EDITS = {
    "none": {},
    "width": {"width": {"dense": 2.0}},
    "penalty": {"l2": 1e-3},
    "depth": {"depth": {"dense": 2}},
}
LIKELY = ("width", "depth")
"""Edits that give the layer after the part another input, or another layer."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("edit", "make"), in_turn(EDITS if FULL else LIKELY, [pretrained.residual, pretrained.chain])
)
def test_a_part_survives_edits_around_it_preprocessing_included(edit: str, make: Any) -> None:
    found, x = hypermodel(make), pretrained.images(9)[0]
    expected = keras.models.load_model(pretrained.FILE).predict(x, verbose=0)
    wanted = Recipe().plus(**EDITS[edit])
    candidate = found.candidate(wanted, {}, 12, seed=1)

    for model in (candidate.model, candidate.twin(Knobs())):
        reached = pretrained.part_of(model).predict(x, verbose=0)
        np.testing.assert_allclose(reached, expected, rtol=1e-5)
    assert any(isinstance(layer, layers.Normalization) for layer in pretrained.part_of(model).layers)


def test_a_search_hands_over_a_model_that_plain_keras_loads(tmp_path: Any) -> None:
    x, y = pretrained.images(64)
    space = autoopt.Space(
        batch_size=False,
        optimizer=autoopt.axes.Optimizer(["sgd"], backbone_rate=[0.1]),
        fix={"structure/fine_tune": "frozen_then_all"},
    )
    result = autoopt.tune(
        pretrained.function(), (x[:48], y[:48]), validation_data=(x[48:], y[48:]), space=space, epochs=2,
        max_trials=2, seed=0, verbose=0, search=autoopt.Search(confirm=0),
    )  # fmt: skip
    assert [trial.status for trial in result.trials] == ["completed", "completed"]
    model = keras.models.load_model(result.export(tmp_path / "best.keras"))
    scored = model.evaluate(x[48:], y[48:], return_dict=True, verbose=0)["accuracy"]
    assert scored == pytest.approx(result.best_score, abs=1e-6)
    assert type(model.optimizer).update_step == model.optimizer.update_step.__func__
    model.fit(x, y, epochs=1, verbose=0)


@at_full_counts
def test_a_mobilenet_keeps_its_weights_whatever_is_built_on_it() -> None:
    def net() -> keras.Model:
        return keras.applications.MobileNet(
            weights=None, alpha=0.25, include_top=False, input_shape=(32, 32, 3), pooling="avg"
        )

    pretrained.scribbled(net()).save_weights("net.weights.h5")

    def model_fn() -> keras.Model:
        base = net()
        base.load_weights("net.weights.h5")
        inputs = keras.Input((32, 32, 3))
        x = layers.Dense(8, activation="relu")(base(layers.Rescaling(2.0)(inputs), training=False))
        return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))

    found, kept = AutoHyperModel(model_fn), pretrained.part_of(model_fn()).get_weights()
    model = found.assemble(recipe("frozen", width={"dense": 2.0}), {}, seed=1)

    assert len(found.reading().origin.pretrained) == 1
    assert all(map(np.array_equal, pretrained.part_of(model).get_weights(), kept))
    assert not pretrained.part_of(model).trainable_weights


def test_a_pace_is_nothing_that_a_recipe_without_one_has() -> None:
    assert optimizers.pace(Recipe(), 10) is None and optimizers.pace(recipe("frozen"), 10) is None
