"""A table to `Raw`: which column is the target, what each other holds, which are left out, and what is said of it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autoopt.data.tables.cells import Table
from autoopt.data.tables.kinds import LETTERS, Found, found
from autoopt.data.tables.labels import Labels, labels_of, several
from autoopt.data.tables.oddities import duplicates, leaks
from autoopt.data.tables.wanted import Wanted, targets
from autoopt.errors import DataError
from autoopt.schema import Modality, Raw, Schema
from autoopt.untrusted import shown

MOST_NAMED = 5
"""Columns that one note names."""


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
    columns = _columns(
        table, [name for name in table.names if name not in {*names, *wanted.drop}], kept, wanted
    )
    inputs = [each for each in columns if not each.why_left_out]
    if not inputs:
        raise DataError(
            f"No column is left to learn from: {_because(columns) or 'all are targets, or dropped'}. Expected one at least. "
            "Say what a column holds, and it is kept: types={'name': 'category'}."
        )
    x, y = {each.column.name: each.values for each in inputs}, labels.y[kept]
    modality, alphabet = _modality(inputs)
    described = tuple(each.column for each in inputs)
    schema = Schema(modality, labels.task, described, names, labels.classes, alphabet=alphabet)
    told = (*table.notes, *notes, *labels.notes, *_lost(labels), *_said(columns), *leaks(x, y), *_twice(x, y))
    return Raw(schema, x, y, notes=told)


def alphabet_of(sequences: Sequence[str]) -> str:
    """Return the letters of sequences: of DNA, RNA or proteins where they have no others, whatever is not certain."""
    letters = set("".join(sequences).upper())
    for alphabet, besides in (
        ("ACGT", "NRYSWKMBDHV-"),
        ("ACGU", "NRYSWKMBDHV-"),
        ("ACDEFGHIKLMNPQRSTVWY", "BXZJUO*-"),
    ):
        if letters <= {*alphabet, *besides}:
            return alphabet
    return "".join(sorted(letters))


def _labels(table: Table, names: tuple[str, ...], wanted: Wanted) -> Labels:
    if len(names) == 1:
        return labels_of(names[0], table.cells(names[0]), wanted.task, table.comma)
    return several(names, [table.cells(name) for name in names], wanted.task)


def _columns(table: Table, names: list[str], kept: np.ndarray, wanted: Wanted) -> list[Found]:
    columns = []
    for name in names:
        cells = table.cells(name)
        rows = cells if len(kept) == table.n else cells.take(kept)
        each = found(name, rows, wanted.types.get(name), table.comma)
        columns.append(each if table.aside is None else replace(each, values=table.aside.stored(each.values)))
    return columns


def _modality(inputs: list[Found]) -> tuple[Modality, str]:
    """Return what the inputs are together, and the letters of a sequence."""
    if len(inputs) > 1 or inputs[0].column.kind != "text":
        return "table", ""
    texts = [each for each in np.asarray(inputs[0].values) if each]
    if all(map(LETTERS.fullmatch, texts)):
        return "sequence", alphabet_of(texts)
    return "text", ""


def _lost(labels: Labels) -> tuple[str, ...]:
    lost = int(labels.missing.sum())
    if not lost:
        return ()
    return (
        f"{lost:,} of {len(labels.y):,} rows {'has' if lost == 1 else 'have'} no label and are left out.",
    )


def _said(columns: list[Found]) -> tuple[str, ...]:
    notes = tuple(note for each in columns for note in each.notes if not each.why_left_out)
    because = _because(columns)
    return (
        (*notes, f"Not learnt from: {because}. To keep one, say what it holds: types={{…}}.")
        if because
        else notes
    )


def _because(columns: list[Found]) -> str:
    left = [each for each in columns if each.why_left_out]
    told = "; ".join(f"{shown(each.column.name)} ({each.why_left_out})" for each in left[:MOST_NAMED])
    return f"{told}; and {len(left) - MOST_NAMED} more" if len(left) > MOST_NAMED else told


def _twice(x: dict[str, Any], y: np.ndarray) -> tuple[str, ...]:
    count = duplicates(x, y)
    if not count:
        return ()
    return (
        f"{count:,} of {len(y):,} rows {'is' if count == 1 else 'are'} the same as an earlier one: a score is too good where "
        "such rows train and test.",
    )
