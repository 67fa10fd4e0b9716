"""Tables larger than the memory that they may take: put aside on disk, and read as those in memory are."""

import gc
import io
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from autoopt.data import Dataset, Part, Stream, files, joined
from autoopt.data.aside import Aside
from autoopt.data.files import columnar
from autoopt.data.tables import Expected
from autoopt.errors import DataError
from autoopt.schema import Stored

LITTLE = 1_000_000


def orders(n: int = 3_200) -> pd.DataFrame:
    """Return rows with a bit of everything: numbers with gaps, seconds since 1970, categories, dates and sentences."""
    chance = np.random.default_rng(0)
    frame = pd.DataFrame({f"n{place}": chance.normal(size=n) for place in range(24)})
    frame["time"] = 1.7e9 + chance.uniform(0, 3_600, n)
    frame["city"] = chance.choice(["Oslo", "Rome", ""], n)
    frame["day"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(chance.integers(0, 90, n), "D")
    frame["said"] = [f"order {number} came very {'late' if number % 3 else 'early'}" for number in range(n)]
    frame.loc[::7, "n0"] = np.nan
    frame["y"] = np.where(frame["n1"] > 0, "yes", "no")
    frame.loc[:4, "y"] = None
    return frame


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


def written(folder: Path, ending: str) -> Path:
    path, frame = folder / f"orders{ending}", orders()
    if path.exists():
        return path
    if ending == ".csv":
        frame.to_csv(path, index=False)
    else:
        pytest.importorskip("pyarrow")
        frame.to_parquet(path) if ending == ".parquet" else frame.to_feather(path)
    return path


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".feather"])
def test_a_table_that_is_put_aside_is_read_as_one_in_memory(ending: str, place: Path) -> None:
    path = written(place, ending)
    one, other = files.read(path, target="y"), files.read(path, target="y", limit=LITTLE)
    assert other.schema == one.schema and other.notes == one.notes
    np.testing.assert_array_equal(other.y, one.y)
    for name, values in one.x.items():
        assert isinstance(other.x[name], Stored) and not isinstance(values, Stored)
        np.testing.assert_array_equal(np.asarray(other.x[name]), values)


def test_a_packed_feather_file_is_unpacked_one_batch_at_a_time(tmp_path: Path) -> None:
    arrow, path = pytest.importorskip("pyarrow"), tmp_path / "a.feather"
    frame = pd.DataFrame({"n": np.sin(np.arange(100_000)), "y": np.arange(100_000) % 2})
    frame.to_feather(path, compression="lz4", chunksize=5_000)
    usual, pool = arrow.default_memory_pool(), arrow.proxy_memory_pool(arrow.default_memory_pool())
    arrow.set_memory_pool(pool)
    try:
        raw = files.read(path, target="y", limit=LITTLE)
    finally:
        arrow.set_memory_pool(usual)
    assert pool.max_memory() < 500_000 < frame.memory_usage().sum()
    assert isinstance(raw.x["n"], Stored)
    np.testing.assert_array_equal(np.asarray(raw.x["n"]), frame["n"])


def test_a_packed_feather_file_of_one_batch_is_unpacked_some_columns_at_a_time(tmp_path: Path) -> None:
    arrow, path = pytest.importorskip("pyarrow"), tmp_path / "a.feather"
    frame = pd.DataFrame({f"n{place}": np.sin(np.arange(50_000) + place) for place in range(40)})
    frame.assign(y=np.arange(50_000) % 2).to_feather(path, compression="lz4", chunksize=50_000)
    usual, pool = arrow.default_memory_pool(), arrow.proxy_memory_pool(arrow.default_memory_pool())
    arrow.set_memory_pool(pool)
    try:
        table = columnar.read(path, Expected(limit=LITTLE))
    finally:
        arrow.set_memory_pool(usual)
    assert pool.max_memory() < 10_000_000 < frame.memory_usage().sum()
    assert table.n == 50_000 and isinstance(table.disk, Aside)
    for name in ("n0", "n39"):
        np.testing.assert_array_equal(table.cells(name).values, frame[name])


