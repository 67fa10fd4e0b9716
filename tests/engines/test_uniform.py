"""Uniform numbers: as uniform as they are said to be, and numbers of neighbouring keys have nothing to do with each other."""

import keras
import numpy as np
import pytest
from scipy import stats

from autoopt.engines.chance import uniform

N = 40_000
SEEDS = {"tensorflow": "int64"}.get(keras.backend.backend(), "uint32")
"""Of what kind Keras's own seeds are."""

KEYS = [(0, 0), (0, 1), (1, 0), (7, 123), (2**32 - 1, 2**31), (1_000_003, 5)]
P = 1e-4
"""Chance of a false alarm in one test; seeds are fixed, so that it either is one or never will be."""


def drawn(key: tuple[int, int], *shape: int) -> np.ndarray:
    found = uniform(shape or (N,), keras.ops.convert_to_tensor(key, SEEDS))
    return keras.ops.convert_to_numpy(found)


@pytest.mark.parametrize("key", KEYS)
def test_numbers_are_uniform_from_0_to_below_1(key: tuple[int, int]) -> None:
    found = drawn(key)

    assert found.min() >= 0.0 and found.max() < 1.0
    assert stats.kstest(found, "uniform").pvalue > P
    pairs = np.histogram2d(found[:-1:2], found[1::2], bins=16)[0].ravel()
    assert stats.chisquare(pairs).pvalue > P
    low = (found * 2**24).astype("int64") % 256  # the bits that change fastest
    assert stats.chisquare(np.bincount(low, minlength=256)).pvalue > P


def test_numbers_of_neighbouring_keys_and_places_are_not_correlated() -> None:
    steps = np.stack([drawn((5, step), 2_000) for step in range(50)])
    seeds = np.stack([drawn((seed, 5), 2_000) for seed in range(50)])
    for found in (steps, seeds, steps.T[:50], seeds.T[:50]):
        others = np.corrcoef(found)[~np.eye(len(found), dtype=bool)]
        # of independent rows a correlation has a deviation of 1/√n; 2,450 of them stay below 5
        assert np.abs(others).max() * np.sqrt(found.shape[1]) < 5.0


def test_a_key_gives_its_numbers_again_in_any_shape() -> None:
    assert np.array_equal(drawn((3, 4), 6, 4).ravel(), drawn((3, 4), 24))
    assert not np.array_equal(drawn((3, 5), 24), drawn((3, 4), 24))
