"""AutoHyperModel: in KerasTuner's own tuners, around every kind of model function, and what edits keep."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

import autoopt
from autoopt import axes
from autoopt.data import Dataset, Part, Stream
from autoopt.errors import ModelError, SpaceError
from autoopt.hypermodel import AutoHyperModel
from autoopt.recipe import Recipe
from autoopt.space import AXES, Space
from tests import toys
from tests.counts import at_full_counts, in_turn

NARROW = Space(structure=False, initialization=False, regularization=False, batch_size=[10, 20])


class Steps(keras.callbacks.Callback):  # type: ignore[misc]
    """Counts the batches of the last epoch; all copies count into one list."""

    def __init__(self, counted: list[int]) -> None:
        super().__init__()
        self.counted = counted

    def __deepcopy__(self, memo: Any) -> "Steps":
        return Steps(self.counted)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.steps = 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.steps += 1

    def on_train_end(self, logs: Any = None) -> None:
        self.counted.append(self.steps)


def random_search(hypermodel: Any, folder: Path) -> keras_tuner.Tuner:
    return keras_tuner.RandomSearch(hypermodel, "val_accuracy", max_trials=3, seed=3, directory=folder)


def bayesian(hypermodel: Any, folder: Path) -> keras_tuner.Tuner:
    return keras_tuner.BayesianOptimization(
        hypermodel, "val_accuracy", max_trials=3, num_initial_points=2, seed=3, directory=folder
    )


def hyperband(hypermodel: Any, folder: Path) -> keras_tuner.Tuner:
    return keras_tuner.Hyperband(hypermodel, "val_accuracy", max_epochs=2, factor=2, seed=3, directory=folder)


TUNERS = {"Hyperband": hyperband, "BayesianOptimization": bayesian}  # random search: see the next test


# KerasTuner's Gaussian process says that it did not converge on so few trials.
@at_full_counts
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("tuner", TUNERS)
def test_a_tuner_of_keras_tuner_searches_and_hands_over_a_model(tuner: str, tmp_path: Path) -> None:
    x, y = toys.digits(40)
    found = TUNERS[tuner](AutoHyperModel(toys.eager, "auto", (x, y)), tmp_path)
    found.search(x, y, validation_data=(x, y), epochs=1, verbose=0)

    assert found.get_best_models()[0].predict(x[:3], verbose=0).shape == (3, 10)
    trials = found.oracle.trials.values()
    assert {trial.status for trial in trials} == {"COMPLETED"}
    assert len({str(trial.hyperparameters.values) for trial in trials}) == len(trials) > 2


@at_full_counts
def test_the_batch_size_of_each_trial_is_the_one_that_trains(tmp_path: Path) -> None:
    x, y = toys.digits(60)
    found = random_search(AutoHyperModel(toys.eager, NARROW, (x, y)), tmp_path)
    counted: list[int] = []
    found.search(x, y, validation_data=(x, y), epochs=1, verbose=0, callbacks=[Steps(counted)])

    values = [trial.hyperparameters.values for trial in found.oracle.trials.values()]
    sizes = [60 if each["optimizer/name"] == "gd" else each["batch_size"] for each in values]
    assert counted == [-(-60 // size) for size in sizes]
    assert len(set(sizes)) > 1


@pytest.mark.parametrize("split", [0.0, 0.25])
def test_a_schedule_inside_of_a_tuner_ends_with_the_training(split: float) -> None:
    x, y = toys.digits(80)
    hypermodel = toys.hypermodel(toys.eager, data=toys.halves(x, y))
    hp = keras_tuner.HyperParameters()
    hp.values = {
        "optimizer/name": "adam",
        "optimizer/learning_rate": 0.01,
        "optimizer/schedule": "polynomial",
    }
    model = hypermodel.build(hp)
    hypermodel.fit(hp, model, x, y, epochs=2, validation_split=split, verbose=0)

    assert float(model.optimizer.learning_rate) == pytest.approx(0.0, abs=1e-9)


class Tens(keras.utils.PyDataset):  # type: ignore[misc]
    """Forty digits, ten a batch."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Any:
        x, y = toys.digits(40)
        return x[10 * index : 10 * index + 10], y[10 * index : 10 * index + 10]


