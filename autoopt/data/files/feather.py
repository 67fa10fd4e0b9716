"""Feather: batches of columns. Each column of a packed batch is unpacked whole, so some columns are read at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from autoopt import memory
from autoopt.errors import DataError

AT_ONCE = 2**22
"""Bytes of numbers that are unpacked at once, or one column where that has more."""

CELL = 8
"""Bytes of a number, and of what says where a text is."""

BEFORE = 8
"""Bytes before the first message of a file."""

HEADER, LENGTH, COMPRESSION = 2, 0, 3
"""Places of fields: of a message, and of what is told of a batch (Message.fbs of Arrow's format)."""


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

    @property
    def n(self) -> int:
        """How many rows it has."""
        return sum(rows for rows, _ in self._told)

    @cached_property
    def size(self) -> int:
        """How many bytes they take, which it does not say: each column is unpacked, and let go, to know."""
        if not self._is_packed:
            return int(self.bytes_.size)
        return sum(
            batch.get_total_buffer_size() for some in self._some(self.names) for batch in self._read(some)
        )

    def check_room(self, limit: int | None) -> None:
        """Raise where one column of a packed batch does not fit into memory."""
        most, room = CELL * self._most, memory.free(limit)
        if room is None or most <= room or not self._is_packed:
            return
        raise DataError(
            f"{self.path} is packed in batches of up to {self._most:,} rows, of which one column takes {memory.spoken(most)} or "
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

    @cached_property
    def _told(self) -> list[tuple[int, bool]]:
        """How many rows each batch has, and whether it is packed, as it says itself: pyarrow does not tell before it unpacks it."""
        from pyarrow import MessageReader

        reader = MessageReader.open_stream(self.bytes_.slice(BEFORE))
        found = list[tuple[int, bool]]()
        while True:
            try:
                message = reader.read_next_message()
            except StopIteration:
                return found
            if message.type == "record batch":
                told = memoryview(message.metadata)
                place = _field(told, _number(told, 0), HEADER)
                batch = place + _number(told, place)
                rows = _field(told, batch, LENGTH)
                found.append((_number(told, rows, 8) if rows else 0, _field(told, batch, COMPRESSION) > 0))

    @property
    def _most(self) -> int:
        return max((rows for rows, _ in self._told), default=0)

    @property
    def _is_packed(self) -> bool:
        return any(packed for _, packed in self._told)

    def _some(self, columns: Sequence[str]) -> Iterator[Sequence[str]]:
        """Yield as many columns at a time as may be unpacked at once."""
        count = max(1, AT_ONCE // (CELL * self._most or 1)) if self._is_packed else len(columns) or 1
        yield from (columns[first : first + count] for first in range(0, len(columns), count))

    def _read(self, columns: Sequence[str]) -> Iterator[Any]:
        """Yield the batches, with these columns alone; of what is not packed nothing is copied."""
        from pyarrow import ipc

        wanted = set(columns)
        places = [place for place, name in enumerate(self.names) if name in wanted]
        options = ipc.IpcReadOptions(included_fields=places) if self._is_packed else None
        file = ipc.open_file(self.bytes_, options=options)
        for place in range(file.num_record_batches):
            yield file.get_batch(place).select(list(columns))


def _number(told: memoryview, place: int, size: int = 4) -> int:
    """Return a number of a flatbuffer."""
    return int.from_bytes(told[place : place + size], "little", signed=True)


def _field(told: memoryview, table: int, number: int) -> int:
    """Return the place of a field in a table of a flatbuffer, 0 where it has none."""
    places = table - _number(told, table)
    at = 4 + 2 * number
    found = _number(told, places + at, 2) if at < _number(told, places, 2) else 0
    return table + found if found else 0
