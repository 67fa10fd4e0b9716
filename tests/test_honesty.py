"""The test of honesty at small size: labels of pure noise, and a model that is really bad."""

from typing import Any

import keras
import numpy as np
import pytest

import autoopt
from benchmarks import honesty
from tests import toys
from tests.counts import FULL

RATES = autoopt.Space(structure=False, initialization=False, regularization=False, batch_size=False)


def net() -> keras.Model:
    model = keras.Sequential([keras.Input((honesty.INPUTS,)), keras.layers.Dense(2, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=True)
    return model


def searched(seed: int) -> dict[str, Any]:
    return honesty.searched(
        net, honesty.noise(160, 2, seed), seed, test_data=honesty.noise(100, 2, seed + 1000), epochs=2, max_trials=3,
        space=RATES, search=autoopt.Search(confirm=2, confirm_repeats=2),
    )  # fmt: skip


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return [searched(seed) for seed in range(3 if FULL else 1)]


@pytest.mark.slow
def test_on_noise_the_confirmed_score_holds_on_the_test_part(rows: list[dict[str, Any]]) -> None:
    assert all(row["holds"] for row in rows)
    assert all(0.02 < row["error"] < 0.5 and 0.05 < row["test error"] < 0.5 for row in rows)


@pytest.mark.slow
def test_on_noise_no_search_claims_to_beat_the_users_model(rows: list[dict[str, Any]]) -> None:
    assert not any(row["claims"] for row in rows)


def test_a_much_better_model_is_claimed_to_be_one(tmp_path: Any) -> None:
    def model_fn() -> keras.Model:
        model = toys.dense()
        rate = keras.optimizers.SGD(1e-5)
        model.compile(rate, "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    found = autoopt.tune(
        model_fn, toys.digits(300), epochs=4, max_trials=2, seed=0, verbose=0, space=RATES,
        search=autoopt.Search(start=[{"optimizer/learning_rate": 0.5}], confirm=1, confirm_repeats=2),
        directory=tmp_path / "runs", logdir=tmp_path / "logs",
    )  # fmt: skip

    assert found.best_trial.number == 1
    assert found.beats_baseline is True
    assert found.difference.least > 0.1
    assert np.isfinite(found.confirmed.error)