def test_data_that_brings_its_own_batches_is_left_to_itself_inside_of_a_tuner() -> None:
    hypermodel = toys.hypermodel(toys.eager)
    hp = keras_tuner.HyperParameters()
    model = hypermodel.build(hp)
    hypermodel.fit(hp, model, Tens(), epochs=1, verbose=0)

    assert int(model.optimizer.iterations) == 4


def with_hp(hp: Any) -> keras.Model:
    kind = hp.Choice("kind", ["plain", "deep"])
    layers = [keras.Input((64,)), keras.layers.Dense(hp.Int("units", 4, 8), "relu")]
    with hp.conditional_scope("kind", ["deep"]):
        if kind == "deep":
            layers += [keras.layers.Dense(hp.Int("more", 4, 8), "relu")]
    return keras.Sequential([*layers, keras.layers.Dense(10, "softmax")])


class Hyper(keras_tuner.HyperModel):  # type: ignore[misc]
    """The same as a class."""

    def build(self, hp: Any) -> keras.Model:
        return with_hp(hp)


FUNCTIONS: dict[str, Any] = {
    "a function": toys.dense,
    "a function of hp": with_hp,
    "a HyperModel": Hyper(),
    "a Keras model": toys.dense(),
    "a compiled Keras model": toys.compiled(),
    "a partial function": lambda units=4: toys.dense(units),
}


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_every_kind_of_model_function_builds_and_trains(kind: str) -> None:
    hypermodel = toys.hypermodel(FUNCTIONS[kind])
    hp = toys.asking({"kind": "deep", "regularization/dropout": 0.2})
    model = hypermodel.assemble(hypermodel.draw(hp), hp.values, seed=0)
    model.run_eagerly = True

    assert model.train_on_batch(*toys.digits(8), return_dict=True)["loss"] > 0


def test_own_hyperparameters_are_asked_first_and_inactive_ones_are_absent() -> None:
    hypermodel = toys.hypermodel(with_hp)
    plain, deep = toys.asking(), toys.asking({"kind": "deep"})
    hypermodel.draw(plain)
    hypermodel.draw(deep)

    assert list(plain.values)[:3] == ["kind", "units", "initialization/kernel"]
    assert list(deep.values)[:3] == ["kind", "units", "more"]
    assert "more" not in plain.values


def test_each_set_of_own_values_is_built_as_it_says() -> None:
    hypermodel = toys.hypermodel(with_hp)
    widths = []
    for kind, units in (("plain", 4), ("deep", 8), ("plain", 4)):
        hp = toys.asking({"kind": kind, "units": units})
        model = hypermodel.assemble(hypermodel.draw(hp), hp.values, seed=0)
        widths.append([layer.units for layer in model.layers])

    assert widths == [[4, 10], [8, 4, 10], [4, 10]]


def test_a_model_is_the_same_for_the_same_seed_whatever_was_built_before() -> None:
    hypermodel = toys.hypermodel(with_hp)
    first = hypermodel.assemble(Recipe(), {"kind": "plain", "units": 4}, seed=3).get_weights()
    hypermodel.assemble(Recipe(), {"kind": "deep", "units": 4}, seed=9)
    again = hypermodel.assemble(Recipe(), {"kind": "plain", "units": 4}, seed=3).get_weights()

    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))


def test_structure_is_closed_where_a_hyperparameter_of_the_users_sets_it() -> None:
    closed = toys.hypermodel(with_hp).reading().origin.closed

    assert closed == {"structure": "your own hyperparameter 'kind' sets it."}


