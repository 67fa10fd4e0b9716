"""Rows read again by a schema: to predict for, or to test on, as the training rows were read."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from autoopt.data.tables.aside import stored
from autoopt.data.tables.cells import Cells, Table
from autoopt.data.tables.conversion import Converted, converted
from autoopt.data.tables.kinds import slips
from autoopt.data.tables.labels import as_classes, label_texts, numbers_of, style_of, without_label
from autoopt.data.tables.letters import strange
from autoopt.data.tables.listing import some
from autoopt.data.tables.numerals import COMMA, PLAIN, TOLERATED, spelled
from autoopt.data.tables.several import yes_or_no
from autoopt.errors import DataError, meant
from autoopt.schema import Column, Raw, Schema
from autoopt.untrusted import shown

MOST_SHOWN = 3
"""Rows that a message names."""

COLUMN_NUMBER = re.compile(r"column_(\d+)")


def read_again(table: Table, schema: Schema) -> Raw:
    """Return rows as a schema has them; all rows are kept, in their order.

    Columns are found by their names, whatever their order and whatever others there are. A row without a label, or with
    one that training had not, has -1 or NaN among labels.

    Raises:
        DataError: A column is missing, or holds something else than it did.
    """
    _check_names(table, schema)
    x: dict[str, Any] = {}
    notes = list(table.notes)
    for column in schema.columns:
        cells = table.cells(column.name)
        found = converted(cells, column.kind, column.written, column.signs)
        _check_kind(f"Column {shown(column.name)}", column, cells, found)
        if found.bad.any():
            notes.append(slips(column.name, cells, found, _kind(column)))
        notes += _unseen(column, found.values)
        notes += strange(column.name, found.values, schema.alphabet) if schema.alphabet else ()
        x[column.name] = found.values if table.disk is None else stored(table.disk, found.values)
    y, said = _labels(table, schema)
    return Raw(schema, x, y, notes=(*notes, *said), table=table)


def class_numbers(names: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    """Return the class number of each name, -1 for what is no class."""
    places = {each: place for place, each in enumerate(classes)}
    return np.array([places.get(each, -1) for each in names], np.int64)


def unlabelled(y: np.ndarray) -> list[str]:
    """Return what is to be said of labels of which some are missing or none of training's."""
    lost = int(without_label(y).sum())
    if not lost:
        return []
    return [f"{lost:,} of {len(y):,} rows have no label that training had: none to score by."]


def _check_names(table: Table, schema: Schema) -> None:
    missing = [column.name for column in schema.columns if column.name not in table.names]
    if not missing:
        return
    # Names that were made up for a file without a header do not come back by themselves.
    header = "" if not COLUMN_NUMBER.fullmatch(missing[0]) else " The training file had no header."
    raise DataError(
        f"{len(missing)} of the {len(schema.columns)} columns {'is' if len(missing) == 1 else 'are'} missing: {some(missing, 5)}."
        f"{header} Expected all that training had, in any order. Add or rename them.{meant(missing[0], table.names)}"
    )


def _kind(column: Column) -> str:
    """Return what a column holds and how it is written, as a sentence goes on."""
    written = spelled(column.written, column.signs) if column.kind == "number" else column.written
    return f"{column.kind} written as {written}" if written else column.kind


def _check_kind(name: str, column: Column, cells: Cells, found: Converted) -> None:
    rows = np.flatnonzero(found.bad)
    filled = len(found.bad) - int((found.missing & ~found.bad).sum())
    if not len(rows) or len(rows) <= TOLERATED * filled:
        return
    texts = converted(cells.take(rows[:MOST_SHOWN]), "category").values
    seen = ", ".join(f"{shown(text)} in row {row + 1:,}" for text, row in zip(texts, rows, strict=False))
    count = f"{len(rows):,} values that are" if len(rows) > 1 else "1 value that is"
    raise DataError(
        f"{name} has {count} no {column.kind}: {seen}. Expected a {_kind(column)}, as in training. "
        "Correct them, or leave them empty."
    )


def _unseen(column: Column, values: np.ndarray) -> list[str]:
    if column.kind != "category":
        return []
    names, counts = np.unique(values.astype(str), return_counts=True)
    known = {*column.categories, ""}
    new: Mapping[str, int] = {
        name: int(count) for name, count in zip(names.tolist(), counts, strict=True) if name not in known
    }
    if not new:
        return []
    rows = sum(new.values())
    return [
        f"Column {shown(column.name)} has categories that training had not, in {rows:,} row{'s' * (rows > 1)}: {some(new)}."
    ]


def _labels(table: Table, schema: Schema) -> tuple[np.ndarray | None, list[str]]:
    """Return the labels, None where there are none."""
    if not schema.target or not set(schema.target) <= set(table.names):
        return None, []
    cells = [table.cells(name) for name in schema.target]
    if all((label_texts(each).different == "").all() for each in cells):
        return None, []
    if schema.task == "multilabel":
        y = yes_or_no(schema.target, cells)
    elif schema.classes:
        texts = label_texts(cells[0])
        style = (COMMA if table.comma else PLAIN) if schema.written is None else schema.written
        y = class_numbers(as_classes(texts.different, schema.classes, style), schema.classes)[texts.codes]
    elif schema.written is None:
        y = numbers_of(schema.target[0], cells[0], schema.task, style_of(cells[0], table.comma))
    else:
        column = Column(schema.target[0], "number", written=schema.written, signs=schema.signs)
        found = converted(cells[0], "number", column.written, column.signs)
        _check_kind(f"The target {shown(column.name)}", column, cells[0], found)
        y = found.values.astype(np.float32)
    return y, unlabelled(y)
