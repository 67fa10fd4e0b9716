"""What raw data is: columns with kinds, a task with classes, and the rows as they were read. Plain records."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

import numpy as np

Kind = Literal["number", "category", "text", "date", "sequence"]
"""What a column holds. Dates are turned into numbers on reading; a sequence is letters, as of DNA, and stands alone."""

Modality = Literal["table", "image", "text", "audio", "sequence"]
SPOKEN: Mapping[Modality, str] = {
    "table": "a table", "image": "images", "text": "texts", "audio": "sounds", "sequence": "sequences",
}  # fmt: skip
"""What each kind of data is called in a sentence."""

Task = Literal["binary", "multiclass", "multilabel", "regression", "counts"]

STYLES = ("", "1,234.5", "1.234,5")
"""How numbers are written: as Python reads them; with commas between thousands; with points there."""

SIGNS = "0%$€£"
"""What may stand at numbers: nothing, per cent, or what money is counted in."""

ISO = "ISO8601"
"""What pandas calls 2024-05-31, alone or with a time and a zone."""

DAYS = (
    "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%m-%d-%Y", "%d-%m-%Y", "%Y/%m/%d", "%m/%d/%y", "%d/%m/%y", "%d.%m.%y",
    "%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y", "%d-%b-%y",
)  # fmt: skip
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
DATES = (ISO, *(f"{day}{time}" for day in DAYS for time in TIMES))
"""How dates are written, the likeliest first."""

PIECE, TEXTS = 2**24, 256
"""Bytes, and texts, of what stays in its files that are looked at at once."""

MOST_VALUES = 2**24
"""Of one image or sound that is read by a schema, and of anything that it counts."""

RATES = range(1_000, 400_000)
"""Samples a second that sound may have."""


@dataclass(frozen=True)
class Column:
    """One column of a table, or the one input of any other data.

    Attributes:
        name: As the file has it.
        kind: What it holds.
        missing: Share of the rows without a value.
        distinct: How many values it has.
        categories: The values of a category in the rows that were read, the most frequent first.
        written: How its values are written where that has to be known to read others: a date's format, as `strptime`
            takes it, or `1,234.5` and `1.234,5` of numbers.
        signs: Which of `%`, `$`, `€` and `£` stood at numbers, and `0` where some had none; None where that is not known.
    """

    name: str
    kind: Kind
    missing: float = 0.0
    distinct: int = 0
    categories: tuple[str, ...] = ()
    written: str = ""
    signs: str | None = None


@dataclass(frozen=True)
class Schema:
    """What is learnt from what.

    Attributes:
        modality: Which kind of data it is.
        task: What is predicted.
        columns: The inputs by name, in order.
        target: Name of the target's column, or columns of a multilabel task; empty where folders name the classes.
        classes: The names of the classes, in the order of their numbers; of a multilabel task its columns. Empty for
            numbers.
        shape: Of one example where it has a shape: (height, width, channels), or (samples,).
        rate: Samples a second of sound, 0 for anything else.
        alphabet: Letters of a sequence, empty for anything else.
        written: How numbers of the target are written, as `Column.written`; None where it has none, or that is not known.
        signs: Of the target, as `Column.signs`.
    """

    modality: Modality
    task: Task
    columns: tuple[Column, ...]
    target: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()
    rate: int = 0
    alphabet: str = ""
    written: str | None = None
    signs: str | None = None

    def told(self) -> dict[str, Any]:
        """Return it as plain data that JSON takes."""
        plain = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**plain, "columns": [vars(column) for column in self.columns]}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Schema":
        """Return the schema that was told."""
        columns = tuple(
            Column(**{**each, "categories": tuple(each.get("categories", ()))}) for each in told["columns"]
        )
        lists = {name: tuple(told.get(name, ())) for name in ("target", "classes", "shape")}
        return cls(**{**told, **lists, "columns": columns})


@dataclass(frozen=True, eq=False)
class Stored:
    """Values that stay in their files until `np.asarray` reads them; an index chooses rows and reads nothing.

    Attributes:
        read: Returns the values of rows by their numbers in the files. Called from several threads at once.
        rows: These numbers.
        sides: Shape of one row.
        dtype: Of the values.
        opened: Whether each row is a file that has to be opened, which takes longer than all else.

    Example:
        >>> lines = Stored(lambda rows: rows * 10, np.arange(5), (), np.dtype(int))
        >>> len(lines), np.asarray(lines[1:3]).tolist()
        (5, [10, 20])
    """

    read: Callable[[np.ndarray], np.ndarray]
    rows: np.ndarray
    sides: tuple[int, ...]
    dtype: np.dtype[Any]
    opened: bool = False

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: slice | np.ndarray) -> "Stored":
        return replace(self, rows=self.rows[rows])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.read(self.rows), dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """As an array's."""
        return (len(self), *self.sides)

    @property
    def ndim(self) -> int:
        """As an array's."""
        return len(self.shape)


def pieces(values: Any) -> Iterator[np.ndarray]:
    """Yield values piece by piece where they stay in their files, else all at once."""
    if not isinstance(values, Stored):
        yield values
        return
    row = math.prod(values.sides) * values.dtype.itemsize
    step = TEXTS if values.dtype.hasobject else max(1, PIECE // row)
    for first in range(0, len(values), step):
        yield np.asarray(values[first : first + step])


@dataclass(frozen=True, eq=False)
class Raw:
    """Rows as they were read, before anything is learnt from them.

    Attributes:
        schema: What they are.
        x: Each input by its name, one row an example: numbers and dates as float64 with NaN for what is missing;
            categories, texts and sequences as object arrays of str with "" for what is missing; images as uint8
            (rows, height, width, channels); sound as float32 (rows, samples) from -1 to 1. What is too large for the
            memory is `Stored`, of the same types and shapes.
        y: Class numbers as int64 (rows,), several labels as float32 (rows, classes), or numbers as float32 (rows,);
            None where there are no labels, as in what is predicted for.
        names: What tells the rows apart for people, as file names; empty where there is nothing.
        notes: What was decided for the user and what catches the eye, one sentence each.
        groups: Of each row what it belongs to, by which rows keep together in a cut; None where that was not asked for.
        table: All columns as they were read, by which rows are written back; None where there are none, and of rows to
            learn from.
    """

    schema: Schema
    x: Mapping[str, Any]
    y: np.ndarray | None
    names: Sequence[str] = ()
    notes: Sequence[str] = field(default=())
    groups: np.ndarray | None = None
    table: Any = None

    @property
    def n(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.x.values())))

    def noting(self, *notes: str) -> "Raw":
        """Return the same rows with more to be said of them."""
        return replace(self, notes=(*self.notes, *notes))

    def take(self, rows: np.ndarray) -> "Raw":
        """Return some of the rows, in the order of their numbers given."""
        names = [self.names[row] for row in rows] if self.names else ()
        return replace(
            self,
            x={name: values[rows] for name, values in self.x.items()},
            y=None if self.y is None else self.y[rows],
            names=names,
            groups=None if self.groups is None else self.groups[rows],
            table=None,
        )