@pytest.mark.parametrize(("name", "value"), [("kernel", 5), ("embedding", 8)])
def test_structure_is_open_where_a_hyperparameter_of_the_users_sets_no_width(name: str, value: int) -> None:
    def model_fn(hp: Any) -> keras.Model:
        layers = [keras.Input((64,)), keras.layers.Embedding(17, hp.Choice("embedding", [4, 8]))]
        layers += [keras.layers.Conv1D(4, hp.Choice("kernel", [3, 5])), keras.layers.Flatten()]
        return keras.Sequential([*layers, keras.layers.Dense(10, "softmax")])

    hypermodel, hp = toys.hypermodel(model_fn), toys.asking({name: value, "structure/conv/width": 2.0})
    model = hypermodel.assemble(hypermodel.draw(hp), hp.values, seed=0)

    assert not hypermodel.reading().origin.closed
    assert model.get_layer(index=-3).filters == 8


def test_the_activation_alone_is_closed_where_a_hyperparameter_of_the_users_sets_it() -> None:
    def model_fn(hp: Any) -> keras.Model:
        hidden = keras.layers.Dense(8, hp.Choice("act", ["relu", "tanh"]))
        return keras.Sequential([keras.Input((64,)), hidden, keras.layers.Dense(10, "softmax")])

    space = Space(structure=axes.Structure(activation=True, normalization=True))
    hypermodel, hp = toys.hypermodel(model_fn, space), toys.asking({"act": "tanh"})
    hypermodel.draw(hp)

    assert hypermodel.reading().origin.closed == {"activation": "your own hyperparameter 'act' sets it."}
    assert "structure/dense/normalization" in hp.values
    assert "structure/dense/activation" not in hp.values


def test_label_smoothing_alone_is_closed_where_a_hyperparameter_of_the_users_sets_it() -> None:
    def model_fn(hp: Any) -> keras.Model:
        amount = hp.Choice("smoothing", [0.0, 0.1])
        model = toys.dense()
        model.compile("adam", keras.losses.CategoricalCrossentropy(label_smoothing=amount))
        return model

    hypermodel, hp = toys.hypermodel(model_fn), toys.asking()
    hypermodel.draw(hp)

    reason = "your own hyperparameter 'smoothing' sets it."
    assert hypermodel.reading().origin.closed == {"regularization/label_smoothing": reason}
    assert "regularization/dropout" in hp.values and "regularization/label_smoothing" not in hp.values


def closed(model_fn: Any) -> set[str]:
    return set(toys.hypermodel(model_fn).reading().origin.closed or {})


def test_only_rate_and_algorithm_are_closed_where_a_hyperparameter_of_the_users_sets_the_rate() -> None:
    def model_fn(hp: Any) -> keras.Model:
        return toys.compiled(keras.optimizers.Adam(hp.Float("lr", 1e-4, 1e-2, sampling="log")))

    hypermodel = toys.hypermodel(model_fn)
    hp = toys.asking({"lr": 5e-3, "optimizer/schedule": "polynomial"})
    model = hypermodel.assemble(hypermodel.draw(hp), hp.values, total_steps=10, seed=0)

    reason = "your own hyperparameter 'lr' sets it."
    assert hypermodel.reading().origin.closed == {"optimizer/learning_rate": reason}
    assert "optimizer/learning_rate" not in hp.values
    assert hp.values["optimizer/name"] == "adam"
    assert float(model.optimizer.learning_rate) == pytest.approx(5e-3)


def test_initialization_is_closed_where_a_hyperparameter_sets_an_initializer() -> None:
    def model_fn(hp: Any) -> keras.Model:
        kernel = hp.Choice("init", ["he_normal", "orthogonal"])
        hidden = keras.layers.Dense(8, "relu", kernel_initializer=kernel)
        return keras.Sequential([keras.Input((64,)), hidden, keras.layers.Dense(10, "softmax")])

    assert closed(model_fn) == {"initialization"}


def test_the_whole_optimizer_is_closed_where_a_hyperparameter_of_the_users_names_it() -> None:
    def model_fn(hp: Any) -> keras.Model:
        return toys.compiled(hp.Choice("optimizer", ["adam", "sgd"]))

    hypermodel, hp = toys.hypermodel(model_fn), toys.asking({"optimizer": "sgd"})
    hypermodel.draw(hp)

    assert "optimizer" in closed(model_fn)
    assert not [name for name in hp.values if name.startswith("optimizer/")]


