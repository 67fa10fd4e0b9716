"""A run that goes on trains and scores its trials on the very rows of its first session."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import KFold

from autoopt import storage
from autoopt.checks import trains_likewise
from autoopt.data import Dataset
from autoopt.errors import RunError
from autoopt.search import Partitions, Search

X, Y = np.zeros((60, 1)), np.arange(60) % 2


def data(cv: Any = None, test_data: Any = None, **rest: Any) -> Dataset:
    made = Dataset.of((X, Y), test_data=test_data, seed=rest.pop("seed", 0), **rest)
    return made if cv is None else Partitions(made, cv, 0).noted()


def begun(folder: Path, dataset: Dataset, **asked: Any) -> storage.RunFolder:
    made = storage.create(folder, "one", False)
    made.write("run", {"rows": [dataset.train.n, dataset.validation.n], **asked})
    assert dataset.split is not None
    made.save_split(dataset.split.arrays())
    return made


@pytest.mark.parametrize("cv", [None, 3, KFold(3)], ids=["one cut", "a number", "a splitter"])
def test_a_run_goes_on_with_what_it_was_begun_with(cv: Any, tmp_path: Path) -> None:
    trains_likewise(
        begun(tmp_path, data(cv), executions_per_trial=2), True, data(cv), Search(executions_per_trial=2)
    )


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({}, {"seed": 1}),
        ({"cv": KFold(3)}, {"cv": KFold(3, shuffle=True, random_state=0)}),
        ({"cv": 3}, {"cv": KFold(3)}),
    ],
    ids=["another cut", "folds in another order", "folds by another rule"],
)
def test_as_many_rows_that_are_others_are_refused(
    first: dict[str, Any], then: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(
        RunError, match=r"other rows in its part .* Expected the rows of the run\. Pass the data"
    ):
        trains_likewise(begun(tmp_path, data(**first)), True, data(**then), Search())


def test_other_executions_are_refused_and_named(tmp_path: Path) -> None:
    folder = begun(tmp_path, data(), executions_per_trial=3)
    with pytest.raises(RunError, match=r"executions_per_trial was given 1, .* was begun with 3: .* Pass 3"):
        trains_likewise(folder, True, data(), Search())
    trains_likewise(folder, "overwrite", data(), Search())


def test_what_an_older_version_did_not_write_down_is_not_compared(tmp_path: Path) -> None:
    folder = storage.create(tmp_path, "old", False)
    folder.write("run", {"seed": 0})
    trains_likewise(folder, True, data(3), Search(executions_per_trial=2))
