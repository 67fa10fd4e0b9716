"""Any table that is written as text is read as it was."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autoopt.data.files import read
from tests.counts import FULL

N = 24
NUMBERS = st.floats(width=32, allow_nan=True, allow_infinity=False)
WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=["\u2028", "\u2029", "\x85"]),
    max_size=8,
)


@st.composite
def frames(draw: Any) -> pd.DataFrame:
    """Return some columns of numbers, some of words that come again, and a target."""
    columns: dict[str, Any] = {"first": draw(st.lists(NUMBERS, min_size=N, max_size=N))}
    columns["second"] = draw(
        st.lists(st.sampled_from(draw(st.lists(WORDS, min_size=2, max_size=5))), min_size=N, max_size=N)
    )
    columns["y"] = ["yes", "no"] * (N // 2)
    return pd.DataFrame(columns)


@settings(
    max_examples=200 if FULL else 30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(frame=frames(), delimiter=st.sampled_from(",;\t|"), quoting=st.sampled_from([0, 1]))
def test_a_frame_that_is_written_as_csv_is_read_as_it_was(
    frame: pd.DataFrame, delimiter: str, quoting: int, tmp_path: Path
) -> None:
    path = tmp_path / "frame.csv"
    frame.to_csv(path, index=False, sep=delimiter, quoting=quoting)
    types = {"first": "number", "second": "text"}
    raw, expected = read(path, types=types), read(frame, types=types)
    np.testing.assert_array_equal(raw.x["first"], frame["first"].to_numpy(np.float32))
    assert raw.x["second"].tolist() == expected.x["second"].tolist()
    assert raw.y is not None and raw.y.tolist() == [1, 0] * (N // 2)
