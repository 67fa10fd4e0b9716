"""Laws of preparations, and what each does with what its kind of data has: gaps, strange values, long texts."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from autoopt.errors import DataError
from autoopt.prepared import Outputs
from autoopt.preparing import Preparation
from autoopt.preparing.words import counted
from autoopt.schema import Column, Raw, Schema
from tests.counts import at_full_counts
from tests.raws import MODALITIES, raw

TRAINS = np.arange(20)

READS_BACK = """
import sys
import keras, numpy as np
for name in sys.argv[1:]:
    model = keras.models.load_model(f"{name}.keras")
    raw = np.load(f"{name}.npz", allow_pickle=True)
    made = model.predict({column: raw[column] for column in raw.files}, verbose=0)
    np.testing.assert_allclose(made, np.load(f"{name}.npy"), atol=1e-6)
assert not [name for name in sys.modules if name.startswith("autoopt")]
"""


def core(preparation):
    """Return a small net behind a preparation."""
    made = keras.tree.flatten(preparation.model.output)
    taken = [
        keras.Input(part.shape[1:], dtype=part.dtype, name=name) for name, part in named(preparation, made)
    ]
    flat = [keras.layers.Flatten()(keras.ops.cast(part, "float32")) for part in taken]
    x = keras.layers.Concatenate()(flat) if len(flat) > 1 else flat[0]
    return keras.Model(taken, keras.layers.Dense(2)(x), name="core")


def named(preparation, made):
    found = preparation.model.output
    return zip(sorted(found) if isinstance(found, dict) else ["x"], made, strict=True)


def changed(given, rows):
    """Return the rows with other rows in place of some."""
    other = raw(given.schema.modality, n=given.n, seed=1)
    x = {name: values.copy() for name, values in given.x.items()}
    for name, values in x.items():
        values[rows] = other.x[name][rows]
    return replace(given, x=x)


def leaves(found):
    return keras.tree.flatten(found)


@pytest.mark.parametrize("modality", MODALITIES)
def test_a_model_around_a_core_predicts_what_the_core_does_of_prepared_rows(modality):
    rows = raw(modality)
    preparation = Preparation.fit(rows, TRAINS)
    net = core(preparation)
    expected = net.predict(preparation.arrays(rows), verbose=0)
    found = preparation.around(net).predict(preparation.feed(rows.x), verbose=0)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_saved_models_read_raw_rows_in_a_process_without_autoopt(tmp_path):
    for modality in MODALITIES:
        rows = raw(modality)
        preparation = Preparation.fit(rows, TRAINS)
        whole = preparation.around(core(preparation))
        given = preparation.feed(rows.x)
        whole.save(tmp_path / f"{modality}.keras")
        np.savez(tmp_path / f"{modality}.npz", **given)
        np.save(tmp_path / f"{modality}.npy", whole.predict(given, verbose=0))
    subprocess.run([sys.executable, "-c", READS_BACK, *MODALITIES], cwd=tmp_path, check=True)


@pytest.mark.parametrize("modality", MODALITIES)
def test_only_rows_that_train_are_learnt_from(modality):
    rows = raw(modality)
    others = changed(rows, np.arange(20, 32))
    one, other = (Preparation.fit(each, TRAINS).arrays(rows) for each in (rows, others))
    for left, right in zip(leaves(one), leaves(other), strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("modality", MODALITIES)
def test_arrays_have_the_shapes_that_a_starter_is_told(modality):
    rows = raw(modality)
    preparation = Preparation.fit(rows, TRAINS)
    made, told = preparation.arrays(rows), preparation.inputs
    if modality == "table":
        shapes = (told.numbers,), (told.categories,)
        assert made["categories"].max() < told.values
        made = made["numbers"], made["categories"]
    else:
        shapes, made = (told.shape,), (made,)
    assert [part.shape for part in made] == [(32, *shape) for shape in shapes]
    assert all(np.isfinite(part).all() for part in made)


ON_JAX = """
import numpy as np
from autoopt.errors import DataError
from autoopt.preparing import Preparation
from autoopt.preparing.words import counted
from tests.raws import raw
for modality in ("image", "audio"):
    rows = raw(modality)
    preparation = Preparation.fit(rows, np.arange(20))
    inside = preparation.model.predict(preparation.feed(rows.x), verbose=0)
    np.testing.assert_allclose(preparation.arrays(rows), inside, atol=1e-4)  # XLA rounds otherwise
try:
    Preparation.fit(raw("text"), np.arange(20))
except DataError as error:
    print(error)
