"""Raw rows through a search: in as files, out as predictions, the same from the run, its model and an export of it."""

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

import autoopt
from autoopt import Dataset, Search, afterwards, starters
from autoopt.data import Part, files
from autoopt.errors import DataError, RunError, UsageError
from autoopt.result import Result
from tests.counts import at_full_counts, first_of
from tests.tables import customers, houses, net, waves, written
from tests.toys import digits, eager

READS_BACK = """
import sys
import keras, numpy as np, pandas as pd
rows = pd.read_csv("rows.csv")
made = keras.models.load_model("m.keras").predict(
    {"minutes": rows["minutes"].to_numpy(), "plan": rows["plan"].to_numpy(object)}, verbose=0
)
np.testing.assert_allclose(made[:, 0], rows["expected"], atol=1e-6)
assert not [name for name in sys.modules if name.startswith("autoopt")]
"""


def tune(model_fn: Any, data: Any, **more: Any) -> Result:
    given = {"epochs": 1, "max_trials": 1, "seed": 0, "verbose": 0, "search": Search(confirm=0)}
    return autoopt.tune(model_fn, data, **{**given, **more})


def without_tracing(name: str, data: Dataset) -> Callable[..., keras.Model]:
    """Return a starter that takes steps at once: a few of them take less time than tracing would."""
    starter = starters.for_data(name, data)

    def model_fn(hp: Any) -> keras.Model:
        model = starter(hp)
        model.run_eagerly = True
        return model

    return model_fn


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Return a run on a CSV of customers."""
    folder = tmp_path_factory.mktemp("rows")
    return tune(net, written(customers(), folder), target="churn", directory=folder, logdir=folder / "logs")


def fed(result: Result, data: Any) -> dict[str, Any]:
    """Return raw rows as a model takes them."""
    assert result.preparation is not None and result.schema is not None
    return result.preparation.feed(files.read(data, schema=result.schema).x)


def test_predictions_are_those_of_the_model_for_raw_rows_and_of_the_core_for_arrays(run: Result) -> None:
    told = run.predict(customers(), proba=True)["probability of yes"]
    raw_in = run.best_model.predict(fed(run, customers()), verbose=0)[:, 0]
    raw = files.read(customers(), schema=run.schema)
    core = run.core.predict(run.preparation.arrays(raw), verbose=0)[:, 0]
    np.testing.assert_allclose(raw_in, told, atol=1e-6)
    np.testing.assert_allclose(core, told, atol=1e-6)


def test_predictions_are_classes_by_name_in_a_column_of_the_targets(run: Result) -> None:
    found = run.predict(customers(), proba=True)
    assert list(found) == ["churn", "probability of no", "probability of yes"]
    assert (found["churn"] == np.where(found["probability of yes"] > 0.5, "yes", "no")).all()


def test_a_run_that_is_read_from_disk_predicts_the_same_whatever_the_order_of_columns(run: Result) -> None:
    shuffled = customers().assign(more=1)[["more", "plan", "minutes"]]
    shuffled.index += 5
    found = autoopt.load(run.run_dir).predict(shuffled)
    assert (found["churn"].to_numpy() == run.predict(customers())["churn"].to_numpy()).all()
    assert (found.index == shuffled.index).all()


def test_categories_that_training_had_not_are_predicted_for_and_counted(run: Result) -> None:
    other = customers(12).assign(plan="new")
    (note,) = run.predict(other).attrs["notes"]
    assert "categories that training had not, in 12 rows" in note


REFUSED = {
    "a missing column": (customers()[["plan"]], "1 of the 2 columns is missing: 'minutes'"),
    "a column of another kind": (customers().assign(minutes="many"), "Column 'minutes' has 120 values that are no number"),
    "arrays": (np.zeros((4, 2)), "data is a ndarray. Expected the path"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_rows_of_another_kind_are_not_predicted_for(run: Result, case: str) -> None:
    data, message = REFUSED[case]
    with pytest.raises(DataError, match=message):
        run.predict(data)


def test_evaluation_is_that_of_the_model_on_rows_whose_label_is_known(
    run: Result, caplog: pytest.LogCaptureFixture
) -> None:
    other = customers(40, seed=1)
    y = (other["churn"] == "yes").to_numpy(int)[2:]
    own = run.best_model.evaluate(fed(run, other.iloc[2:]), y, return_dict=True, verbose=0)
    other.loc[:1, "churn"] = [None, "perhaps"]
    assert run.evaluate(other) == pytest.approx(own, abs=1e-6)
    assert "2 of 40 rows have no label that training had" in caplog.text


def test_evaluation_measures_an_objective_that_is_no_metric_of_the_model() -> None:
    result = tune(
        net, customers(), target="churn", objective="val_auc", validation_data=customers(40, seed=1)
    )
    found = autoopt.load(result.run_dir).evaluate(customers(40, seed=1))
    assert found["auc"] == pytest.approx(result.best_score, abs=1e-6) and {"loss", "accuracy"} <= set(found)


def test_evaluation_takes_labels(run: Result) -> None:
    with pytest.raises(DataError, match=r"data has no column 'churn', which training had as its target"):
        run.evaluate(customers()[["minutes", "plan"]])


def test_an_export_is_of_keras_alone_and_predicts_for_raw_rows(run: Result, tmp_path: Path) -> None:
    path = autoopt.load(run.run_dir).export(tmp_path / "m.keras")
    with zipfile.ZipFile(path) as file:
        assert b"autoopt" not in file.read("config.json")
    found = keras.models.load_model(path).predict(fed(run, customers()), verbose=0)[:, 0]
    np.testing.assert_allclose(found, run.predict(customers(), proba=True)["probability of yes"], atol=1e-6)


@at_full_counts  # tests/test_preparing.py has a process of its own for models of every kind of rows
def test_an_export_predicts_for_raw_rows_in_a_process_without_autoopt(run: Result, tmp_path: Path) -> None:
    rows = customers()
    rows.assign(expected=run.predict(rows, proba=True)["probability of yes"]).to_csv(tmp_path / "rows.csv")
    autoopt.load(run.run_dir).export(tmp_path / "m.keras")
    ended = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", READS_BACK],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr


def test_a_script_says_that_it_takes_arrays(run: Result, tmp_path: Path) -> None:
    assert "It takes arrays" in run.export(tmp_path / "m.py", "python").read_text()


def test_the_weights_that_are_exported_are_those_of_the_script(run: Result, tmp_path: Path) -> None:
    model = keras.models.clone_model(run.core)
    model.load_weights(run.export(tmp_path / "m.weights.h5", "weights"))
    for ours, theirs in zip(model.get_weights(), run.core.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_run_goes_on_with_the_same_rows(run: Result, tmp_path: Path) -> None:
    more = {"directory": tmp_path, "project_name": "mine", "logdir": tmp_path / "logs"}
    first = tune(net, customers(), **more)
    again = tune(net, written(customers(), tmp_path), max_trials=2, resume=True, **more)
    assert len(again.trials) == 2 and again.best_score >= first.best_score


CHANGED = {
    "a column that is gone": (customers()[["minutes", "churn"]], r"'plan' \(category → not there\)"),
    "a column of another kind": (customers().assign(plan=np.linspace(0, 1, 120)), r"'plan' \(category → number\)"),
    "a class more": (customers().assign(churn=["yes", "no", "maybe"] * 40), "another task"),
    "other values": (customers(seed=1), "other values"),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGED)
def test_a_run_does_not_go_on_with_other_rows(run: Result, case: str) -> None:
    data, message = CHANGED[case]
    with pytest.raises(RunError, match=message):
        tune(
            net, data, target="churn", resume=True,
            directory=run.run_dir.parent, project_name=run.run_dir.name, logdir=run.run_dir.parent / "logs",
        )  # fmt: skip


def test_a_run_that_was_read_trains_more_when_it_is_told_of_its_rows(run: Result) -> None:
    source = autoopt.Source(net, customers(), target="churn")
    model = autoopt.load(run.run_dir, source=source).refit(epochs=1, verbose=0)
    assert model.predict(fed(run, customers()), verbose=0).shape == (120, 1)


def texts(folder: Path) -> Path:
    for name, words in (("bad", "an awful day"), ("good", "what a fine day")):
        (folder / name).mkdir()
        for number in range(12):
            (folder / name / f"{number}.txt").write_text(f"{words} {number % 3}")
    return folder


def images(folder: Path) -> Path:
    random = np.random.default_rng(0)
    for place, name in enumerate(("cat", "dog", "owl")):
        (folder / name).mkdir()
        for number in range(8):
            pixels = random.integers(60 * place, 60 * place + 60, (8, 8)).astype("uint8")
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


def genes(folder: Path) -> Path:
    random = np.random.default_rng(0)
    lines = [
        f">gene{n} {'coding' if n % 2 else 'other'}\n{''.join(random.choice(list('ACGT'), 20))}"
        for n in range(24)
    ]
    (folder / "genes.fasta").write_text("\n".join(lines))
    return folder / "genes.fasta"


@pytest.mark.parametrize(
    ("made", "starter", "columns"),
    first_of((texts, "text", ["prediction"]), (images, "cnn", ["prediction"]), (genes, "recurrent", None)),
    ids=["texts", "images", "genes"],
)
def test_each_kind_of_data_is_learnt_from_and_predicted_for(
    made: Callable[[Path], Path], starter: str, columns: list[str] | None, tmp_path: Path
) -> None:
    data = Dataset.of(made(tmp_path))
    result = tune(without_tracing(starter, data), data, directory=tmp_path.parent / f"{starter}_runs")
    rows = tmp_path / "genes.fasta" if made is genes else tmp_path
    found = autoopt.load(result.run_dir).predict(rows, proba=True)
    raw_in = result.best_model.predict(fed(result, rows), verbose=0)
    assert columns is None or list(found)[:1] == columns
    np.testing.assert_allclose(found.iloc[:, -1], raw_in[:, -1], atol=1e-6)
    assert set(found.iloc[:, 0]) <= set(data.schema.classes)


def small(shape: tuple[int, ...]) -> keras.Model:
    """Return a model of the user's own for one input; its steps are not traced."""
    layers = [keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")]
    model = keras.Sequential(layers)
    model.compile("adam", "binary_crossentropy", run_eagerly=True)
    return model


def test_texts_that_are_cut_are_told_by_predict_and_by_evaluate(caplog: pytest.LogCaptureFixture) -> None:
    words = pd.DataFrame({"words": ["some words", "others of them"] * 20, "label": ["a", "b"] * 20})
    data = Dataset.of(words, target="label", types={"words": "text"})
    predictor = afterwards.Predictor(small((8,)), data.schema, data.preparation)
    words.loc[3, "words"] = "so many words " * 30
    told = "1 of 40 texts is longer than 8 words, of which the model takes no more."
    assert predictor.predict(words, proba=False).attrs["notes"] == [told]
    assert predictor.evaluate(words) and told in caplog.text


def test_a_series_a_row_is_learnt_from_and_predicted_for_whatever_the_order_of_its_columns(
    tmp_path: Path,
) -> None:
    data = Dataset.of(written(waves(), tmp_path), target="label", types="series")
    result = tune(lambda: small((20, 1)), data, directory=tmp_path)
    rows = waves().drop(columns="label")
    found = autoopt.load(result.run_dir).predict(rows[rows.columns[::-1]], proba=True)
    raw_in = result.best_model.predict(fed(result, rows), verbose=0)
    np.testing.assert_allclose(found["probability of up"], raw_in[:, 0], atol=1e-6)


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Return a run on houses."""
    folder, data = tmp_path_factory.mktemp("prices"), Dataset.of(houses())
    return tune(without_tracing("mlp", data), data, directory=folder, logdir=folder / "logs")


def test_numbers_are_predicted_in_their_own_units(prices: Result) -> None:
    found = prices.predict(houses())
    assert list(found) == ["price"] and found["price"].mean() > 1e5


def test_numbers_have_no_probabilities(prices: Result) -> None:
    with pytest.raises(UsageError, match="proba=True was given, and the model predicts numbers"):
        prices.predict(houses(), proba=True)


def test_classes_weigh_and_folds_are_cut_as_with_arrays() -> None:
    result = tune(net, customers(), target="churn", class_weight="balanced", search=Search(cv=2, confirm=0))
    assert len(result.best_trial.fold_scores) == 2 and set(result.predict(customers())["churn"]) <= {
        "yes",
        "no",
    }


def test_a_run_on_arrays_predicts_classes_by_number() -> None:
    x, y = digits(60)
    result = tune(eager, (x, y))
    found, chances = result.predict(x, proba=True), result.best_model.predict(x, verbose=0)
    assert result.schema is None and (found["prediction"] == chances.argmax(axis=1)).all()
    np.testing.assert_allclose(found["probability of 3"], chances[:, 3], atol=1e-6)
    assert result.evaluate((x, y)) == pytest.approx(
        result.best_model.evaluate(x, y, return_dict=True, verbose=0)
    )


@pytest.mark.parametrize("data", [None, houses()], ids=["an example", "houses"])
def test_a_starter_is_inspected_as_a_model_of_the_user_s_is(
    data: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    autoopt.inspect("mlp", data)
    assert "mlp:" in capsys.readouterr().out


def test_a_model_that_does_not_take_prepared_rows_is_told_what_these_are() -> None:
    def for_columns() -> keras.Model:
        return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, "sigmoid")])

    told = r"Rows are prepared to numbers \(2,\) of float32, categories \(1,\) of int32: `autoopt new auto DATA` writes"
    with pytest.raises(DataError, match=told):
        tune(for_columns, customers(), target="churn")


def test_what_was_read_is_shown_before_the_search(capsys: pytest.CaptureFixture[str]) -> None:
    tune(net, customers(), target="churn", verbose=1)
    shown = capsys.readouterr().out
    assert shown.index("plan     category") < shown.index("96 examples train") < shown.index("Searching")


def test_preparations_are_the_same_arrays_to_whoever_reads_them_back(run: Result) -> None:
    raw = files.read(customers(), schema=run.schema)
    again = autoopt.load(run.run_dir).preparation
    one, other = Part(again.arrays(raw), raw.y), Part(run.preparation.arrays(raw), raw.y)
    for name in one.x:
        np.testing.assert_array_equal(one.x[name], other.x[name])
    assert again.inputs == run.preparation.inputs


def test_a_run_without_what_prepares_its_rows_says_so(tmp_path: Path) -> None:
    result = tune(net, customers(), target="churn", directory=tmp_path)
    result.folder.preparation.unlink()
    with pytest.raises(RunError, match=r"preparation\.keras is missing"):
        autoopt.load(result.run_dir).predict(pd.DataFrame())
