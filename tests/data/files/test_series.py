"""A table as series: one step a column, in the order of the file."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from autoopt.data.files import read
from autoopt.errors import DataError
from tests.tables import customers, waves, written


def test_columns_of_numbers_are_the_steps_of_a_series_in_their_order(tmp_path: Path) -> None:
    raw = read(written(waves(), tmp_path), types="series")
    assert (raw.schema.modality, raw.schema.alphabet, raw.schema.shape) == ("sequence", "", (20,))
    assert [column.name for column in raw.schema.columns] == [f"t{step}" for step in range(20)]
    assert any("a series of 20 steps: the columns 't0' to 't19'" in note for note in raw.notes)
    again = read(waves()[[f"t{step}" for step in reversed(range(20))]], schema=raw.schema)
    for name, values in raw.x.items():
        np.testing.assert_array_equal(again.x[name], values)


def test_what_numbers_the_rows_is_no_step(tmp_path: Path) -> None:
    frame = waves()
    frame.insert(0, "id", np.arange(len(frame)))
    frame.insert(1, "name", [f"leaf {row}" for row in range(len(frame))])
    raw = read(written(frame, tmp_path), types="series")
    assert list(raw.x) == [f"t{step}" for step in range(20)]
    assert any("'id' (it numbers the rows" in note and "'name'" in note for note in raw.notes)


def test_letters_stay_letters_to_who_asks_for_a_series() -> None:
    bases = ["".join(np.random.default_rng(n).choice(list("ACGT"), 30)) for n in range(24)]
    raw = read(pd.DataFrame({"nr": range(24), "bases": bases, "label": ["a", "b"] * 12}), types="series")
    assert (raw.schema.modality, raw.schema.alphabet, list(raw.x)) == ("sequence", "ACGT", ["bases"])


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (customers(), "column 'plan' is a category. Expected one step a column.*drop=\\['plan'\\]"),
        (waves()[["t1", "label"]], "two steps or more, and column 't1' is alone"),
    ],
    ids=["a category", "one step"],
)
def test_a_table_that_is_no_series_is_refused(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(frame, types="series")
