"""A table's cells as they were read, piece by piece, kept small; nothing is decided about them yet."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from autoopt import memory
from autoopt.data.aside import Aside
from autoopt.data.tables.aside import Pieces
from autoopt.errors import DataError
from autoopt.schema import Kind
from autoopt.spelling import spelled
from autoopt.untrusted import shown

PASSES = 2
"""Times that a table is in memory while its kinds are told: as it was read, and as numbers and words."""

LONGEST_PACKED = 32
"""Letters of a text that is worth storing at a fixed width."""


@dataclass(frozen=True, eq=False)
class Numbers:
    """Cells that came as numbers, NaN for what is missing."""

    values: np.ndarray

    def take(self, rows: np.ndarray) -> "Numbers":
        """Return some of the rows."""
        return Numbers(self.values[rows])


@dataclass(frozen=True, eq=False)
class Moments:
    """Cells that came as dates, in days since 1970, NaN for what is missing."""

    values: np.ndarray

    def take(self, rows: np.ndarray) -> "Moments":
        """Return some of the rows."""
        return Moments(self.values[rows])


@dataclass(frozen=True)
class Expected:
    """What is known of a table before it is read.

    Attributes:
        names: Of columns: a first row that has one is a header.
        texts: Names of columns that are to be read letter by letter, whatever their cells look like.
        limit: Bytes of memory that it may take; None for what is available.
    """

    names: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    limit: int | None = None

    def disk(self, size: int) -> Aside | None:
        """Return where rows of so many bytes are put that do not fit into memory; None where they do."""
        return None if memory.fits(PASSES * size, self.limit) else Aside()


@dataclass(frozen=True, eq=False)
class Texts:
    """Cells that came as text: the different ones once, and a number a row that says which.

    Attributes:
        codes: Place in `different` of each row.
        different: Objects of str, "" for what is missing.
    """

    codes: np.ndarray
    different: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> "Texts":
        """Return them of an object array of str."""
        codes, different = pd.factorize(values)
        return cls(codes, np.asarray(different, object))

    @property
    def counts(self) -> np.ndarray:
        """How many rows have each of the different texts."""
        return np.bincount(self.codes, minlength=len(self.different))

    def take(self, rows: np.ndarray) -> "Texts":
        """Return some of the rows; what none of them has is forgotten."""
        codes, used = pd.factorize(self.codes[rows])
        return Texts(codes, self.different[used])

    def rows(self) -> np.ndarray:
        """Return one text a row."""
        return self.different[self.codes]


Cells = Numbers | Moments | Texts


@dataclass(eq=False)
class Table:
    """Columns by name, as pieces that are added one after the other.

    Attributes:
        names: Of the columns, in order.
        notes: What the reader has to say.
        comma: Whether the file writes decimal commas.
        delimiter: What stands between its cells.
        kinds: What columns hold, where their format says it.
        aside: Names of columns that are not learnt from, unless the user says what they hold.
        disk: Where the pieces are put; None keeps them in memory. A column that is asked for is in memory either way.
    """

    names: tuple[str, ...]
    notes: list[str] = field(default_factory=list)
    comma: bool = False
    delimiter: str = ","
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    aside: tuple[str, ...] = ()
    disk: Aside | None = None

    def __post_init__(self) -> None:
        """Begin without rows."""
        self._pieces: dict[str, Any] = {
            name: [] if self.disk is None else Pieces(self.disk) for name in self.names
        }
        self.n = 0

    def add(self, columns: Sequence[Any], names: Sequence[str] | None = None) -> None:
        """Add rows.

        Args:
            columns: One a name: lists of str as a text file has them, or Series of pandas.
            names: Of which they are, where the others come later; None for all.
        """
        those = self.names if names is None else names
        for name, values in zip(those, columns, strict=True):
            self._pieces[name].append(
                _piece(values) if isinstance(values, pd.Series) else _packed(np.array(values, object))
            )
        self.n += len(columns[0]) if columns and those[0] == self.names[0] else 0

    def cells(self, name: str) -> Cells:
        """Return a whole column: text where a piece of it is."""
        self._check_room(name)
        pieces = list(self._pieces[name])
        for kind in (Numbers, Moments):
            if pieces and all(isinstance(each, kind) for each in pieces):
                return kind(np.concatenate([each.values for each in pieces]))
        return _joined([_as_texts(each) for each in pieces])

    def _check_room(self, name: str) -> None:
        """Raise where one column of those that lie aside does not fit into memory."""
        pieces = self._pieces[name]
        if isinstance(pieces, Pieces) and not memory.fits(pieces.size):
            raise DataError(
                f"Column {shown(name)} has {memory.spoken(pieces.size)}, and {memory.spoken(memory.free() or 0)} of memory are "
                "free. Expected columns of which each fits: what they are is told from all their values. Leave it out with "
                f"{spelled('drop', [name])}, or pass fewer rows."
            )

    def texts(self, name: str) -> Iterator[str]:
        """Yield a column as text, one a row, piece by piece."""
        for piece in self._pieces[name]:
            yield from _as_texts(piece).rows()


def _as_texts(piece: Any) -> Texts:
    return as_text(piece) if isinstance(piece, Cells) else Texts.of(_unpacked(piece))


def as_text(cells: Cells) -> Texts:
    """Return any cells as text: whole numbers without a point, dates as ISO 8601 has them."""
    if isinstance(cells, Texts):
        return cells
    codes, different = pd.factorize(cells.values, use_na_sentinel=False)
    written = _written_date if isinstance(cells, Moments) else written_number
    return Texts(codes, np.array([written(each) for each in different.tolist()], object))


def written_number(value: float) -> str:
    """Return a number as people write it, "" for NaN.

    Example:
        >>> written_number(3.0), written_number(0.25), written_number(float("nan"))
        ('3', '0.25', '')
    """
    if value != value:
        return ""
    return str(int(value)) if abs(value) < 1e15 and value == int(value) else repr(value)


def days(stamps: Any) -> np.ndarray:
    """Return timestamps of pandas in UTC as days since 1970, NaN for what is missing."""
    return np.asarray((stamps - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1), np.float64)


def _written_date(value: float) -> str:
    if value != value:
        return ""
    return (pd.Timestamp(0) + pd.Timedelta(days=value)).round("s").isoformat()


def _joined(pieces: Sequence[Texts]) -> Texts:
    """Return pieces as one; each of the different texts is looked at once a piece."""
    if not pieces:
        return Texts.of(np.array([], object))
    places, different = pd.factorize(np.concatenate([each.different for each in pieces]))
    starts = np.cumsum([0, *(len(each.different) for each in pieces)])
    codes = [places[start + each.codes] for start, each in zip(starts, pieces, strict=False)]
    return Texts(np.concatenate(codes), np.asarray(different, object))


def _piece(series: pd.Series) -> Any:
    """Return a part of a column of pandas."""
    kinds = pd.api.types
    if kinds.is_bool_dtype(series.dtype) or not kinds.is_numeric_dtype(series.dtype):
        if kinds.is_datetime64_any_dtype(series.dtype):
            return Moments(days(pd.to_datetime(series, utc=True)))
        return _packed(_texts(series))
    if kinds.is_complex_dtype(series.dtype) or kinds.is_extension_array_dtype(series.dtype):
        return Numbers(series.to_numpy(np.float64, na_value=np.nan))
    return Numbers(series.to_numpy())


def _texts(series: pd.Series) -> np.ndarray:
    """Return text a cell, "" where there is none; numbers among others as people write them."""
    values = series.astype(object).to_numpy()
    if pd.api.types.infer_dtype(values, skipna=False) == "string":
        return values
    return np.array(
        ["" if lost else _text(each) for each, lost in zip(values, pd.isna(values), strict=True)], object
    )


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    plain_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return written_number(float(value)) if plain_number else str(value)


def _packed(values: np.ndarray) -> Any:
    """Return texts as they take little room: numbered where they repeat, at a fixed width where they are short."""
    found = Texts.of(values)
    if 2 * len(found.different) <= len(values):
        return found
    joined = "".join(values)
    if joined.isascii() and "\0" not in joined and max(map(len, values)) <= LONGEST_PACKED:
        return np.array(values, "S")
    return values


def _unpacked(piece: np.ndarray) -> np.ndarray:
    return piece.astype("U").astype(object) if piece.dtype.kind == "S" else piece