@pytest.mark.parametrize("compression", ["lz4", "uncompressed"])
def test_a_feather_file_of_one_batch_too_large_is_refused_where_it_is_packed(
    compression: str, tmp_path: Path
) -> None:
    pytest.importorskip("pyarrow")
    frame, path = (
        pd.DataFrame({"n": np.sin(np.arange(200_000)), "y": np.arange(200_000) % 2}),
        tmp_path / "a.feather",
    )
    frame.to_feather(path, compression=compression, chunksize=200_000)
    if compression == "uncompressed":
        assert columnar.read(path, Expected(limit=LITTLE)).n == 200_000
        return
    with pytest.raises(
        DataError, match=r"batches of up to 200,000 rows.* 1\.6 MB or more, and 1\.0 MB .*chunksize=50_000"
    ):
        columnar.read(path, Expected(limit=LITTLE))


def test_batches_of_a_table_that_is_put_aside_are_the_arrays_of_one_in_memory(place: Path) -> None:
    path = written(place, ".csv")
    one, other = Dataset.of(path, target="y"), Dataset.of(path, target="y", memory=LITTLE)
    assert isinstance(one.validation, Part) and isinstance(other.validation, Stream)
    assert one.rows is not None and other.rows is not None and one.rows.mark == other.rows.mark
    batches = list(other.validation.batches())
    for name, whole in one.validation.x.items():
        found = np.concatenate([each.x[name] for each in batches])
        np.testing.assert_allclose(found, whole, atol=1e-6)
    np.testing.assert_array_equal(np.concatenate([each.y for each in batches]), one.validation.y)


def test_rows_to_predict_for_that_are_put_aside_are_written_as_they_were_read(place: Path) -> None:
    path = written(place, ".csv")
    schema = files.read(path, target="y").schema
    texts = []
    for limit in (None, LITTLE):
        raw, text = files.read(path, schema=schema, limit=limit), io.StringIO()
        files.write(text, raw, {"chance": np.arange(raw.n)})
        texts.append(text.getvalue())
    assert texts[0] == texts[1] and texts[0].count("\n") == 3_201


def test_what_was_put_aside_goes_with_the_last_that_reads_it(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, there = written(place, ".csv"), tmp_path / "there"
    there.mkdir()
    monkeypatch.setenv("TMPDIR", str(there))
    tempfile.tempdir = None  # as in a fresh process
    try:
        raw = files.read(path, target="y", limit=LITTLE)
        kept = raw.x["said"]
        del raw
        assert len(np.asarray(kept[:3])) == 3 and list(there.iterdir())
        del kept
        gc.collect()
        assert not list(there.iterdir())
    finally:
        tempfile.tempdir = None


def test_a_table_is_prepared_once_and_both_parts_of_it_are_read_as_one(place: Path) -> None:
    data = Dataset.of(written(place, ".csv"), target="y", drop=["said"], memory=LITTLE)
    whole = joined(data.train, data.validation)
    assert isinstance(whole, Stream) and isinstance(data.train, Stream) and data.train.n is not None
    assert whole.source.kept is not None and not whole.source.raw.x
    x, y = whole.source.prepared(np.array([data.train.n + 3, 5]))
    sides = [list(part.batches()) for part in (data.validation, data.train)]
    for row, (batches, at) in enumerate(zip(sides, (3, 5), strict=True)):
        np.testing.assert_array_equal(x["numbers"][row], batches[0].x["numbers"][at])
        assert y[row] == batches[0].y[at]


TOO_LARGE = {
    "a frame": lambda folder: orders(6_000),
    "JSON lines": lambda folder: orders().to_json(folder / "a.jsonl", orient="records", lines=True, date_format="iso") or folder / "a.jsonl",
}  # fmt: skip


@pytest.mark.parametrize("case", TOO_LARGE)
def test_what_cannot_be_put_aside_is_refused_with_what_can(case: str, tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"may be taken\. Expected less, or a format .*Write it as one of these"
    ):
        Dataset.of(TOO_LARGE[case](tmp_path), target="y", memory=LITTLE)


def test_batches_of_a_table_are_the_same_in_any_order_of_asking(place: Path) -> None:
    data = Dataset.of(written(place, ".csv"), target="y", drop=["said"], memory=LITTLE)
    assert isinstance(data.train, Stream) and data.train.n is not None
    order = np.random.default_rng(0).permutation(data.train.n)
    batches, whole = data.train.epoch(100, order), np.concatenate([each.y for each in data.train.batches()])
    last = batches.num_batches - 1
    for index in (last, 0, 12, 3, last):
        x, y = batches[index]
        rows = order[index * 100 : (index + 1) * 100]
        assert len(x["numbers"]) == len(rows)
        np.testing.assert_array_equal(y, whole[rows])
