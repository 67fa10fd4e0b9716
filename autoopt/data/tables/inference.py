"""A table to `Raw`: which column is the target, what each other holds, which are left out, and what is said of it."""

from dataclasses import dataclass, replace

import numpy as np

from autoopt.data.tables.aside import stored
from autoopt.data.tables.cells import Cells, Table, Texts
from autoopt.data.tables.kinds import LETTERS, Found, as_step, found
from autoopt.data.tables.labels import Labels, labels_of
from autoopt.data.tables.letters import alphabet_of, spoken, strange
from autoopt.data.tables.listing import some
from autoopt.data.tables.oddities import capitals, leaks, twice
from autoopt.data.tables.several import several
from autoopt.data.tables.wanted import Wanted, targets
from autoopt.errors import DataError
from autoopt.schema import Column, Modality, Raw, Schema
from autoopt.spelling import spelled
from autoopt.untrusted import shown

MOST_NAMED = 5
"""Columns that one note names."""


@dataclass(frozen=True)
class What:
    """What the inputs of a table are together: `modality`, `columns` and `alphabet` as of `Schema`, and what is to be said."""

    modality: Modality
    columns: tuple[Column, ...]
    alphabet: str = ""
    notes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one example, as of `Schema`: the steps of a series."""
        return (len(self.columns),) if self.modality == "sequence" and not self.alphabet else ()


def inferred(table: Table, wanted: Wanted) -> Raw:
    """Return the rows of a table with what they are.

    Args:
        table: As it was read.
        wanted: What the user says of it.

    Raises:
        DataError: A column is not there, there is nothing to learn from, or the target is no target.
    """
    if not table.n:
        raise DataError(
            f"There are no rows below the names of {len(table.names)} columns. Expected one row an example. Pass data with "
            "examples in it."
        )
    names, notes = targets(wanted, table.names)
    labels = _labels(table, names, wanted)
    kept = np.flatnonzero(~labels.missing)
    out = {*names, *wanted.apart, *(name for name in table.aside if name not in wanted.types)}
    columns = _columns(table, [name for name in table.names if name not in out], kept, wanted)
    inputs = [each for each in columns if not each.why_left_out]
    if not inputs:
        raise DataError(
            f"No column is left to learn from: {_because(columns) or 'all are targets, or dropped'}. Expected one at least. "
            f"Say what a column holds, and it is kept: {_kept(columns)}."
        )
    x, y = {each.column.name: each.values for each in inputs}, labels.y[kept]
    what = _what(inputs, wanted)
    schema = Schema(
        what.modality, labels.task, what.columns, names, labels.classes, what.shape, alphabet=what.alphabet,
        written=labels.written, signs=labels.signs,
    )  # fmt: skip
    words = [
        note for each in what.columns if each.kind == "text" for note in capitals(each.name, x[each.name])
    ]
    told = (*table.notes, *notes, *labels.notes, *_lost(labels), *what.notes, *_said(columns), *words)
    told = (*told, *leaks(x, y), *twice(x, y))
    if wanted.groups is None:
        return Raw(schema, x, y, notes=told)
    apart = f"{shown(wanted.groups)} says which rows keep together, and is not learnt from."
    return Raw(schema, x, y, notes=(*told, apart), groups=_groups(table.cells(wanted.groups).take(kept)))


def _labels(table: Table, names: tuple[str, ...], wanted: Wanted) -> Labels:
    if len(names) == 1:
        return labels_of(names[0], table.cells(names[0]), wanted.task, table.comma)
    return several(names, [table.cells(name) for name in names], wanted.task)


def _columns(table: Table, names: list[str], kept: np.ndarray, wanted: Wanted) -> list[Found]:
    columns = []
    for name in names:
        cells = table.cells(name)
        rows = cells if len(kept) == table.n else cells.take(kept)
        forced = wanted.types.get(name, table.kinds.get(name))
        each = found(name, rows, forced, table.comma)
        columns.append(each if table.disk is None else replace(each, values=stored(table.disk, each.values)))
    if wanted.series and all(each.column.kind == "number" or each.why_left_out for each in columns):
        return [as_step(each) for each in columns]
    return columns


def _what(inputs: list[Found], wanted: Wanted) -> What:
    """Return what the inputs are together."""
    columns = tuple(each.column for each in inputs)
    if wanted.series and (len(columns) > 1 or columns[0].kind not in ("text", "sequence")):
        return _series(columns)
    sequences = [each.name for each in columns if each.kind == "sequence"]
    if sequences and len(columns) > 1:
        others = [each.name for each in columns if each.name != sequences[0]]
        raise DataError(
            f"Column {shown(sequences[0])} is a sequence and stands beside {some(others)}. Expected a sequence alone: it is "
            f"read letter by letter. Leave the others out with drop, or pass {spelled('types', {sequences[0]: 'text'})}."
        )
    if len(columns) > 1 or columns[0].kind not in ("text", "sequence"):
        return What("table", columns)
    name, texts = columns[0].name, [each for each in np.asarray(inputs[0].values) if each]
    letters = name not in wanted.types and all(map(LETTERS.fullmatch, texts))
    if not sequences and not letters:
        return What("text", columns)
    said = wanted.alphabets.get(name)
    alphabet = alphabet_of(texts) if said is None else said
    guess = (
        f"The letters of {shown(name)} are taken for {spoken(alphabet)}. If they are not: {spelled('types', {name: 'protein'})}, "
        "'dna', 'rna' or 'text'.",
    )
    notes = strange(name, texts, alphabet) if said else guess
    return What("sequence", (replace(columns[0], kind="sequence"),), alphabet, notes)


def _series(columns: tuple[Column, ...]) -> What:
    """Return columns as the steps of a series."""
    others = [each for each in columns if each.kind != "number"]
    if others:
        name = others[0].name
        raise DataError(
            f"A series has numbers alone, and column {shown(name)} is a {others[0].kind}. Expected one step a column, in their "
            f"order. Leave it out: {spelled('drop', [name])}; pass {spelled('types', {name: 'protein'})} or 'dna' where it is letters; "
            "or learn from a table."
        )
    if len(columns) < 2:
        raise DataError(
            f"A series has two steps or more, and column {shown(columns[0].name)} is alone. Expected one step a column, in their "
            "order. Write one row a series, or learn from a table."
        )
    first, last = shown(columns[0].name), shown(columns[-1].name)
    note = f"Each row is a series of {len(columns):,} steps: the columns {first} to {last}, in the order of the file."
    return What("sequence", columns, notes=(note,))


def _groups(cells: Cells) -> np.ndarray:
    """Return what each row belongs to, None or NaN where that is not said."""
    if not isinstance(cells, Texts):
        return cells.values
    different = cells.different.copy()
    different[different == ""] = None
    return different[cells.codes]


def _lost(labels: Labels) -> tuple[str, ...]:
    lost = int(labels.missing.sum())
    if not lost:
        return ()
    return (
        f"{lost:,} of {len(labels.y):,} rows {'has no label and is' if lost == 1 else 'have no label and are'} left out.",
    )


def _said(columns: list[Found]) -> tuple[str, ...]:
    notes = tuple(note for each in columns for note in each.notes if not each.why_left_out)
    because = _because(columns)
    return (
        (*notes, f"Not learnt from: {because}. To keep one, say what it holds: {_kept(columns)}.")
        if because
        else notes
    )


def _because(columns: list[Found]) -> str:
    left = [each for each in columns if each.why_left_out]
    told = "; ".join(f"{shown(each.column.name)} ({each.why_left_out})" for each in left[:MOST_NAMED])
    return f"{told}; and {len(left) - MOST_NAMED} more" if len(left) > MOST_NAMED else told


def _kept(columns: list[Found]) -> str:
    """Return how a column that is left out is kept."""
    left = [each.column for each in columns if each.why_left_out]
    return spelled("types", {left[0].name: left[0].kind} if left else {"name": "category"})
