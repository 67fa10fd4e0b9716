"""Laws that every form of a table keeps: the same rows are read from all of them."""

import json
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autoopt.data.files import delimited as delimited_file
from autoopt.data.files import read, watched
from autoopt.errors import DataError

N = 60
FRAME = pd.DataFrame(
    {
        "size": [None if row % 7 == 0 else row / 4 for row in range(N)],
        "rooms": [row % 5 for row in range(N)],
        "city": [["Oslo", "Rome", "Åby", None][row % 4] for row in range(N)],
        "sold": pd.date_range("2024-01-31", periods=N, freq="11D"),
        "said": [f"a very good house, number {row}" for row in range(N)],
        "label": ["yes" if row % 3 else "no" for row in range(N)],
    }
)


def delimited(path: Path, **layout: Any) -> Path:
    FRAME.to_csv(path, index=False, **layout)
    return path


def arrow(path: Path, write: str) -> Path:
    pytest.importorskip("pyarrow")
    getattr(FRAME, write)(path)
    return path


def lines(path: Path) -> Path:
    rows = json.loads(FRAME.assign(sold=FRAME.sold.astype(str)).to_json(orient="records"))
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def polars_frame(lazy: bool) -> Any:
    polars = pytest.importorskip("polars")
    columns = {name: [None if pd.isna(each) else each for each in FRAME[name]] for name in FRAME}
    frame = polars.DataFrame(columns)
    return frame.lazy() if lazy else frame


FORMS: dict[str, Callable[[Path], Any]] = {
    "csv": lambda folder: delimited(folder / "a.csv"),
    "csv with a mark": lambda folder: delimited(folder / "a.csv", encoding="utf-8-sig"),
    "csv in utf-16": lambda folder: delimited(folder / "a.csv", encoding="utf-16"),
    "csv in Windows-1252": lambda folder: delimited(folder / "a.csv", encoding="cp1252"),
    "semicolons and decimal commas": lambda folder: delimited(folder / "a.csv", sep=";", decimal=","),
    "tsv": lambda folder: delimited(folder / "a.tsv", sep="\t"),
    "quotes": lambda folder: delimited(folder / "a.csv", quoting=1, lineterminator="\r\n"),
    "parquet": lambda folder: arrow(folder / "a.parquet", "to_parquet"),
    "feather": lambda folder: arrow(folder / "a.feather", "to_feather"),
    "json lines": lambda folder: lines(folder / "a.jsonl"),
    "DataFrame": lambda folder: FRAME,
    "DataFrame of categories": lambda folder: FRAME.astype({"city": "category", "rooms": "Int64"}),
    "polars": lambda folder: polars_frame(lazy=False),
    "lazy polars": lambda folder: polars_frame(lazy=True),
}


@pytest.fixture(params=FORMS)
def data(request: Any, tmp_path: Path) -> Any:
    return FORMS[request.param](tmp_path)


def test_every_form_has_the_same_rows_and_kinds(data: Any) -> None:
    raw, expected = read(data), read(FRAME)
    for name, values in expected.x.items():
        np.testing.assert_array_equal(raw.x[name], values)
        assert raw.x[name].dtype == values.dtype
    np.testing.assert_array_equal(raw.y, expected.y)
    told = [(column.name, column.kind, column.missing, column.distinct) for column in raw.schema.columns]
    assert told == [(each.name, each.kind, each.missing, each.distinct) for each in expected.schema.columns]


def test_every_form_is_read_again_by_its_schema(data: Any) -> None:
    raw = read(data)
    again = read(data, schema=raw.schema)
    for name, values in raw.x.items():
        np.testing.assert_array_equal(again.x[name], values)
    np.testing.assert_array_equal(again.y, raw.y)


def test_kinds_are_told_from_values() -> None:
    raw = read(FRAME)
    kinds = {column.name: column.kind for column in raw.schema.columns}
    assert kinds == {"size": "number", "rooms": "number", "city": "category", "sold": "date", "said": "text"}
    assert raw.x["sold"][:2].tolist() == [19753.0, 19764.0]
    assert raw.x["city"][:4].tolist() == ["Oslo", "Rome", "Åby", ""]
    assert (raw.schema.task, raw.schema.classes, raw.schema.target) == ("binary", ("no", "yes"), ("label",))


def test_windows_letters_are_read_and_said(tmp_path: Path) -> None:
    raw = read(delimited(tmp_path / "a.csv", encoding="cp1252"))
    assert any("is not UTF-8" in note and "Windows-1252" in note for note in raw.notes)


