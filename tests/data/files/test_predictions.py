"""Predictions in a CSV: beside their rows, and nothing that a spreadsheet would run."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autoopt.data.files import read, write
from autoopt.errors import DataError
from autoopt.schema import Raw

ROWS = pd.DataFrame(
    {
        "size": [1.5, None, -3.0] * 10,
        "=name": ["=1+1", "@SUM(A1)", "+ok"] * 10,
        "sold": ["2024-01-31", "", "2024-02-01"] * 10,
        "y": ["a", "b", "a"] * 10,
    }
)


def written(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def to_predict_for(rows: pd.DataFrame, **told: Any) -> Raw:
    """Return rows as predict reads them."""
    return read(rows, schema=read(rows, **told).schema)


def test_predictions_stand_beside_the_rows_that_they_are_for(tmp_path: Path) -> None:
    raw = to_predict_for(ROWS)
    path = tmp_path / "out.csv"
    write(path, raw, {"y": ["=b"] * raw.n, "share": np.linspace(0, 1, raw.n)})
    header, first, second, third = written(path)[:4]
    assert header == ["size", "'=name", "sold", "y", "y_predicted", "share"]
    assert first == ["1.5", "'=1+1", "2024-01-31", "a", "'=b", "0"]
    assert second[:3] == ["", "'@SUM(A1)", ""] and third[0] == "-3"
    assert [each.name for each in tmp_path.iterdir()] == ["out.csv"]


LAID_OUT = {
    "semicolons and decimal commas": (";", "-0,5", "0,25"),
    "tabs": ("\t", "-0.5", "0.25"),
    "bars": ("|", "-0.5", "0.25"),
}


@pytest.mark.parametrize("case", LAID_OUT)
def test_predictions_are_laid_out_as_the_file_of_the_rows(case: str, tmp_path: Path) -> None:
    delimiter, size, share = LAID_OUT[case]
    rows = [
        delimiter.join(each)
        for each in [("size", "y"), *[(size.replace("0", str(n)), "ab"[n % 2]) for n in range(8)]]
    ]
    (tmp_path / "rows.csv").write_text("\n".join(rows))
    raw = read(tmp_path / "rows.csv", schema=read(tmp_path / "rows.csv").schema)
    write(tmp_path / "out.csv", raw, {"share": np.full(raw.n, 0.25)})
    header, first = (tmp_path / "out.csv").read_text().splitlines()[:2]
    assert header.split(delimiter) == ["size", "y", "share"]
    assert first.split(delimiter) == [size, "a", share]


@pytest.mark.parametrize(
    "text",
    [
        "=1",
        "+1+1",
        "-x",
        "@a",
        "\t=1",
        "\r=1",
        " =1",
        "\n=1",
        "\u00a0=1",
        "\x0b=1",
        "\ufeff=1",
        "\uff1d1",
        "-1+cmd|' /C calc'!A0",
    ],
)
def test_a_text_that_is_a_formula_is_shown_and_not_run(tmp_path: Path, text: str) -> None:
    raw = to_predict_for(pd.DataFrame({"a": [text, "b"] * 10, "y": [0, 1] * 10}), types={"a": "text"})
    write(tmp_path / "out.csv", raw, {})
    assert written(tmp_path / "out.csv")[1] == [f"'{text}", "0"]


def test_numbers_stay_numbers(tmp_path: Path) -> None:
    rows = pd.DataFrame({"a": [-1.5, 2e30] * 10, "id": range(123456789, 123456809), "y": [0, 1] * 10})
    write(tmp_path / "out.csv", to_predict_for(rows, drop=["id"]), {"p": np.full(20, -0.25)})
    found = pd.read_csv(tmp_path / "out.csv")
    pd.testing.assert_frame_equal(found[list(rows)], rows)
    assert found["p"].tolist() == [-0.25] * 20


def test_a_prediction_of_another_length_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    raw = read(ROWS)
    with pytest.raises(DataError, match=r"'p' has shape \(2,\) for 30 rows"):
        write(tmp_path / "out.csv", raw, {"p": [1, 2]})
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"There is no folder .*nowhere.*Make it first"):
        write(tmp_path / "nowhere" / "out.csv", read(ROWS), {})