"""


@at_full_counts
def test_numbers_are_prepared_on_another_backend_and_words_are_refused_there():
    pytest.importorskip("jax")
    surroundings = {**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": str(Path(__file__).parent.parent)}
    said = subprocess.run(
        [sys.executable, "-c", ON_JAX], env=surroundings, capture_output=True, text=True, check=True
    )
    assert re.search(
        "'text' holds words, and the backend is jax. Expected TensorFlow.* Set KERAS_BACKEND", said.stdout
    )


def table(**columns):
    kinds = {"f": "number", "O": "category"}
    described = tuple(Column(name, kinds[values.dtype.kind]) for name, values in columns.items())
    return Raw(Schema("table", "regression", described), columns, None)


def prepared(trained, given):
    rows = table(**{name: np.array(values) for name, values in trained.items()})
    asked = table(**{name: np.array(values) for name, values in given.items()})
    return Preparation.fit(rows, np.arange(rows.n)).arrays(asked)


def test_numbers_are_scaled_and_one_that_is_missing_is_the_mean_with_a_sign():
    found = prepared({"age": np.float32([1, 3, np.nan])}, {"age": np.float32([5, np.nan])})
    np.testing.assert_allclose(found, [[3, 0], [0, 1]], atol=1e-6)


def test_a_number_that_is_missing_for_the_first_time_is_the_mean():
    found = prepared({"age": np.float32([1, 3])}, {"age": np.float32([np.nan])})
    np.testing.assert_array_equal(found, [[0]])


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e30])
def test_a_number_out_of_all_bounds_stays_finite(value):
    found = prepared({"age": np.float32([1, 3])}, {"age": np.float32([value])})
    assert abs(found) == 10


def test_a_column_that_is_the_same_in_all_rows_is_left_out():
    found = prepared(
        {"age": np.float32([1, 3]), "one": np.float32([2, 2])},
        {"age": np.float32([1]), "one": np.float32([5])},
    )
    assert found.shape == (1, 1)


def test_values_that_come_once_and_unknown_ones_are_one_category():
    cities = np.array(["Oslo", "Oslo", "Rome", "Rome", "Bonn"], object)
    found = prepared({"city": cities}, {"city": np.array(["Bonn", "Paris", "Rome", "Oslo"], object)})
    np.testing.assert_array_equal(found.ravel(), [0, 0, 2, 1])


def test_a_table_whose_columns_tell_nothing_is_refused():
    rows = table(one=np.float32([2, 2]), name=np.array(["a", "b"], object))
    with pytest.raises(DataError, match=r"tells one row from another: one, name\. Expected .* Look at"):
        Preparation.fit(rows, np.arange(2))


def test_columns_may_be_called_as_models_and_as_each_other():
    rows = table(**{name: np.float32([1, 3, 5]) for name in ("core", "preparation", "a/b", "a_b")})
    preparation = Preparation.fit(rows, np.arange(3))
    net = core(preparation)
    found = preparation.around(net).predict(preparation.feed(rows.x), verbose=0)
    np.testing.assert_allclose(found, net.predict(preparation.arrays(rows), verbose=0), atol=1e-6)


def test_a_column_that_is_gone_is_named():
    rows = raw("table")
    preparation = Preparation.fit(rows, TRAINS)
    del rows.x["sex"]
    with pytest.raises(DataError, match=r"no column 'sex'.*Known: .*'city'"):
        preparation.arrays(rows)


def test_letters_are_one_place_each_and_unknown_ones_none():
    rows = raw("sequence", n=2)
    rows.x["bases"][:] = ["ACGT", "aNx"]
    found = Preparation.fit(rows, np.arange(2)).arrays(rows)
    np.testing.assert_array_equal(found[0], np.eye(4))
    np.testing.assert_array_equal(found[1], [[1, 0, 0, 0], [0] * 4, [0] * 4, [0] * 4])


@pytest.mark.parametrize(
    ("modality", "given", "said"),
    [
        ("sequence", ["A" * 20, "A" * 21, "ACG"], "1 of 3 sequences is longer than 20 letters"),
        (
            "text",
            [f"{'word, ' * 8}- -", "word " * 9, "a\u00a0b " * 9],
            "2 of 3 texts are longer than 8 words",
        ),
    ],
)
def test_what_is_longer_than_the_model_takes_is_counted(modality, given, said):
    rows = raw(modality)
    preparation = Preparation.fit(rows, TRAINS)
    column = rows.schema.columns[0].name
    new = Raw(rows.schema, {column: np.array(given, object)}, None)
    assert preparation.cut(new)[0].startswith(said) and preparation.cut(rows) == ()


def test_words_are_counted_as_the_layer_finds_them():
    texts = [
        "",
        "a",
        " a - b, c\td\x0be ",
        "it's one-two",
        "no\u00a0break\u2003space",
        "¿que?",
        "\u3000",
        "a\x1fb\x85c",
    ]
    layer = keras.layers.TextVectorization(output_mode="int", ragged=True, vocabulary=["a"])
    assert [counted(each) for each in texts] == [int(n) for n in layer(texts).row_lengths()]


def test_series_are_scaled_and_a_step_that_is_missing_is_the_mean():
    series = np.float32([[1, 3, np.nan], [1, 3, 2]])
    rows = Raw(Schema("sequence", "regression", (Column("x", "number"),)), {"x": series}, None)
    found = Preparation.fit(rows, np.arange(2)).arrays(rows)
    assert found.shape == (2, 3, 1) and found[0, 2, 0] == 0
    np.testing.assert_allclose(found.sum(), 0, atol=1e-6)


def test_series_of_a_step_a_column_are_those_of_one_array():
    steps = np.float32([[1, 3, np.nan], [1, 3, 2]])
    columns = tuple(Column(name, "number") for name in "abc")
    rows = Raw(Schema("sequence", "regression", columns), dict(zip("abc", steps.T, strict=True)), None)
    whole = Raw(Schema("sequence", "regression", (Column("x", "number"),)), {"x": steps}, None)
    one, other = (Preparation.fit(each, np.arange(2)).arrays(each) for each in (rows, whole))
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_sound_is_prepared_alike_beside_a_loud_one():
    rows = raw("audio")
    rows.x["sound"][0] *= 1e-3
    preparation = Preparation.fit(rows, TRAINS)
    alone = preparation.arrays(rows.take(np.array([0])))
    np.testing.assert_allclose(alone[0], preparation.arrays(rows)[0], atol=1e-5)


@pytest.mark.parametrize(("modality", "kept"), [("text", "word"), ("sequence", "letter")])
def test_texts_with_nothing_in_them_are_refused(modality, kept):
    rows = raw(modality)
    next(iter(rows.x.values()))[:] = ""
    with pytest.raises(DataError, match=f"None of the 20 .* has a {kept}. Expected .* Look at"):
        Preparation.fit(rows, TRAINS)


def test_numbers_of_a_task_are_scaled_behind_the_last_layer():
    rows = raw("table", "regression")
    found = Outputs.of(rows.schema, rows.y)
    assert (found.scale, found.offset) == pytest.approx((rows.y.std(), rows.y.mean()), rel=1e-4)


def seconds():
    """Return times of one hour, which float32 rounds to steps of 128 s, and numbers of 13 digits with gaps."""
    random = np.random.default_rng(0)
    ids = 1e12 + np.arange(64.0)
    ids[::4] = np.nan
    return table(time=1.7e9 + random.uniform(0, 3_600, 64), id=ids, size=random.normal(size=64))


def test_seconds_since_1970_and_long_numbers_are_told_apart():
    rows = seconds()
    found = Preparation.fit(rows, np.arange(64)).arrays(rows)
    assert found.shape == (64, 4) and found.dtype == np.float32
    for place, name in ((0, "size"), (1, "time"), (2, "id")):
        given = rows.x[name]
        scaled = np.nan_to_num((given - np.nanmean(given)) / np.nanstd(given))
        np.testing.assert_allclose(found[:, place], scaled, atol=1e-6)
    np.testing.assert_array_equal(found[:, 3], np.isnan(rows.x["id"]))


def test_a_saved_model_tells_long_numbers_apart_as_the_preparation_does(tmp_path):
    rows = seconds()
    preparation = Preparation.fit(rows, np.arange(64))
    net = core(preparation)
    preparation.around(net).save(tmp_path / "m.keras")
    model = keras.models.load_model(tmp_path / "m.keras")
    found = model.predict(preparation.feed(rows.x), verbose=0)
    np.testing.assert_allclose(found, net.predict(preparation.arrays(rows), verbose=0), atol=1e-6)


def test_a_preparation_of_an_earlier_version_reads_numbers_as_it_did():
    given = keras.Input((1,), name="age")
    model = keras.Model({"age": given}, keras.layers.Normalization(mean=[2.0], variance=[1.0])(given))
    schema = Schema("table", "regression", (Column("age", "number"),))
    told = {
        "names": {"age": "age"},
        "inputs": {"numbers": 1, "categories": 0, "values": 0, "vocabulary": 0, "shape": []},
    }
    preparation = Preparation.read(model, told, schema)
    np.testing.assert_allclose(
        preparation.arrays(Raw(schema, {"age": np.array([1.0, 5.0])}, None)), [[-1], [3]]
    )
