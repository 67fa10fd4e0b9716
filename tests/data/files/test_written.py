"""How numbers are written is kept: read again, what is written otherwise is a slip or refused, and never another number."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoopt.data.files import read
from autoopt.data.tables import numerals
from autoopt.errors import DataError
from autoopt.schema import SIGNS, STYLES, Raw, Schema
from tests.counts import FULL

KEPT: dict[str, tuple[str, str, str]] = {
    "a point": ("{n}.5", "1,5", "1234.5"),
    "thousands with points": ("1.234,{n}", "1.5", "1.234,5"),
    "thousands with commas": ("1,234.{n}", "1.234,5", "1,234.5"),
    "per cent": ("{n}.5%", "1.5", "1234.5%"),
    "no per cent": ("{n}.5", "15%", "1234.5"),
    "dollars": ("${n}.5", "€1.5", r"\$1234.5"),
}
"""Cells of training, one of a new file that is written otherwise, and how the message spells what was expected."""


def learnt(cell: str, target: str = "label") -> Raw:
    values = [cell.format(n=n % 9 + 1) for n in range(200)]
    other = ["a", "b"] * 100 if target == "label" else range(200)
    return read(pd.DataFrame({"size": values, target: other}), target=target)


def again(raw: Raw, values: list[Any]) -> Raw:
    return read(pd.DataFrame({"size": values}), schema=raw.schema)


@pytest.mark.parametrize("case", KEPT)
def test_a_cell_that_is_written_otherwise_is_a_slip_and_counted(case: str) -> None:
    cell, other, _ = KEPT[case]
    raw = learnt(cell)
    new = again(raw, [*(cell.format(n=1) for _ in range(199)), other])
    assert np.isnan(new.x["size"]).tolist() == [False] * 199 + [True]
    assert len(new.notes) == 1 and "has 1 value that is no number written as" in new.notes[0]


@pytest.mark.parametrize("case", KEPT)
def test_a_file_that_is_written_otherwise_is_refused(case: str) -> None:
    cell, other, spelled = KEPT[case]
    with pytest.raises(DataError, match=f"no number: .* in row 1.*Expected a number written as {spelled}"):
        again(learnt(cell), [other] * 3)


@pytest.mark.parametrize("cell", ["1.234,{n}", "1,234.{n}"])
def test_no_thousands_begin_with_0(cell: str) -> None:
    eighth = "0,125" if cell.startswith("1,") else "0.125"
    with pytest.raises(DataError, match=f"1 value that is no number: '{eighth}' in row 1"):
        again(learnt(cell), [eighth])
    eighths = pd.DataFrame({"size": ["0,125", "0,250", "1,375"] * 20, "label": ["a", "b"] * 30})
    assert read(eighths).x["size"][:3].tolist() == [0.125, 0.25, 1.375]


@pytest.mark.parametrize("cell", ["${n}.5", "{n}.5"])
def test_money_may_stand_there_or_not(cell: str) -> None:
    assert again(learnt(cell), ["$1.5", "1.5"]).x["size"].tolist() == [1.5, 1.5]


def test_a_number_of_a_frame_is_no_per_cent() -> None:
    with pytest.raises(DataError, match=r"Expected a number written as 1234\.5%"):
        again(learnt("{n}%"), [12.0])


def test_whole_numbers_of_a_file_with_decimal_commas_have_points_between_thousands(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("price;pieces;label\n" + "".join(f"{n},5;{n * n};{'ab'[n % 2]}\n" for n in range(1, 31)))
    schema = read(path).schema
    (tmp_path / "new.csv").write_text("price;pieces\n1,5;1.234\n2,5;7\n")
    assert read(tmp_path / "new.csv", schema=schema).x["pieces"].tolist() == [1234.0, 7.0]


@pytest.mark.parametrize("case", ["a point", "thousands with points", "per cent"])
def test_labels_are_held_to_how_those_of_training_are_written(case: str) -> None:
    cell, other, spelled = KEPT[case]
    given = pd.DataFrame({"size": range(200), "y": [cell.format(n=n % 9 + 1) for n in range(200)]})
    given["size"] = np.random.default_rng(0).normal(size=200)
    raw = read(given, task="regression")
    np.testing.assert_array_equal(read(given, schema=raw.schema).y, raw.y)
    few = read(given.assign(y=[*given["y"][:199], other]), schema=raw.schema)
    assert few.y is not None and np.isnan(few.y[199]) and "1 of 200 rows have no label" in few.notes[0]
    with pytest.raises(DataError, match=f"The target 'y' has 200 values.*number written as {spelled}"):
        read(given.assign(y=other), schema=raw.schema)


def test_classes_with_commas_between_thousands_are_found_again() -> None:
    given = pd.DataFrame({"size": np.arange(40.0) % 7, "y": ["1,000", "2,000"] * 20})
    raw = read(given)
    np.testing.assert_array_equal(read(given, schema=raw.schema).y, raw.y)


@settings(max_examples=2_000 if FULL else 100, deadline=None)
@given(
    st.text(max_size=12) | st.from_regex(r"[-+$€£ ]{0,2}[0-9]{0,4}([.,][0-9]{0,4}){0,3}[%€ ]{0,2}"),
    st.sampled_from(STYLES), st.none() | st.text(SIGNS, min_size=1, max_size=3),
)  # fmt: skip
def test_whatever_is_written_is_a_number_of_that_style_or_none(
    text: str, style: str, signs: str | None
) -> None:
    (number,), (bad,) = numerals.parse(np.array([text], object), style, signs)
    (any_sign,), _ = numerals.parse(np.array([text], object), style)
    assert np.isnan(number) or (number == any_sign and not bad)


def test_a_schema_of_before_takes_any_sign() -> None:
    told = json.loads(json.dumps(learnt("{n}.5%").schema.told()))
    del told["written"], told["signs"], told["columns"][0]["signs"]
    new = read(pd.DataFrame({"size": ["15%", "0.5"]}), schema=Schema.of(told))
    assert new.x["size"].tolist() == pytest.approx([0.15, 0.5])
