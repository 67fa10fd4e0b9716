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
from tests.counts import at_full_counts, in_turn
from tests.raws import TASKS, raw
from tests.tables import customers, waves
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


def test_a_text_without_words_spoils_nothing():
    x, y, model_fn = rows_for("text")
    model = model_fn(asking())
    model.run_eagerly = True
    model.fit(np.concatenate([np.zeros_like(x[:1]), x[1:]]), y, epochs=1, verbose=0)
    assert all(np.isfinite(weights).all() for weights in model.get_weights())


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


LONG = Inputs(shape=(200, 2))


@pytest.mark.parametrize("kept", ["first steps", "last steps"])
@pytest.mark.parametrize("name", ["sequence", "recurrent"])
def test_of_a_long_sequence_as_many_steps_are_read_as_asked(name, kept):
    model = starters.named(name, LONG, Outputs())(asking({"length": 50, "kept": kept}))
    x = np.random.default_rng(0).normal(size=(2, 200, 2)).astype("float32")
    other = x.copy()
    other[:, slice(50, None) if kept == "first steps" else slice(150)] = 9.0
    np.testing.assert_array_equal(model.predict_on_batch(other), model.predict_on_batch(x))
    assert model.count_params() == starters.named(name, LONG, Outputs())(asking()).count_params()


@at_full_counts
@pytest.mark.parametrize("name", ["sequence", "recurrent"])
def test_a_long_sequence_is_read_whole_as_written_and_its_length_leaves_the_structure_open(name):
    x, y = np.ones((24, 200, 2), "float32"), np.arange(24) % 2
    model_fn = starters.for_data(name, Dataset.of((x, y)))
    assert not AutoHyperModel(model_fn, data=Dataset.of((x, y))).reading().origin.closed
    asked = drawn({})
    model_fn(asked[0])
    assert asked[1]["length"] == [50, 100, 200] and "kept" not in asked[1]


@pytest.mark.parametrize("bands", [10, 20, 40])
def test_a_spectrogram_is_read_in_as_many_bands_as_asked_by_equal_layers(bands):
    build = starters.named("audio", Inputs(shape=(16, 40, 1)), Outputs())
    model, written = build(asking({"bands": bands})), build(asking())
    assert model.layers[1].output.shape[1:] == (8, bands, 1)
    assert model.count_params() == written.count_params()


def test_numbers_of_any_size_are_near_where_a_model_starts():
    x, y, model_fn = rows_for("mlp", "regression")
    made = model_fn(asking()).predict_on_batch(x)
    assert abs(made.mean() - y.mean()) < 3 * y.std()


@at_full_counts
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


def arrays(*shape, y=None, dtype="float32"):
    """Return a Dataset of arrays."""
    x = np.ones(shape, dtype)
    return Dataset.of((x, np.arange(len(x)) % 2 if y is None else y))


ENDS_OF_ARRAYS = {
    "two classes": (np.arange(24) % 2, (1, "sigmoid", "binary_crossentropy")),
    "classes as real numbers": (np.arange(24.0) % 3, (3, "softmax", "sparse_categorical_crossentropy")),
    "one-hot": (np.eye(4)[np.arange(24) % 4], (4, "softmax", "categorical_crossentropy")),
    "several labels": (np.ones((24, 2), int), (2, "sigmoid", "binary_crossentropy")),
    "real numbers": (np.linspace(0, 1, 24), (1, None, "mean_squared_error")),
    "a number for each row": (np.arange(24), (1, None, "mean_squared_error")),
    "rows of numbers": (np.linspace(0, 9, 48).reshape(24, 2), (2, None, "mean_squared_error")),
}


@pytest.mark.parametrize("case", ENDS_OF_ARRAYS)
def test_a_starter_ends_as_labels_in_arrays_say(case):
    y, expected = ENDS_OF_ARRAYS[case]
    outputs = starters.for_data("mlp", arrays(24, 3, y=y)).keywords["outputs"]
    assert (outputs.units, outputs.activation, outputs.loss) == expected


@pytest.mark.parametrize(
    ("name", "shape", "dtype", "found"),
    [
        ("auto", (24, 3), "float32", "mlp"),
        ("auto", (24, 8, 2), "float32", "sequence"),
        ("auto", (24, 8, 8, 1), "float32", "cnn"),
        ("recurrent", (24, 8, 2), "float32", "recurrent"),
        ("audio", (24, 16, 16, 1), "float32", "audio"),
        ("text", (24, 9), "int32", "text"),
    ],
)
def test_a_starter_takes_its_shapes_from_arrays(name, shape, dtype, found):
    model = starters.for_data(name, arrays(*shape, dtype=dtype))(asking())
    assert model.name == found and model.input_shape == (None, *shape[1:])


MISFITS = {
    "a cnn on numbers": (lambda: starters.for_data("cnn", arrays(24, 3)), r"shape \(19, 3\).*height, width, channels"),
    "a text starter on real numbers": (lambda: starters.for_data("text", arrays(24, 3)), "whole numbers .rows, words"),
    "two inputs": (
        lambda: starters.for_data("auto", Dataset.of(({"a": np.ones((24, 1)), "b": np.ones((24, 1))}, np.arange(24) % 2))),
        "x is a dict. Expected one array",
    ),
    "classes below 0": (lambda: starters.for_data("mlp", arrays(24, 3, y=np.arange(24) % 2 * 2 - 1)), "classes -1, 1.*return_inverse"),
    "a cnn on a table": (lambda: starters.for_data("cnn", Dataset.of(customers())), "is for images, and the data is a table.*Take 'mlp'"),
    "a sequence starter on a table": (
        lambda: starters.for_data("sequence", Dataset.of(waves())), "the data is a table.*If each row is a series: types='series'",
    ),
    "a misspelt name": (lambda: starters.for_data("recurent", arrays(24, 3)), "Did you mean 'recurrent'"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISFITS)
def test_a_starter_that_does_not_fit_the_data_is_refused_with_the_one_that_does(case):
    call, message = MISFITS[case]
    with pytest.raises(UsageError, match=message):
        call()


@pytest.mark.parametrize("name", ["sequence", "recurrent"])
def test_a_table_of_numbers_is_a_series_to_a_starter_for_sequences(name):
    data = Dataset.of(waves(), target="label", types=starters.types_for(name, waves(), None))
    assert starters.for_data(name, data).keywords["inputs"].shape == (20, 1)
    assert starters.types_for("mlp", waves(), None) is None
    assert starters.types_for(name, (np.ones((4, 2, 1)), np.ones(4)), None) is None


def test_a_starter_takes_its_shapes_from_what_raw_rows_are_prepared_to():
    data = Dataset.of(customers())
    model = starters.for_data("auto", data)(asking())
    assert {tensor.name: tensor.shape[1] for tensor in model.inputs} == {"numbers": 2, "categories": 1}
    assert model.predict_on_batch(data.train.x).shape == (96, 1)
