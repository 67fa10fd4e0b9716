"""What confirmation has found is known to a search that goes on."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autoopt import storage
from autoopt.search import KeptRuns
from autoopt.search.chance import Run, Values


@pytest.fixture
def folder(tmp_path: Path) -> storage.RunFolder:
    return storage.create(tmp_path, "one", False)


@pytest.mark.parametrize(
    "run", [Run(0.1 + 0.2), Run(-np.inf), Run(0.5, Values(np.array([3, 5]), np.array([0.1 + 0.2, 1.0])))]
)
def test_a_run_comes_back_to_the_last_bit(run: Run, folder: storage.RunFolder) -> None:
    KeptRuns(folder, "data and model").keep(7, 1, run)
    found = KeptRuns(storage.RunFolder(folder.path), "data and model").of(7, 1)

    assert found is not None
    assert found.score == run.score
    assert (found.values is None) == (run.values is None)
    if found.values is not None and run.values is not None:
        np.testing.assert_array_equal(found.values.units, run.values.units)
        np.testing.assert_array_equal(found.values.each, run.values.each)


def test_a_run_of_other_data_or_another_model_is_not_known(folder: storage.RunFolder) -> None:
    kept = KeptRuns(folder, "data and model")
    kept.keep(7, 1, Run(0.5))

    assert KeptRuns(folder, "other data").of(7, 1) is None
    assert [kept.missing(7, repeats) for repeats in (1, 2)] == [0, 1]
    assert kept.missing(6, 2) == 2


@pytest.mark.parametrize(
    "arrays",
    [
        {"score": "abc"},
        {"score": np.nan},
        {"score": np.inf},
        {"score": [0.5]},
        {"each": ["a", "b"]},
        {"each": [0.5, np.nan]},
        {"each": [0.5]},
        {"each": [[0.5], [0.5]]},
        {"units": ["a", "b"]},
        {"units": [], "each": []},
    ],
)
def test_a_run_of_anything_but_numbers_is_run_again(
    arrays: dict[str, Any], folder: storage.RunFolder
) -> None:
    sound = {"score": 0.5, "made_of": "data and model", "units": [3, 5], "each": [0.5, 0.5]}
    folder.save_run(7, 1, {name: np.array(each) for name, each in {**sound, **arrays}.items()})
    folder.save_run(7, 2, {name: np.array(each) for name, each in sound.items()})

    known = KeptRuns(storage.RunFolder(folder.path), "data and model")
    assert [known.of(7, repeat) is None for repeat in (1, 2)] == [True, False]


@pytest.mark.parametrize("left", [b"", b"PK\x03\x04", b"no archive at all", None])
def test_a_damaged_run_is_run_again(left: bytes | None, folder: storage.RunFolder) -> None:
    KeptRuns(folder, "data and model").keep(7, 1, Run(0.5))
    (path,) = (folder.path / "confirmation").iterdir()
    path.write_bytes(path.read_bytes()[:-30] if left is None else left)

    assert KeptRuns(storage.RunFolder(folder.path), "data and model").of(7, 1) is None
