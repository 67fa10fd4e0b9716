"""A preparation: raw rows to arrays once, and the layers that do the same inside of a model."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np

from autoopt.errors import DataError, nearest
from autoopt.prepared import Inputs
from autoopt.preparing.image import image
from autoopt.preparing.layers import PREPARATION, Layers
from autoopt.preparing.sequence import sequence
from autoopt.preparing.sound import sound
from autoopt.preparing.table import PAIR, table
from autoopt.preparing.text import text
from autoopt.preparing.words import counted
from autoopt.schema import Modality, Raw, Schema, pieces

KINDS: Mapping[Modality, Callable[[Raw, np.ndarray], Layers]] = {
    "table": table,
    "image": image,
    "text": text,
    "audio": sound,
    "sequence": sequence,
}

WORDS = ("category", "text", "sequence")
"""Kinds of columns that hold words."""

LENGTHS: Mapping[Modality, tuple[str, str, Callable[[str], int]]] = {
    "text": ("texts", "words", counted),
    "sequence": ("sequences", "letters", len),
}
"""What is cut where it is too long, what its length is counted in, and how."""

BATCH = 1_024
"""Rows that are prepared at once, at most."""

AT_ONCE = 2**24
"""Bytes of rows that are prepared at once."""

PIECE = 2**28
"""Bytes of prepared rows that are predicted for at once."""


@dataclass(frozen=True, eq=False)
class Preparation:
    """What raw rows become before a starter sees them.

    Attributes:
        model: Raw inputs to prepared ones, of Keras's own layers alone.
        names: What `model` calls each column that it reads.
        inputs: The shapes of what is prepared.

    Example:
        >>> import numpy as np
        >>> from autoopt.schema import Column, Schema
        >>> schema = Schema("table", "regression", columns=(Column("age", "number"),))
        >>> raw = Raw(schema, {"age": np.float32([1, 3, np.nan])}, None)
        >>> Preparation.fit(raw, np.arange(3)).arrays(raw)
        array([[-1.,  0.],
               [ 1.,  0.],
               [ 0.,  1.]], dtype=float32)
    """

    model: keras.Model
    names: Mapping[str, str]
    inputs: Inputs

    @classmethod
    def fit(cls, raw: Raw, rows: np.ndarray) -> "Preparation":
        """Fit what has to be learnt, as means and vocabularies, on some rows alone.

        Args:
            raw: All rows.
            rows: Numbers of those that train.

        Raises:
            DataError: Nothing can be learnt from these rows.
        """
        found = KINDS[raw.schema.modality](raw, np.asarray(rows))
        made = dict(found.made) if len(found.made) > 1 else next(iter(found.made.values()))
        inputs = {tensor.name: tensor for tensor in found.raw.values()}
        model = keras.Model(inputs, made, name=PREPARATION)
        return cls(model, {column: tensor.name for column, tensor in found.raw.items()}, found.inputs)

    def told(self) -> dict[str, Any]:
        """Return as plain data what `model` does not say, for `read`."""
        return {"names": dict(self.names), "inputs": {**vars(self.inputs), "shape": list(self.inputs.shape)}}

    @classmethod
    def read(cls, model: keras.Model, told: Mapping[str, Any], schema: Schema) -> "Preparation":
        """Return the preparation of a model that was saved.

        Args:
            model: As it was read.
            told: What `told` said of it.
            schema: Of the rows that it is to prepare.

        Raises:
            DataError: They do not belong together.
        """
        names = dict(told["names"])
        reads = {tensor.name: tensor.dtype == "string" for tensor in getattr(model, "inputs", None) or ()}
        words = {column.name: column.kind in WORDS for column in schema.columns}
        if {name: words.get(column) for column, name in names.items()} != reads:
            raise DataError(
                f"Its model has the inputs {', '.join(reads) or 'of no names'}, and schema.json says {', '.join(names.values())} "
                "or other kinds. Expected the same. Restore both files."
            )
        return cls(model, names, Inputs(**{**told["inputs"], "shape": tuple(told["inputs"]["shape"])}))

    def feed(self, x: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """Return columns as inputs of `model`, and of what is built around it; other columns are left out.

        Numbers of a table that float32 cannot tell apart are two inputs a row: the nearest float32, and what is left.

        Raises:
            DataError: A column is not there.
        """
        missing = [column for column in self.names if column not in x]
        if missing:
            raise DataError(
                f"The rows have no column {missing[0]!r}. Expected the columns that the model was trained with. "
                f"Add it, with nothing in it where it is not known.{nearest(missing[0], x)}"
            )
        widths = {tensor.name: tensor.shape[1:] for tensor in self.model.inputs}
        return {name: _given(x[column], widths[name]) for column, name in self.names.items()}

    def arrays(self, raw: Raw, progress: Callable[[int, int], None] | None = None) -> Any:
        """Return what a starter takes: an array, or a dict of them by name.

        Args:
            raw: The rows.
            progress: Called with how many are done, of how many.
        """
        whole, step = None, _step(raw.x.values())
        for at in range(0, raw.n, step):
            rows = slice(at, at + step)
            given = self.feed({name: np.asarray(values[rows]) for name, values in raw.x.items()})
            # Not through `predict`: to trace a model of thousands of columns takes longer than all of them here.
            made = self.model(given, training=False)
            parts = keras.tree.map_structure(keras.ops.convert_to_numpy, made)
            if whole is None:
                whole = keras.tree.map_structure(partial(_empty, raw.n), parts)
            keras.tree.map_structure(lambda all_, part, rows=rows: _put(all_, part, rows), whole, parts)
            if progress is not None:
                progress(min(at + step, raw.n), raw.n)
        return whole

    def pieces(self, raw: Raw, most: int = PIECE) -> Iterator[Any]:
        """Yield what `arrays` returns, as many rows at a time as take no more than so many bytes."""
        step = max(1, most // max(self.row_bytes, 1))
        for at in range(0, raw.n, step):
            yield self.arrays(raw if step >= raw.n else raw.take(np.arange(at, min(at + step, raw.n))))

    @property
    def wide(self) -> list[str]:
        """Columns of numbers that float32 cannot tell apart, which are two inputs a row."""
        widths = {tensor.name: tensor.shape[1:] for tensor in self.model.inputs}
        return [column for column, name in self.names.items() if self.inputs.numbers and widths[name] == PAIR]

    @property
    def row_bytes(self) -> int:
        """Bytes that one prepared row takes."""
        made = keras.tree.flatten(self.model.output)
        return sum(math.prod(each.shape[1:]) * np.dtype(each.dtype).itemsize for each in made)

    def cut(self, raw: Raw) -> tuple[str, ...]:
        """Return what is to be said of texts and sequences of which the model takes the beginning alone."""
        series = raw.schema.modality == "sequence" and not raw.schema.alphabet
        if raw.schema.modality not in LENGTHS or series:
            return ()
        (column,) = raw.schema.columns[:1]
        what, unit, length = LENGTHS[raw.schema.modality]
        most = self.inputs.shape[0]
        longer = sum(
            len(each) > most and length(str(each)) > most
            for piece in pieces(raw.x[column.name])
            for each in piece
        )
        if not longer:
            return ()
        return (
            f"{longer:,} of {raw.n:,} {what} {'are' if longer > 1 else 'is'} longer than {most:,} {unit}, of which the model "
            "takes no more.",
        )

    def around(self, core: keras.Model) -> keras.Model:
        """Return a model of raw inputs: this preparation, and behind it a core that was trained on `arrays`."""
        inputs = {tensor.name: tensor for tensor in self.model.inputs}
        name = core.name
        while name in inputs or name == self.model.name:
            name += "_core"
        # A column may be called as the core is, and Keras allows each name once.
        apart = core if name == core.name else keras.Model(core.input, core(core.input), name=name)
        return keras.Model(inputs, apart(self.model(inputs)), name=f"{core.name}_of_raw")


def _given(values: Any, width: tuple[int, ...]) -> Any:
    """Return a column as its input takes it."""
    if values.ndim != 1 or values.dtype.kind != "f":
        return values
    close = values.astype(np.float32)
    if width != PAIR:
        return close
    with np.errstate(invalid="ignore"):
        left = np.where(np.isfinite(close), values - close, 0).astype(np.float32)
    return np.stack([close, left], axis=1)


def _step(given: Iterable[Any]) -> int:
    """Return how many rows are prepared at once: fewer where they are large."""
    row = sum(math.prod(values.shape[1:]) * values.dtype.itemsize for values in given)
    return int(np.clip(AT_ONCE // max(row, 1), 1, BATCH))


def _empty(rows: int, part: np.ndarray) -> np.ndarray:
    return np.empty((rows, *part.shape[1:]), part.dtype)


def _put(whole: np.ndarray, part: np.ndarray, rows: slice) -> None:
    whole[rows] = part