def with_dropout(rate: float) -> keras.Model:
    layers = [keras.Input((64,)), keras.layers.Dense(8, "relu")]
    layers += [keras.layers.Dropout(rate)] if rate else []
    return keras.Sequential([*layers, keras.layers.Dense(10, "softmax")])


@pytest.mark.parametrize("kind", ["a rate", "a switch"])
def test_only_dropout_is_closed_where_a_hyperparameter_of_the_users_sets_it(kind: str) -> None:
    def model_fn(hp: Any) -> keras.Model:
        rate = hp.Float("p", 0.0, 0.5) if kind == "a rate" else 0.25 * hp.Boolean("p")
        return with_dropout(rate)

    hypermodel, hp = toys.hypermodel(model_fn), toys.asking({"p": 0.5 if kind == "a rate" else True})
    hypermodel.draw(hp)

    assert closed(model_fn) == {"regularization/dropout"}
    assert "regularization/dropout" not in hp.values
    assert "regularization/l2" in hp.values


def test_a_hyperparameter_that_comes_up_under_another_one_is_tried_too() -> None:
    def model_fn(hp: Any) -> keras.Model:
        way = hp.Choice("way", ["plain", "also plain", "own"])
        return with_dropout(hp.Float("p", 0.0, 0.5) if way == "own" else 0.0)

    assert closed(model_fn) == {"regularization/dropout"}


def test_nothing_is_tried_where_every_axis_is_closed_already() -> None:
    built = []

    def model_fn(hp: Any) -> keras.Model:
        built.append(hp.Int("units", 4, 8))
        return toys.dense(built[-1])

    nothing = Space().without(dict.fromkeys(AXES, ""))
    toys.hypermodel(model_fn, nothing).reading()

    assert set(built) == {4}


def pretrained() -> keras.Model:
    """Return a net whose weights and normalization were set: not those that it was made with."""
    norm = keras.layers.Normalization(name="norm")
    norm.adapt(toys.digits(100)[0] + 3.0)
    model = keras.Sequential(
        [keras.Input((64,)), norm, keras.layers.Dense(8, "relu", name="hidden"), keras.layers.Dense(10, "softmax", name="out")]
    )  # fmt: skip
    model.get_layer("hidden").set_weights([np.full((64, 8), 0.25), np.full(8, 0.5)])
    model.get_layer("out").set_weights([np.full((8, 10), 0.125), np.full(10, 0.75)])
    return model


EDITS = {
    "none": (Recipe(), {"hidden", "out"}),
    "dropout": (Recipe().plus(dropout=0.3), {"hidden", "out"}),
    "penalty": (Recipe().plus(l2=1e-3), {"hidden", "out"}),
    "initializer": (Recipe().plus(initializer="he_normal"), {"hidden", "out"}),
    "bound": (Recipe().plus(max_norm=0.1), {"hidden", "out"}),
    "width": (Recipe().plus(width={"dense": 2.0}), set()),
    "depth": (Recipe().plus(depth={"dense": 2}), {"hidden", "out"}),
    "activation": (Recipe().plus(activation={"dense": "gelu"}), {"hidden", "out"}),
    "selu": (Recipe().plus(activation={"dense": "selu"}), {"hidden", "out"}),
    "normalization": (Recipe().plus(normalization={"dense": "batch"}), {"hidden", "out"}),
}
PRETRAINED: dict[str, Callable[[], Any]] = {"function": lambda: pretrained, "model": pretrained}


@pytest.mark.slow
@pytest.mark.parametrize(("edit", "form"), in_turn(EDITS, list(PRETRAINED)))
def test_loaded_weights_and_adapted_layers_survive_edits_that_keep_their_shapes(edit: str, form: str) -> None:
    recipe, kept = EDITS[edit]
    model = toys.hypermodel(PRETRAINED[form]()).assemble(recipe, {}, seed=0)
    names = [layer.name for layer in model.layers]
    own = {"hidden": 0.25, "out": 0.125}

    same = {
        name
        for name in own
        if name in names and np.allclose(model.get_layer(name).get_weights()[0], own[name])
    }
    assert same == kept
    x = toys.digits(5)[0]
    assert np.allclose(model.get_layer("norm")(x), pretrained().get_layer("norm")(x), atol=1e-6)


