"""Searches on labels of pure noise: does the number that they report hold on data that nobody looked at?"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np

import autoopt
from benchmarks.runs import traceless

INPUTS = 16


def noise(rows: int, classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs, and labels that do not depend on them."""
    random = np.random.default_rng(seed)
    return random.normal(size=(rows, INPUTS)).astype("float32"), random.integers(classes, size=rows)


def net(classes: int, units: int = 16) -> Callable[[], keras.Model]:
    """Return a function that makes a small classifier of such data."""

    def model_fn() -> keras.Model:
        return keras.Sequential(
            [
                keras.Input((INPUTS,)),
                keras.layers.Dense(units, "relu"),
                keras.layers.Dense(classes, "softmax"),
            ]
        )

    return model_fn


def searched(model_fn: Callable[[], keras.Model], data: Any, seed: int, **options: Any) -> dict:
    """Return what one search claims: confirmed and test score, their errors, and whether it beats the user's model.

    Args:
        model_fn: As `tune` takes it.
        data: Likewise; large enough for a test part, or `test_data` is among the options.
        seed: Of the search.
        **options: Of `tune`.
    """
    with traceless() as quiet:
        result = autoopt.tune(model_fn, data, seed=seed, **quiet, **options)
    confirmed, tested = result.confirmed, result.test_metrics
    assert confirmed is not None and tested is not None
    around = math.hypot(confirmed.error or 0.0, result.test_error or 0.0)
    return {
        "seed": seed,
        "best": result.best_score,
        "confirmed": confirmed.mean,
        "error": confirmed.error,
        "test": tested["accuracy"],
        "test error": result.test_error,
        "holds": abs(confirmed.mean - tested["accuracy"]) <= around,
        "claims": bool(result.beats_baseline),
    }


def measured(runs: int, trials: int, epochs: int, rows: int = 1000) -> Iterator[dict]:
    """Yield a row for each search; every other one has five classes, the rest two."""
    for seed in range(runs):
        classes = (2, 5)[seed % 2]
        found = searched(net(classes), noise(rows, classes, seed), seed, max_trials=trials, epochs=epochs)
        yield {"classes": classes, **found}


def verdict(rows: Sequence[dict]) -> str:
    """Return in how many searches the confirmed score held, and how many claim to beat the user's model."""
    holds, claims = (sum(row[name] for row in rows) for name in ("holds", "claims"))
    flattered = np.mean([row["best"] - row["test"] for row in rows])
    return (
        f"Confirmed and test score agree within their error in {holds} of {len(rows)} searches (to reach: 19 of 20); "
        f"{claims} claim to beat the user's model (to reach: 0). The best score alone lies {flattered:+.4f} from the test "
        "score in the mean."
    )
