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


def untouched(name: str, seed: int, epochs: int) -> dict[str, Any]:
    """Return the test score of a starter that is trained as it is; its best epoch by validation counts."""
    return _tuned(
        name, {"max_trials": 1, "epochs": epochs, "seed": seed, "search": autoopt.Search(confirm=0)}
    )


def searched(name: str, seed: int, budget: str, epochs: int) -> dict[str, Any]:
    """Return the test score of what a search finds in some time."""
    return _tuned(name, {"budget": budget, "epochs": epochs, "seed": seed})


def _tuned(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    example = FIELDS[name]
    with tempfile.TemporaryDirectory() as folder, traceless() as arguments:
        train, tests = example.write(Path(folder))
        # As the commands of `python -m examples.fields` do: what validates is cut of what trains, and the test part is the
        # one that was published.
        tested = {"test_data": tests} if example.tested else {}
        result = autoopt.tune(example.starter, train, **example.said, **tested, **options, **arguments)
        return {"score": _score(result, tests), "trials": len(result.trials)}


def _score(result: autoopt.Result, tests: Path) -> float:
    """Return the accuracy, or the root of the mean square of numbers."""
    if result.schema is None or result.schema.classes:
        return result.evaluate(tests)["accuracy"]
    rows = read(tests, schema=result.schema)
    assert rows.y is not None
    error = result.predict(rows)[result.schema.target[0]].to_numpy() - rows.y
    return float(np.sqrt(np.mean(error**2)))