def test_a_template_is_left_as_it_is() -> None:
    template = toys.eager()
    before = template.get_weights()
    model = toys.hypermodel(template).assemble(Recipe(), {}, seed=0)
    model.train_on_batch(*toys.digits(8))

    assert all(np.array_equal(one, other) for one, other in zip(before, template.get_weights(), strict=True))
    assert int(template.optimizer.iterations) == 0
    assert type(model.optimizer) is type(template.optimizer)


def test_a_template_that_keras_cannot_copy_is_refused_with_what_to_pass() -> None:
    class Own(keras.Model):  # type: ignore[misc]
        def __init__(self, layer: Any) -> None:
            super().__init__()
            self.layer = layer

        def call(self, x: Any) -> Any:
            return self.layer(x)

    with pytest.raises(ModelError, match=r"which Keras cannot copy.*or a function"):
        toys.hypermodel(Own(keras.layers.Dense(10, "softmax"))).reading()


def test_it_builds_without_data_also_from_a_model_that_is_not_compiled() -> None:
    model = autoopt.AutoHyperModel(toys.dense).build(keras_tuner.HyperParameters())

    assert model.compiled
    assert model.train_on_batch(*toys.digits(8), return_dict=True)["loss"] > 0


REFUSED = {
    "a class": (keras_tuner.HyperModel, "Expected a function that returns a Keras model"),
    "a number": (3, "model_fn was given 3"),
    "two arguments": (lambda a, b: toys.dense(), "needs 2 arguments: a, b"),
    "nothing returned": (lambda: None, "does the function end with `return model`"),
    "an error inside": (lambda: 1 / 0, "model_fn raised ZeroDivisionError"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_gives_no_model_is_refused(kind: str) -> None:
    model_fn, message = REFUSED[kind]

    with pytest.raises(ModelError, match=message):
        toys.hypermodel(model_fn).reading()


def test_a_pin_of_the_users_own_hyperparameter_closes_what_it_sets_all_the_same() -> None:
    def model_fn(hp: Any) -> keras.Model:
        return toys.compiled(keras.optimizers.Adam(hp.Float("lr", 1e-4, 1e-1, sampling="log")))

    hypermodel, hp = toys.hypermodel(model_fn, Space(fix={"lr": 0.03})), toys.asking()
    hypermodel.draw(hp)

    assert "optimizer/learning_rate" in (hypermodel.reading().origin.closed or {})
    assert hp.values["lr"] == 0.03 and "optimizer/learning_rate" not in hp.values


def test_a_pinned_batch_size_leaves_the_users_rate_alone() -> None:
    hypermodel, hp = (
        toys.hypermodel(lambda: toys.compiled("sgd"), Space(fix={"batch_size": 16})),
        toys.asking(),
    )

    assert hypermodel.draw(hp) == Recipe().plus(batch_size=16)
    assert hp.values["optimizer/learning_rate"] == 0.01


STREAMED = {
    "batch sizes": (Space(batch_size=[32]), "the data comes batch by batch"),
    "gradient descent": (Space(optimizer=axes.Optimizer(["gd"])), "'gd' was named"),
}


@pytest.mark.parametrize("asked", STREAMED)
def test_what_a_stream_cannot_have_is_refused_where_it_is_asked_for(asked: str) -> None:
    space, message = STREAMED[asked]
    tf = pytest.importorskip("tensorflow")
    batches = tf.data.Dataset.from_tensor_slices(toys.digits(40)).batch(10)
    hypermodel = toys.hypermodel(toys.dense, space, Dataset(Stream(batches, None), Part(*toys.digits(20))))

    with pytest.raises(SpaceError, match=message):
        hypermodel.draw(toys.asking())
