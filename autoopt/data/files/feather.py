"""Feather: batches of columns. Each column of a packed batch is unpacked whole, so some columns are read at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from autoopt import memory
from autoopt.errors import DataError

AT_ONCE = 2**23
"""Bytes of numbers that are unpacked at once, or one column where that has more."""

CELL = 8
"""Bytes of a number, and of what says where a text is."""


@dataclass(frozen=True, eq=False)
class Feather:
    """A Feather file, on disk until columns of it are asked for.

    Attributes:
        path: Of the file.
        names: Of its columns.
        bytes_: All of it, mapped into memory.
    """

    path: Path
    names: list[str]
    bytes_: Any

    @classmethod
    def opened(cls, path: Path) -> "Feather":
        """Return a file."""
        from pyarrow import ipc, memory_map

        bytes_ = memory_map(str(path)).read_buffer()
        return cls(path, ipc.open_file(bytes_).schema.names, bytes_)

    @cached_property
    def rows(self) -> list[int]:
        """How many rows each batch has."""
        return [each.num_rows for each in self._read(self.names[:1])]

    @property
    def n(self) -> int:
        """How many rows it has."""
        return sum(self.rows)

    @cached_property
    def size(self) -> int:
        """How many bytes they take, which it does not say: each column is unpacked, and let go, to know."""
        return sum(
            batch.get_total_buffer_size() for some in self._some(self.names) for batch in self._read(some)
        )

    def check_room(self, limit: int | None) -> None:
        """Raise where one column of a packed batch does not fit into memory."""
        most, room = CELL * max(self.rows, default=0), memory.free(limit)
        if room is None or most <= room or not self._is_packed:
            return
        raise DataError(
            f"{self.path} is packed in batches of up to {max(self.rows):,} rows, of which one column takes {memory.spoken(most)} or "
            f"more, and {memory.spoken(room)} may be taken. Expected smaller batches: one is unpacked as a whole. Write it again, "
            "with pandas as frame.to_feather(path, chunksize=50_000), or as Parquet or CSV."
        )

    def batches(self, columns: tuple[str, ...], rows: int) -> Iterator[Any]:
        """Yield so many rows of some columns at a time, until all rows of all columns have come."""
        for some in self._some(columns):
            for batch in self._read(some):
                for first in range(0, batch.num_rows, rows):
                    yield batch.slice(first, rows)
                del batch  # before the next is unpacked

    @property
    def _is_packed(self) -> bool:
        """Whether what is read of it lies elsewhere than the file."""
        first, end = self.bytes_.address, self.bytes_.address + self.bytes_.size
        buffers = [each for batch in self._read(self.names[:1]) for each in batch.column(0).buffers() if each]
        return any(not first <= each.address < end for each in buffers)

    def _some(self, columns: Sequence[str]) -> Iterator[Sequence[str]]:
        """Yield as many columns at a time as may be unpacked at once."""
        count = max(1, AT_ONCE // (CELL * max(self.rows, default=0) or 1))
        yield from (columns[first : first + count] for first in range(0, len(columns), count))

    def _read(self, columns: Sequence[str]) -> Iterator[Any]:
        """Yield the batches, with these columns alone."""
        from pyarrow import ipc

        wanted = set(columns)
        places = [place for place, name in enumerate(self.names) if name in wanted]
        file = ipc.open_file(self.bytes_, options=ipc.IpcReadOptions(included_fields=places))
        yield from (file.get_batch(place) for place in range(file.num_record_batches))
