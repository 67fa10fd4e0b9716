"""What is refused, and that each message says what to do."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autoopt.data import Dataset
from autoopt.errors import DataError

X = np.arange(40.0).reshape(20, 2)
Y = np.arange(20) % 2


def with_value(array: np.ndarray, row: int, value: float) -> np.ndarray:
    changed = array.astype(float)
    changed[row] = value
    return changed


REFUSED: dict[str, tuple[Any, str]] = {
    "None": (None, r"data is None.*Expected \(x, y\).*\.npz"),
    "a number": (3, r"data is 3 \(int\).*tf\.data\.Dataset"),
    "an array alone": (X, r"ndarray without labels.*Pass \(x, y\)"),
    "a Series alone": (pd.Series(Y), r"Series without labels.*Pass \(x, y\)"),
    "a list": ([X, Y], r"list without labels.*Pass \(x, y\)"),
    "x alone": ((X,), r"without x or y"),
    "y is None": ((X, None), r"without x or y"),
    "four items": ((X, Y, Y, Y), r"tuple of 4 items"),
    "a generator": (
        (pair for pair in [(X, Y)]),
        r"generator, which can be read only once.*PyDataset.*from_generator",
    ),
    "an iterator": (iter([(X, Y)]), r"only once"),
    "load_data() whole": (((X, Y), (X[:5], Y[:5])), r"Pass data=\(x, y\), test_data="),
    "lengths": ((X, Y[:7]), r"x has 20 rows and y has 7\."),
    "lengths of inputs": (({"a": X, "b": X[:9]}, Y), r"x\['a'\] has 20 rows and x\['b'\] has 9"),
    "length of weights": ((X, Y, np.ones(3)), r"sample_weight has 3"),
    "NaN": (
        (with_value(X, 4, np.nan), Y),
        r"x has 2 NaN of 40 values, in 1 of 20 rows; the first is row 4\.",
    ),
    "NaN in an input": (({"a": X, "b": with_value(X, 1, np.nan)}, Y), r"x\['b'\] has 2 NaN"),
    "infinity in y": ((X, with_value(Y, 3, np.inf)), r"y has 1 infinite of 20.*row 3.*Drop those rows"),
    "beyond float32": ((X * 1e300, Y), r"infinite.*fit float32"),
    "missing in a frame": ((pd.DataFrame({"a": [1, None, 3]}), [0, 1, 0]), r"1 NaN.*row 1"),
    "empty": ((X[:0], Y[:0]), r"x is empty \(shape \(0, 2\)\)"),
    "empty dict": (({}, Y), r"empty dict"),
    "text labels": (
        (X, np.array(["cat", "dog"] * 10)),
        r"y holds text \('cat', 'dog'\).*LabelEncoder\(\)\.fit_transform\(y\)",
    ),
    "text objects": ((X, np.array(["cat", "dog"] * 10, dtype=object)), r"LabelEncoder"),
    "text Series": ((X, pd.Series(["cat", "dog"] * 10)), r"LabelEncoder"),
    "text columns": (
        (pd.DataFrame({"a": ["u"] * 20, "b": 1.0}), Y),
        r"'a' \(.*get_dummies\(x, columns=\['a'\]\)",
    ),
    "mixed objects": ((np.array([1, "a"] * 10, dtype=object), Y), r"mixes text \('a'\)"),
    "ragged rows": (([[1, 2], [3]], [0, 1]), r"pad_sequences"),
    "dates": (
        (np.array(["2020-01-01"] * 20, "datetime64[D]"), Y),
        r"datetime64\[D\].*Turn dates into numbers",
    ),
    "ambiguous": (([X[:2], X[:2]], Y[:2]), r"list of rows or a list of several inputs.*np\.stack"),
    "a scalar": ((5, 3), r"x is a single value \(5\)"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_unfit_data_is_refused_with_the_reason_and_the_fix(case: str) -> None:
    data, message = REFUSED[case]
    with pytest.raises(DataError, match=message):
        Dataset.of(data)


@pytest.mark.parametrize("name", ["validation_data", "test_data"])
def test_other_parts_are_checked_by_the_same_rules(name: str) -> None:
    with pytest.raises(DataError, match="x has 20 rows and y has 7"):
        Dataset.of((X, Y), **{name: (X, Y[:7])})
    with pytest.raises(DataError, match=f"{name} is a ndarray without labels"):
        Dataset.of((X, Y), **{name: X})


def test_a_sparse_matrix_asks_for_toarray() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(DataError, match=r"x\.toarray\(\)"):
        Dataset.of((sparse.csr_matrix(X), Y))


def test_a_missing_file_shows_its_path_and_the_nearest_names(tmp_path: Path) -> None:
    np.savez(tmp_path / "digits.npz", x=X, y=Y)
    with pytest.raises(DataError, match=r"There is no file .*digit\.npz.*Did you mean 'digits\.npz'"):
        Dataset.of(tmp_path / "digit.npz")


def test_raw_rows_are_not_read_beside_arrays(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"In validation_data, The file .*valid\.csv is given beside arrays"):
        Dataset.of((X, Y), validation_data=str(tmp_path / "valid.csv"))


def test_a_file_that_needs_pickle_is_refused_unopened(tmp_path: Path) -> None:
    np.savez(tmp_path / "objects.npz", x=np.array([{}, {}]), y=Y[:2])
    with pytest.raises(DataError, match="only pickle reads"):
        Dataset.of(tmp_path / "objects.npz")


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 torn"])
def test_a_broken_file_is_refused_with_its_path(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broken.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"broken\.npz"):
        Dataset.of(tmp_path / "broken.npz")


def test_a_single_array_named_npz_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "one.npz").open("wb") as file:
        np.save(file, X)
    with pytest.raises(DataError, match=r"one\.npz.*one array"):
        Dataset.of(tmp_path / "one.npz")


@pytest.mark.parametrize(("names", "missing"), [(("x", "labels"), "y"), (("x", "y", "x_val"), "y_val")])
def test_a_file_without_an_array_names_it(tmp_path: Path, names: tuple[str, ...], missing: str) -> None:
    np.savez(tmp_path / "part.npz", **dict.fromkeys(names, X))
    with pytest.raises(DataError, match=f"no array '{missing}'"):
        Dataset.of(tmp_path / "part.npz")


def test_a_dataset_takes_no_second_validation_part() -> None:
    with pytest.raises(DataError, match="Leave validation_data out"):
        Dataset.of(Dataset.of((X, Y)), validation_data=(X, Y))


def test_examples_in_the_docstrings_run() -> None:
    import doctest

    from autoopt.data import dataset

    assert doctest.testmod(dataset).failed == 0
