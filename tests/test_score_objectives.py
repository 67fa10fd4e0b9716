"""`objective="val_f1"` and its kin: measured although the model does not, and handed over without a trace."""

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from sklearn import metrics as sk

import autoopt
from autoopt.data import Dataset
from autoopt.errors import DataError, UsageError
from autoopt.seeding import SPLITTING, derive
from tests import toys
from tests.counts import at_full_counts, first_of
from tests.engines.laboratory import BACKEND
from tests.processes import quick

SEED = 3


def tune(folder: Path, model_fn: Any, data: Any, **rest: Any) -> autoopt.Result:
    given = {"epochs": 2, "max_trials": 2, "seed": SEED, "verbose": 0, **rest}
    search = autoopt.Search(confirm=0)
    return autoopt.tune(
        model_fn, data, directory=folder / "runs", logdir=folder / "logs", **{"search": search, **given}
    )


def net(units: int, activation: str | None, loss: Any = None, **rest: Any) -> Callable[[], keras.Model]:
    def model_fn() -> keras.Model:
        model = keras.Sequential(
            [keras.Input((64,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(units, activation)]
        )
        if loss is not None:
            model.compile("adam", loss, **rest)
        return model

    return model_fn


def rare(n: int = 400) -> tuple[Any, Any]:
    """Return digits, and whether they are a nine."""
    x, y = toys.digits(n)
    return x, (y == 9).astype("int32")


def validated(data: Any) -> Any:
    return Dataset.of(data, seed=derive(SEED, SPLITTING)).validation


def f1(y: Any, taken: Any) -> float:
    return float(sk.f1_score(y, taken, average="macro" if np.ndim(y) > 1 or y.max() > 1 else "binary"))


X, DIGITS = toys.digits(400)
EYE = np.eye(10, dtype="float32")[DIGITS]


def test_the_f1_of_the_model_handed_over_is_scikit_learns_and_what_was_reported(tmp_path: Path) -> None:
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    result = tune(tmp_path, net(10, None, loss), (X, DIGITS), objective="val_f1", max_trials=1, epochs=4)
    part = validated((X, DIGITS))
    taken = result.best_model.predict(part.x, verbose=0).argmax(-1)

    assert (result.objective.name, result.objective.direction) == ("val_f1", "max")
    assert result.best_score == pytest.approx(f1(part.y, taken), abs=1e-5)
    assert result.trials[0].score == pytest.approx(result.best_score, abs=1e-6)


WEIGHTS = np.linspace(0, 3, 400).astype("float32")


@pytest.mark.parametrize(("kind", "name"), first_of(("keras", "val_weighted_auc"), ("auto", "val_auc")))
def test_sample_weights_count_where_the_name_says_so_in_every_engine(
    name: str, kind: str, tmp_path: Path
) -> None:
    data = (*rare(), WEIGHTS)
    result = tune(
        tmp_path, net(1, "sigmoid"), data, objective=name, resources=autoopt.Resources(engine=kind), max_trials=1
    )  # fmt: skip
    part = validated(data)
    chances = result.best_model.predict(part.x, verbose=0)[:, 0]
    weights = part.sample_weight if "weighted" in name else None

    assert result.best_score == pytest.approx(
        sk.roc_auc_score(part.y, chances, sample_weight=weights), abs=2e-3
    )
    assert result.trials[0].engine.startswith("keras" if kind == "keras" or BACKEND == "torch" else BACKEND)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> autoopt.Result:
    data, search = rare(1100), autoopt.Search(confirm=1, confirm_repeats=1)
    return tune(
        tmp_path_factory.mktemp("f1"), net(1, "sigmoid"), data, objective="val_f1", search=search, epochs=3,
        class_weight="balanced",
    )  # fmt: skip


def test_the_score_is_in_the_history_the_confirmation_and_the_test_metrics(run: autoopt.Result) -> None:
    x, y = rare(1100)
    part = Dataset.of((x, y), seed=derive(SEED, SPLITTING)).test
    tested = f1(part.y, run.best_model.predict(part.x, verbose=0)[:, 0] > 0.5)

    assert {"f1", "val_f1", "val_accuracy"} <= set(run.trials[0].history)
    assert run.confirmed.n == 1
    assert run.test_metrics["f1"] == pytest.approx(tested, abs=1e-5)


def test_the_model_handed_over_has_the_users_metrics_alone_and_is_of_keras_alone(run: autoopt.Result) -> None:
    x, y = rare(10)
    path = next(run.run_dir.rglob("*.keras"))
    with zipfile.ZipFile(path) as file:
        assert b"autoopt" not in file.read("config.json")
    for model in (run.best_model, keras.models.load_model(path)):
        assert set(model.evaluate(x, y, verbose=0, return_dict=True)) == {"loss", "accuracy"}


@at_full_counts
def test_the_model_handed_over_loads_without_this_package(run: autoopt.Result) -> None:
    path = next(run.run_dir.rglob("*.keras"))
    code = (
        f"import keras, sys; model = keras.models.load_model({str(path)!r}); "
        "import numpy as np; logs = model.evaluate(np.zeros((1, 64)), np.zeros(1), verbose=0, return_dict=True); "
        "print(sorted(logs), 'autoopt' in sys.modules)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/", env=quick()
    ).stdout

    assert told.splitlines()[-1] == "['accuracy', 'loss'] False"


class F1(keras.metrics.Mean):
    """The user's own, whatever it is."""

    def __init__(self, name: str = "f1", **rest: Any) -> None:
        super().__init__(name=name, **rest)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        super().update_state(0.25)


def test_a_metric_of_the_users_own_by_that_name_stays_the_users(tmp_path: Path) -> None:
    model_fn = net(1, "sigmoid", "binary_crossentropy", metrics=[F1()])

    assert tune(tmp_path, model_fn, rare(), objective="val_f1", max_trials=1).best_score == 0.25


class Silent(keras.Model):
    """A model that reports its loss alone."""

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        return {"loss": self.metrics[0].result()}


def silent() -> keras.Model:
    entry = keras.Input((64,))
    model = Silent(entry, keras.layers.Dense(1, "sigmoid")(entry))
    model.compile("adam", "binary_crossentropy")
    return model


def two_outputs() -> keras.Model:
    entry = keras.Input((64,))
    return keras.Model(
        entry, [keras.layers.Dense(1, "sigmoid")(entry), keras.layers.Dense(1, "sigmoid")(entry)]
    )


REFUSED: dict[str, tuple[Any, Any, str, type[Exception], str]] = {
    "a regression": (net(1, None, "mse"), rare(), "val_f1", UsageError, r"and the loss is mean_squared_error\. Expected.*'val_loss'"),
    "two outputs": (two_outputs, (X, (EYE[:, :1], EYE[:, 1:2])), "val_auc", UsageError, "the model has 2 outputs"),
    "a typing error": (net(1, "sigmoid"), rare(), "val_fl", UsageError, "Did you mean 'val_f1'.*'val_auc'"),
    "balance of several labels": (
        net(10, "sigmoid", "binary_crossentropy"), (X, EYE), "val_balanced_accuracy", UsageError, "no trial reports",
    ),
    "a model that is silent": (silent, rare(), "val_f1", UsageError, "own test_step or compute_metrics leaves out"),
    "one class": (net(1, "sigmoid"), (X, np.zeros(400, int)), "val_recall", DataError, "80 examples that validate are of one class"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_score_that_cannot_be_measured_is_refused_before_the_first_trial(case: str, tmp_path: Path) -> None:
    model_fn, data, objective, kind, message = REFUSED[case]

    with pytest.raises(kind, match=message):
        tune(tmp_path, model_fn, data, objective=objective)
    assert not (tmp_path / "runs").exists()
