"""Laws of starters: each, for each task, builds, trains, is saved and can be edited; and is a file by itself."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from autoopt import starters, surgery
from autoopt.data import Dataset
from autoopt.errors import UsageError
from autoopt.hypermodel import AutoHyperModel
from autoopt.hyperparameters import AskingHyperParameters
from autoopt.prepared import Inputs, Outputs
from autoopt.preparing import Preparation
from tests.counts import in_turn
from tests.raws import TASKS, raw
from tests.toys import asking

MODALITIES = {name: modality for modality, name in starters.FITTING.items()} | {"recurrent": "sequence"}
ENDS = {
    "binary": ((32, 1), "sigmoid"),
    "multiclass": ((32, 3), "softmax"),
    "multilabel": ((32, 3), "sigmoid"),
    "regression": ((32, 1), "linear"),
    "counts": ((32, 1), "softplus"),
}


def rows_for(name, task="multiclass"):
    """Return prepared rows, their labels, and the model function of a starter for them."""
    rows = raw(MODALITIES[name], task)
    preparation = Preparation.fit(rows, np.arange(32))
    model_fn = starters.named(name, preparation.inputs, Outputs.of(rows.schema, rows.y))
    return preparation.arrays(rows), rows.y, model_fn


def drawn(values):
    """Return hyperparameters with some values, and a list of what is asked for."""
    asked = {}

    def chosen(hp):
        asked[hp.name] = list(hp.values)
        return values.get(hp.name, hp.default)

    return AskingHyperParameters(chosen), asked


@pytest.mark.parametrize(("name", "task"), in_turn(starters.STARTERS, TASKS))
def test_a_starter_trains_and_ends_as_its_task_does(name, task):
    x, y, model_fn = rows_for(name, task)
    model = model_fn(asking())
    model.run_eagerly = True
    model.fit(x, y, epochs=1, verbose=0)
    made = model.predict_on_batch(x)
    shape, activation = ENDS[task]
    assert made.shape == shape and np.isfinite(made).all()
    assert model.get_layer("outputs").activation is keras.activations.get(activation)


@pytest.mark.parametrize("name", starters.STARTERS)
def test_a_starter_is_saved_and_read_back(name, tmp_path):
    x, _, model_fn = rows_for(name)
    model = model_fn(asking())
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", compile=False)
    np.testing.assert_array_equal(again.predict_on_batch(x), model.predict_on_batch(x))


@pytest.mark.parametrize("name", starters.STARTERS)
def test_depth_and_width_of_a_starter_may_change(name):
    _, _, model_fn = rows_for(name)
    template = surgery.read(model_fn(asking()))
    assert any(stage.min_depth < stage.max_depth and stage.open_width for stage in template.stages)


@pytest.mark.parametrize("name", starters.STARTERS)
def test_own_hyperparameters_of_a_starter_leave_its_structure_open(name):
    x, y, model_fn = rows_for(name)
    reading = AutoHyperModel(model_fn, data=Dataset.of((x, y))).reading()
    assert not reading.origin.closed


@pytest.mark.parametrize("name", starters.STARTERS)
def test_each_value_that_a_starter_asks_for_builds(name):
    _, _, model_fn = rows_for(name)
    hp, asked = drawn({})
    model_fn(hp)
    for choice, values in asked.items():
        for value in values:
            hp, _ = drawn({choice: value})
            assert model_fn(hp).count_params()


@pytest.mark.parametrize("coarser", [1, 2, 4])
def test_large_images_are_looked_at_as_finely_as_asked_by_equal_layers(coarser):
    build = starters.named("cnn", Inputs(shape=(64, 64, 3)), Outputs())
    model, written = (build(asking(values)) for values in ({"coarser": coarser}, {}))
    assert model.layers[2].output.shape[1] == 64 // coarser
    assert model.count_params() == written.count_params()


def test_numbers_of_any_size_are_near_where_a_model_starts():
    x, y, model_fn = rows_for("mlp", "regression")
    made = model_fn(asking()).predict_on_batch(x)
    assert abs(made.mean() - y.mean()) < 3 * y.std()


def test_the_texts_of_starters_run_without_autoopt(tmp_path):
    for name in starters.STARTERS:
        (tmp_path / f"my_{name}.py").write_text(starters.source(name))
    code = (
        "import importlib, sys, keras_tuner\n"
        "for name in sys.argv[1:]:\n"
        "    file = importlib.import_module(f'my_{name}')\n"
        "    x, y = file.data\n"
        "    file.model_fn(keras_tuner.HyperParameters()).test_on_batch(x[:8], y[:8])\n"
        "assert not [name for name in sys.modules if name.startswith('autoopt')]\n"
    )
    subprocess.run([sys.executable, "-c", code, *starters.STARTERS], cwd=tmp_path, check=True)


def test_the_text_of_a_starter_builds_the_same_model(tmp_path):
    inputs, outputs = Inputs(numbers=3, categories=2, values=9), Outputs(scale=2.0, offset=0.5)
    found = {}
    exec(starters.source("mlp", inputs, outputs), found)
    ours = starters.named("mlp", inputs, outputs)(asking())
    theirs = found["model_fn"](asking())
    assert [layer.__class__ for layer in theirs.layers] == [layer.__class__ for layer in ours.layers]
    assert theirs.count_params() == ours.count_params() and theirs.loss == ours.loss
    assert theirs.evaluate(*found["data"], verbose=0)


def test_a_starter_that_there_is_not_is_told_the_nearest():
    with pytest.raises(UsageError, match=r"'mpl'. Expected .* Take .* Did you mean 'mlp'\?"):
        starters.named("mpl", Inputs(), Outputs())
