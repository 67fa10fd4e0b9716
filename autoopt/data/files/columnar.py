"""Parquet and Feather, read batch by batch; pyarrow is what reads them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autoopt.data.files.delimited import NOTHING, checked_names
from autoopt.data.files.extra import needed
from autoopt.data.files.feather import CELL, Feather
from autoopt.data.parts import Progress
from autoopt.data.tables import Expected, Table
from autoopt.errors import DataError
from autoopt.untrusted import brief

SUFFIXES = (".parquet", ".pq", ".feather", ".arrow", ".ipc")
PARQUET = SUFFIXES[:2]
ROWS = 50_000

INDEX = "__index_level_"
"""How pandas calls an index that it stores: it numbers rows, and is no column."""


def read(path: Path, known: Expected = NOTHING, progress: Progress | None = None) -> Table:
    """Return the rows of a file.

    Args:
        path: Of the file.
        known: Its limit alone: names and types are in the file.
        progress: Told of rows.

    Raises:
        DataError: pyarrow is not installed, the file cannot be read, or it cannot be unpacked within the limit.
    """
    arrow = needed("pyarrow", path)
    try:
        file: Parquet | Feather = (Parquet if path.suffix.lower() in PARQUET else Feather).opened(path)
        columns = checked_names([each for each in file.names if not each.startswith(INDEX)], path)
        file.check_room(known.limit)
        table = Table(columns, disk=known.disk(max(file.size, CELL * file.n * len(columns))))
        done = 0
        for batch in file.batches(columns, ROWS):
            batch.validate(full=True)  # else what is damaged may be read beyond its end
            frame = batch.replace_schema_metadata(None).to_pandas(ignore_metadata=True)
            table.add([frame[name] for name in frame.columns], list(frame.columns))
            done += batch.num_rows * batch.num_columns
            del batch, frame  # before more is unpacked
            if progress is not None:
                progress(done // len(columns), file.n)
        return table
    except DataError:
        raise
    except (arrow.ArrowException, OSError, ValueError, LookupError, OverflowError, MemoryError) as error:
        kind = "Parquet" if path.suffix.lower() in PARQUET else "Feather"
        raise DataError(
            f"{path} cannot be read as {kind}: {brief(error)}. Expected a file that pandas or polars wrote. Write it again."
        ) from error


@dataclass(frozen=True, eq=False)
class Parquet:
    """A Parquet file.

    Attributes:
        names: Of its columns.
        n: How many rows it has.
        size: About how many bytes these take.
    """

    names: list[str]
    n: int
    size: int
    file: Any

    @classmethod
    def opened(cls, path: Path) -> "Parquet":
        """Return a file, of which nothing has been read but what it says of itself."""
        from pyarrow import parquet

        file = parquet.ParquetFile(path)
        told = file.metadata
        size = sum(told.row_group(place).total_byte_size for place in range(told.num_row_groups))
        return cls(file.schema_arrow.names, told.num_rows, size, file)

    def check_room(self, limit: int | None) -> None:
        """Return: it is unpacked piece by piece."""

    def batches(self, columns: tuple[str, ...], rows: int) -> Iterator[Any]:
        """Yield so many rows at a time."""
        yield from (each.select(list(columns)) for each in self.file.iter_batches(batch_size=rows))
