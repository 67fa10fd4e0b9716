"""Rows read again by a schema: to predict for them, or to score what was predicted."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autoopt.data.files import read
from autoopt.errors import DataError

TRAIN = pd.DataFrame(
    {
        "size": [f"{row}.{row % 4}" for row in range(1, 31)],
        "city": ["Oslo", "Rome", "Bern"] * 10,
        "sold": ["31.12.2023", "01.02.2024"] * 15,
        "label": ["yes", "no", "no"] * 10,
    }
)
RAW = read(TRAIN)


def rows(**changed: Any) -> pd.DataFrame:
    return TRAIN.drop(columns="label").head(4).assign(**changed)


def test_order_and_other_columns_do_not_matter() -> None:
    given = TRAIN[["sold", "city", "size"]].assign(comment="x")
    again = read(given, schema=RAW.schema)
    assert list(again.x) == ["size", "city", "sold"] and again.y is None
    for name, values in RAW.x.items():
        np.testing.assert_array_equal(again.x[name], values)


def test_rows_stay_as_they_are_whatever_is_missing() -> None:
    again = read(rows(size=["", "?", "1", "2"], sold=None, city=None), schema=RAW.schema)
    assert np.isnan(again.x["size"]).tolist() == [True, True, False, False]
    assert np.isnan(again.x["sold"]).all() and again.x["city"].tolist() == [""] * 4


def test_unseen_categories_are_kept_and_counted() -> None:
    again = read(rows(city=["Oslo", "Paris", "Paris", "Åby"]), schema=RAW.schema)
    assert again.x["city"].tolist() == ["Oslo", "Paris", "Paris", "Åby"]
    assert again.notes == ("Column 'city' has categories that training had not, in 3 rows: 'Paris', 'Åby'.",)


def test_labels_are_numbered_as_in_training_and_others_are_said() -> None:
    again = read(rows(label=["no", "yes", "maybe", None]), schema=RAW.schema)
    assert again.y is not None and again.y.tolist() == [0, 1, -1, -1]
    assert again.notes == ("2 of 4 rows have no label that training had: none to score by.",)


def test_labels_that_are_all_missing_are_none() -> None:
    assert read(rows(label=None), schema=RAW.schema).y is None


def test_numbered_classes_are_found_however_they_are_written() -> None:
    raw = read(pd.DataFrame({"a": range(30), "b": [1, 2, 3] * 10, "y": [0, 1, 2] * 10}))
    again = read(pd.DataFrame({"a": [1, 2], "b": [3, 4], "y": ["2.0", "1"]}), schema=raw.schema)
    assert again.y is not None and again.y.tolist() == [2, 1]


@pytest.mark.parametrize(
    "spelled",
    [
        ("01", "02"),
        ("+1", "-1"),
        ("1.0", "2.0"),
        ("1", "2"),
        ("1", "2.5"),
        ("01", "1"),
        ("yes", "no"),
        ("a", "1"),
    ],
)
def test_labels_are_the_same_when_their_file_is_read_again(tmp_path: Path, spelled: tuple[str, str]) -> None:
    path = tmp_path / "rows.csv"
    lines = [f"{place * place},{spelled[place % 2]}" for place in range(40)]
    path.write_text("\n".join(["size,label", *lines]))
    raw = read(path, task="binary")
    again = read(path, schema=raw.schema)
    assert raw.y is not None and again.y is not None and again.notes == ()
    np.testing.assert_array_equal(again.y, raw.y)


@pytest.mark.parametrize("word", ["never", "sold"])
def test_what_training_takes_for_numbers_is_taken_for_them_again(word: str) -> None:
    """A word that many rows have is no slip, however many different numbers there are."""
    given = pd.DataFrame({"a": [str(row / 7) for row in range(400)] + [word] * 600, "y": [0, 1] * 500})
    raw = read(given)
    assert raw.schema.columns[0].kind == "category"
    assert read(given, schema=raw.schema).n == 1000


def test_a_file_of_sentences_is_one_column(tmp_path: Path) -> None:
    said = ["The plot is thin.", "I would see it again at once", "Not at all bad"] * 10
    raw = read(pd.DataFrame({"review": said, "y": [0, 1, 0] * 10}), types={"review": "text"})
    (tmp_path / "new.csv").write_text("\n".join(["review", *said]))
    assert read(tmp_path / "new.csv", schema=raw.schema).x["review"].tolist() == said


def test_arrays_to_predict_for_need_no_labels(tmp_path: Path) -> None:
    np.savez(tmp_path / "train.npz", x=np.arange(40.0).reshape(20, 2) ** 2, y=np.arange(20) % 2)
    raw = read(tmp_path / "train.npz")
    np.savez(tmp_path / "new.npz", x=np.ones((3, 2)))
    again = read(tmp_path / "new.npz", schema=raw.schema)
    assert again.n == 3 and again.y is None


def test_a_few_slips_are_missing_and_said() -> None:
    given = pd.concat([rows(size=["1", "2", "3", "x"]), *[rows()] * 40], ignore_index=True)
    again = read(given, schema=RAW.schema)
    assert np.isnan(again.x["size"][3])
    said = "Column 'size' has 1 value that is no number written as 1234.5 ('x' in row 4): taken as missing."
    assert again.notes == (said,)


REFUSED = {
    "a missing column": (
        rows().drop(columns="size").rename(columns={"city": "cty"}),
        "2 of the 3 columns are missing: 'size', 'city'. Expected all that training had.*Add or rename them",
    ),
    "a misspelt column": (rows().rename(columns={"city": "cty"}), "is missing: 'city'.*Did you mean 'cty'"),
    "text for numbers": (
        rows(size=["1", "small", "big", "2"]),
        "'size' has 2 values that are no number: 'small' in row 2, 'big' in row 3. Expected a number",
    ),
    "dates of another format": (
        rows(sold="2024-05-31"),
        r"'sold' has 4 values that are no date: '2024-05-31' in row 1.*written as %d.%m.%Y, as in training",
    ),
    "numbers for dates": (rows(sold=7), "'sold' has 4 values that are no date: '7' in row 1"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_columns_that_have_changed_are_refused(case: str) -> None:
    given, message = REFUSED[case]
    with pytest.raises(DataError, match=message):
        read(given, schema=RAW.schema)


def test_what_a_schema_says_is_not_said_again() -> None:
    with pytest.raises(DataError, match="target was given along with a schema"):
        read(rows(), target="label", schema=RAW.schema)
