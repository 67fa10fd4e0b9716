"""Parquet and Feather, read batch by batch; pyarrow is what reads them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autoopt.data.files.delimited import NOTHING, checked_names
from autoopt.data.files.extra import needed
from autoopt.data.parts import Progress
from autoopt.data.tables import Expected, Table
from autoopt.errors import DataError
from autoopt.untrusted import brief

SUFFIXES = (".parquet", ".pq", ".feather", ".arrow", ".ipc")
ROWS = 50_000
CELL = 8
"""Bytes of a number, and of what says where a text is."""

INDEX = "__index_level_"
"""How pandas calls an index that it stores: it numbers rows, and is no column."""


def read(path: Path, known: Expected = NOTHING, progress: Progress | None = None) -> Table:
    """Return the rows of a file.

    Args:
        path: Of the file.
        known: Its limit alone: names and types are in the file.
        progress: Told of rows.

    Raises:
        DataError: pyarrow is not installed, or the file cannot be read.
    """
    arrow = needed("pyarrow", path)
    try:
        names, total, size, batches = _opened(path)
        columns = checked_names([each for each in names if not each.startswith(INDEX)], path)
        table = Table(columns, disk=known.disk(size))
        for batch in batches:
            batch.validate(full=True)  # else what is damaged may be read beyond its end
            plain = batch.select(list(table.names)).replace_schema_metadata(None)
            frame = plain.to_pandas(ignore_metadata=True)
            table.add([frame[name] for name in table.names])
            if progress is not None:
                progress(table.n, total)
        return table
    except (arrow.ArrowException, OSError, ValueError, LookupError, OverflowError, MemoryError) as error:
        kind = "Parquet" if path.suffix.lower() in SUFFIXES[:2] else "Feather"
        raise DataError(
            f"{path} cannot be read as {kind}: {brief(error)}. Expected a file that pandas or polars wrote. Write it again."
        ) from error


def _opened(path: Path) -> tuple[list[str], int, int, Iterator[Any]]:
    """Return the names of columns, the count of rows, about how many bytes they take, and the rows in batches."""
    if path.suffix.lower() in SUFFIXES[:2]:
        from pyarrow import parquet

        file = parquet.ParquetFile(path)
        told = file.metadata
        packed = sum(told.row_group(place).total_byte_size for place in range(told.num_row_groups))
        size = max(packed, CELL * told.num_rows * told.num_columns)
        return file.schema_arrow.names, told.num_rows, size, file.iter_batches(batch_size=ROWS)
    return _feather(path)


def _feather(path: Path) -> tuple[list[str], int, int, Iterator[Any]]:
    """Return the same of a Feather file, which does not say what its batches are unpacked: each is, and let go, to know."""
    from pyarrow import ipc, memory_map

    file, rows, size = ipc.open_file(memory_map(str(path))), 0, 0
    for place in range(file.num_record_batches):
        batch = file.get_batch(place)
        rows, size = rows + batch.num_rows, size + batch.get_total_buffer_size()
    names = file.schema.names
    return names, rows, max(size, CELL * rows * len(names)), _batches(file)


def _batches(file: Any) -> Iterator[Any]:
    for place in range(file.num_record_batches):
        batch = file.get_batch(place)
        for first in range(0, batch.num_rows, ROWS):
            yield batch.slice(first, ROWS)