def test_a_file_without_a_header_has_numbered_columns(tmp_path: Path) -> None:
    path = tmp_path / "iris.data"
    path.write_text("".join(f"{row / 10},{row % 7},{'ab'[row % 2]}\n" for row in range(30)))
    raw = read(path)
    assert list(raw.x) == ["column_1", "column_2"] and raw.schema.target == ("column_3",)
    assert any("has no header" in note for note in raw.notes)
    assert read(path, schema=raw.schema).n == raw.n == 30


HEADERS = {
    "words over numbers": ("a,b,c", [(1, 2, 3)] * 9, ["a", "b", "c"]),
    "years over numbers, and a word over classes": (
        "2019,2020,kind",
        [(1.5, 2.5, "x")] * 9,
        ["2019", "2020", "kind"],
    ),
    "words over words": ("city,street", [("Oslo", "Main"), ("Rome", "High")], ["city", "street"]),
    "numbers over numbers": ("1,2,3", [(4, 5, 6)] * 9, ["column_1", "column_2", "column_3"]),
    "a value that comes again": ("0.5,x", [(1.5, "x"), (2.5, "y")] * 5, ["column_1", "column_2"]),
    "a name that is empty": (",b", [(1, 2)] * 9, ["column_1", "b"]),
}


@pytest.mark.parametrize("case", HEADERS)
def test_a_header_is_told_from_values(case: str, tmp_path: Path) -> None:
    first, rows, names = HEADERS[case]
    path = tmp_path / "a.csv"
    path.write_text("\n".join([first, *(",".join(map(str, row)) for row in rows)]))
    assert delimited_file.read(path).names == tuple(names)


def test_columns_with_spaces_between_are_found(tmp_path: Path) -> None:
    path = tmp_path / "yeast.dat"
    path.write_text("".join(f"  {row / 7:.2f}   {row % 5}  {'ab'[row % 2]}\n" for row in range(30)))
    raw = read(path)
    assert [column.kind for column in raw.schema.columns] == ["number", "number"]
    assert raw.schema.classes == ("a", "b")


def test_a_point_stands_between_thousands_where_commas_are_decimal(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "size;price;y\n" + "".join(f"{row},5;{row}.250;{'ab'[row % 2]}\n" for row in range(1, 31))
    )
    raw = read(path)
    assert raw.x["price"][:2].tolist() == [1250.0, 2250.0]
    path.write_text("price;size\n3.750;1\n")
    assert read(path, schema=raw.schema).x["price"].tolist() == [3750.0]


def test_what_the_user_calls_a_category_is_read_letter_by_letter(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("area,y\n" + "".join(f"{row % 3}.00,{row % 2}\n" for row in range(30)))
    assert read(path, types={"area": "category"}).schema.columns[0].categories == ("0.00", "1.00", "2.00")


def test_arrays_of_two_dimensions_are_a_table(tmp_path: Path) -> None:
    x, y = np.random.default_rng(0).normal(size=(30, 3)), np.arange(30) % 2
    np.savez(tmp_path / "a.npz", x=x, y=y)
    np.save(tmp_path / "a.npy", np.column_stack([x, y]))
    archive, array = read(tmp_path / "a.npz"), read(tmp_path / "a.npy")
    assert list(archive.x) == list(array.x) == ["column_1", "column_2", "column_3"]
    np.testing.assert_array_equal(archive.y, array.y)


def test_a_column_that_stops_being_numbers_late_is_read_letter_by_letter(tmp_path: Path) -> None:
    codes = [f"{row % 90}.0" for row in range(60_000)] + ["A1"] * 2_000
    path = tmp_path / "late.csv"
    path.write_text("code,y\n" + "".join(f"{code},{row % 2}\n" for row, code in enumerate(codes)))
    raw = read(path)
    assert raw.schema.columns[0].kind == "category"
    assert {"1.0", "A1"} <= set(raw.schema.columns[0].categories)


def test_progress_goes_up_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = delimited(tmp_path / "a.csv")
    read(path, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (path.stat().st_size, path.stat().st_size)


def test_parquet_without_pyarrow_says_what_to_install(tmp_path: Path, monkeypatch: Any) -> None:
    pytest.importorskip("pyarrow")
    from autoopt.data.files import extra

    monkeypatch.setitem(extra.PACKAGES, "no_such_library", "no-such-library")
    with pytest.raises(DataError, match=r"no-such-library is not installed.*pip install 'autoopt\[data\]'"):
        extra.needed("no_such_library", tmp_path / "a.parquet")


def test_a_watcher_around_a_call_is_told_what_is_read_and_how_much(tmp_path: Path) -> None:
    path, told = tmp_path / "a.csv", []
    path.write_text("x,y\n" + "1,0\n2,1\n" * 10)
    with watched(lambda name: nullcontext(lambda done, total: told.append((name, done == total)))):
        read(path)
    read(path)
    assert told == [(f"Reading {path}", True)]
