"""Four data sets from a plain two-layer net, as a user would write it: what a search of a minute and a half gains."""

import time
from collections.abc import Sequence

import keras
import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import autoopt
from benchmarks.datasets import LOADERS, Arrays
from benchmarks.runs import traceless

NAMES = ("tab_satimage", "img_optdigits", "gen_splice", "audio_vowel")
SCORES = {"validation": ("baseline", "best"), "test": ("baseline test", "test")}


def measured(names: Sequence[str], seeds: Sequence[int], budget: str, epochs: int) -> list[dict]:
    """Return one row a data set and seed: validation and test accuracy of the plain net and of what was found.

    Args:
        names: Keys of `datasets.LOADERS`.
        seeds: One search each, one after the other; each cuts a validation part of its own.
        budget: Of each search.
        epochs: Most epochs a trial.
    """
    return [_row(name, seed, budget, epochs) for name in names for seed in seeds]


def verdict(rows: Sequence[dict]) -> str:
    """Return on how many of the rows the search beat the plain net."""
    better = {part: sum(row[new] > row[old] for row in rows) for part, (old, new) in SCORES.items()}
    return ", ".join(f"{part} better on {count} of {len(rows)}" for part, count in better.items())


def _row(name: str, seed: int, budget: str, epochs: int) -> dict:
    train, validation, test = _parts(name, seed)
    given = {"validation_data": validation, "test_data": test, "epochs": epochs, "seed": seed}

    def model_fn() -> keras.Model:
        return _plain_net(train[0].shape[1], int(train[1].max()) + 1)

    with traceless() as nowhere:  # a search tests its winner alone: here that is trial 0
        alone = autoopt.Search(confirm=0)
        plain = autoopt.tune(model_fn, train, max_trials=1, search=alone, **given, **nowhere).test_metrics
    with traceless() as nowhere:
        started = time.perf_counter()
        result = autoopt.tune(model_fn, train, budget=budget, **given, **nowhere)
        seconds = time.perf_counter() - started
        return {
            "data": name,
            "seed": seed,
            "baseline": result.baseline_score,
            "best": result.best_score,
            "confirmed": None if result.confirmed is None else result.confirmed.mean,
            "baseline test": plain["accuracy"],
            "test": result.test_metrics["accuracy"],
            "trials": len(result.trials),
            "seconds": round(seconds, 1),
        }


def _parts(name: str, seed: int) -> tuple[Arrays, Arrays, Arrays]:
    """Return what trains, validates and tests: flat, and standardised by what trains."""
    (x, y), (x_test, y_test) = LOADERS[name]()
    x, x_validation, y, y_validation = train_test_split(x, y, test_size=0.2, random_state=seed, stratify=y)
    scaler = StandardScaler().fit(_flat(x))
    pairs = (x, y), (x_validation, y_validation), (x_test, y_test)
    return tuple((scaler.transform(_flat(part)), labels) for part, labels in pairs)


def _flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1)


def _plain_net(inputs: int, classes: int) -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input((inputs,)),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(classes, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
