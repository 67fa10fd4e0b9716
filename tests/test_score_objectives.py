"""`objective="val_f1"` and its kin: measured although the model does not, and handed over without a trace."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from sklearn import metrics as sk

import autoopt
from autoopt.data import prepare
from autoopt.errors import DataError, UsageError
from autoopt.seeding import derive
from autoopt.tuning import SPLITTING
from tests import toys
from tests.engines.laboratory import BACKEND

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
    return prepare(data, seed=derive(SEED, SPLITTING)).validation


def f1(y: Any, taken: Any) -> float:
    return float(sk.f1_score(y, taken, average="macro" if np.ndim(y) > 1 or y.max() > 1 else "binary"))


X, DIGITS = toys.digits(400)
EYE = np.eye(10, dtype="float32")[DIGITS]
CASES: dict[str, tuple[Any, Any, Callable[[Any, Any], float]]] = {
    "class numbers": (net(10, "softmax"), DIGITS, lambda y, p: f1(y, p.argmax(-1))),
    "logits": (
        net(10, None, keras.losses.SparseCategoricalCrossentropy(from_logits=True)),
        DIGITS,
        lambda y, p: f1(y, p.argmax(-1)),
    ),
    "one-hot": (net(10, "softmax"), EYE, lambda y, p: f1(y.argmax(-1), p.argmax(-1))),
    "one unit": (net(1, "sigmoid"), rare()[1], lambda y, p: f1(y, p[:, 0] > 0.5)),
    "one unit of logits": (
        net(1, None, keras.losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy"]),
        rare()[1],
        lambda y, p: f1(y, p[:, 0] > 0),
    ),
    "several labels": (net(10, "sigmoid", "binary_crossentropy"), EYE, lambda y, p: f1(y, p > 0.5)),
}


@pytest.mark.parametrize("case", CASES)
def test_the_f1_of_the_model_handed_over_is_scikit_learns_and_what_was_reported(case: str, tmp_path: Path) -> None:
    model_fn, y, measured = CASES[case]
    result = tune(tmp_path, model_fn, (X, y), objective="val_f1", max_trials=1, epochs=4)
    part = validated((X, y))

    assert result.objective == autoopt.records.Objective("val_f1", "max")
    assert result.best_score == pytest.approx(measured(part.y, result.best_model.predict(part.x, verbose=0)), abs=1e-5)
    assert result.trials[0].score == pytest.approx(result.best_score, abs=1e-6)
