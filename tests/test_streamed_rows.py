"""A search on rows that do not fit: trained batch by batch, and all that follows works as on rows that do."""

from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

import autoopt
from autoopt import Resources, Search, starters
from autoopt.data import files
from autoopt.errors import DataError
from autoopt.hypermodel import AutoHyperModel
from autoopt.result import Result
from autoopt.search import explore
from tests.counts import at_full_counts
from tests.data.test_deferred import LITTLE, pictures
from tests.data.test_tables_aside import orders


def eager() -> keras.Model:
    """Return a small net for images, whose steps are not traced."""
    layers = [
        keras.Input((64, 64, 3)),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(1, "sigmoid"),
    ]
    model = keras.Sequential(layers)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"], run_eagerly=True)
    return model


def tune(model_fn: Any, data: Any, folder: Path, **more: Any) -> Result:
    given: dict[str, Any] = {
        "epochs": 2,
        "max_trials": 2,
        "seed": 0,
        "verbose": 0,
        "search": Search(confirm=0),
    }
    given |= {"resources": Resources(memory=LITTLE), "directory": folder, "logdir": folder / "logs"}
    return autoopt.tune(model_fn, data, **{**given, **more})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pictures(tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    return tune(eager, folder, tmp_path_factory.mktemp("runs"))


def test_it_is_told_before_the_search_that_rows_are_read_batch_by_batch(run: Result) -> None:
    assert any("they are read batch by batch" in note for note in run.folder.read("run")["notes"])


def test_batch_sizes_are_searched(folder: Path) -> None:
    data = autoopt.Dataset.of(folder, memory=LITTLE)
    sizes = [hp for hp in explore(AutoHyperModel(eager, data=data)).space if hp.name == "batch_size"]
    assert sizes and len(sizes[0].values) > 1


@at_full_counts
def test_the_same_seed_trains_on_the_same_batches(run: Result, folder: Path, tmp_path: Path) -> None:
    again = tune(eager, folder, tmp_path)
    assert [trial.score for trial in again.trials] == pytest.approx([trial.score for trial in run.trials])


def test_a_run_predicts_evaluates_and_exports(run: Result, folder: Path, tmp_path: Path) -> None:
    found = run.predict(folder, proba=True)
    assert len(found) == 96 and found.index[0] == "cat/000.png"
    assert set(run.evaluate(folder)) >= {"loss", "accuracy"}
    raw = files.read(folder, schema=run.schema)
    model = keras.models.load_model(run.export(tmp_path / "m.keras"))
    inside = model.predict({"image": raw.x["image"]}, verbose=0)[:, 0]
    np.testing.assert_allclose(inside, found["probability of dog"], atol=1e-5)


def test_files_that_do_not_fit_are_predicted_for_and_evaluated_piece_by_piece(
    run: Result, folder: Path
) -> None:
    rows = files.read(folder, schema=run.schema, limit=1_000_000)
    assert not isinstance(rows.x["image"], np.ndarray)
    assert run.predict(rows)["prediction"].tolist() == run.predict(folder)["prediction"].tolist()
    assert run.evaluate(rows) == pytest.approx(run.evaluate(folder), abs=1e-6)


@at_full_counts
def test_a_run_goes_on_with_more_memory_than_it_was_begun_with(folder: Path, tmp_path: Path) -> None:
    tune(eager, folder, tmp_path, project_name="images", max_trials=1)
    more = Resources(memory="100GB")
    result = tune(eager, folder, tmp_path, project_name="images", resume=True, resources=more)
    assert len(result.trials) == 2


@at_full_counts
def test_a_starter_learns_from_a_table_that_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    orders().to_csv(path, index=False)
    result = tune("mlp", path, tmp_path, target="y", max_trials=1)
    assert result.best_score > 0.7 and result.trials[0].engine.startswith(keras.backend.backend())
    assert result.evaluate(path)["accuracy"] > 0.7


def test_a_refit_learns_from_both_parts_batch_by_batch(run: Result) -> None:
    model = run.refit(epochs=1, verbose=0)
    assert run.folder.read("refit")["examples"] == 96
    assert model.predict({"image": np.zeros((1, 64, 64, 3), np.uint8)}, verbose=0).shape == (1, 1)


def test_folds_are_refused_with_what_would_make_the_rows_fit(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"too large for the memory as arrays.*Resources\(memory=…\)"):
        tune(eager, folder, tmp_path, search=Search(confirm=0, cv=3))


def test_a_starter_is_built_for_rows_that_come_in_batches(folder: Path) -> None:
    data = autoopt.Dataset.of(folder, memory=LITTLE)
    model = starters.for_data("cnn", data)(keras_tuner.HyperParameters())
    assert model.output_shape == (None, 1)
