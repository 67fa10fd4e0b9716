"""One data set from its files to a test score: a starter as it is, and what a search makes of it."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import autoopt
from autoopt.data.files import read
from benchmarks.runs import traceless
from examples.fields import FIELDS

HALF = 0.5
"""Probability from which the second of two classes is given."""


def untouched(name: str, seed: int) -> dict[str, Any]:
    """Return the test score of a starter that is trained as it is, for 50 epochs; its best one by validation counts."""
    return _tuned(name, {"max_trials": 1, "seed": seed, "search": autoopt.Search(confirm=0)})


def searched(name: str, seed: int, budget: str) -> dict[str, Any]:
    """Return the test score of what a search finds in some time, and of the same trained on all of what it was given."""
    return _tuned(name, {"budget": budget, "seed": seed}, again=True)


def _tuned(name: str, options: Mapping[str, Any], again: bool = False) -> dict[str, Any]:
    example = FIELDS[name]
    with tempfile.TemporaryDirectory() as folder, traceless() as arguments:
        train, tests = example.write(Path(folder))
        # All of what trains is trained and validated on: the test part is the one that was published.
        data = autoopt.Dataset.of(train, **example.said, test_split=0.0, seed=options["seed"])
        result = autoopt.tune(example.starter, data, **options, **arguments)
        found = {"score": _score(result, tests), "trials": len(result.trials)}
        return {**found, "refit": _refitted(result, tests)} if again else found


def _score(result: autoopt.Result, tests: Path) -> float:
    """Return the accuracy, or the root of the mean square of numbers."""
    if result.schema is None or result.schema.classes:
        return result.evaluate(tests)["accuracy"]
    rows = read(tests, schema=result.schema)
    return _error(result.predict(rows)[result.schema.target[0]].to_numpy(), rows.y)


def _refitted(result: autoopt.Result, tests: Path) -> float:
    """Return the same score of the winner trained on train and validation together, as scikit-learn's models are."""
    model = result.refit(verbose=0)
    if result.schema is None:
        with np.load(tests) as given:
            x, y = given["x"], given["y"]
    else:
        rows = read(tests, schema=result.schema)
        x, y = rows.x, rows.y
    outputs = model.predict(x, verbose=0)
    if result.schema is not None and not result.schema.classes:
        return _error(outputs.reshape(-1), y)
    classes = outputs.argmax(axis=1) if outputs.shape[-1] > 1 else outputs.reshape(-1) > HALF
    return float(np.mean(classes == y))


def _error(predicted: np.ndarray, y: np.ndarray | None) -> float:
    assert y is not None
    return float(np.sqrt(np.mean((predicted - y) ** 2)))
