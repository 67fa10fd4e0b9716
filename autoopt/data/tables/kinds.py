"""What a column holds, told from its values: its kind, how it is written, and whether it is worth learning from."""

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from autoopt.data.tables import dates, numerals
from autoopt.data.tables.cells import Cells, Moments, Numbers, Texts
from autoopt.data.tables.conversion import Converted, cleaned, converted
from autoopt.errors import DataError
from autoopt.schema import ISO, Column, Kind
from autoopt.spelling import named
from autoopt.untrusted import shown

FEWEST_FOR_IDS = 20
"""Rows from which on it is no accident that no two have the same value."""

PROSE_WORDS, PROSE_SHARE = 3, 0.2
"""Words a value, and share of the rows with a value of their own, from which on a column is text."""

ID_NAME = re.compile(r"(.*[\s_.-])?(id|uuid|guid|index|key|rownames?)|unnamed.*", re.IGNORECASE)
LETTERS = re.compile(r"[A-Za-z*-]{20,}")


@dataclass(frozen=True, eq=False)
class Found:
    """A column, and what came of it.

    Attributes:
        column: What it holds.
        values: As `Raw.x` has them, an array or `Stored`.
        notes: One sentence each.
        why_left_out: As a sentence goes on; empty where it is learnt from.
    """

    column: Column
    values: Any
    notes: tuple[str, ...] = ()
    why_left_out: str = ""


def found(name: str, cells: Cells, forced: Kind | None = None, comma: bool = False) -> Found:
    """Return what a column holds.

    Args:
        name: Of the column.
        cells: Its rows.
        forced: The kind that the user gave it, which is then never left out; None to tell it from the values.
        comma: Whether decimal commas are likelier than points.

    Raises:
        DataError: The user gave it a kind that none of its values is of.
    """
    kind, written, notes = told(name, cells, forced, comma)
    values = converted(cells, kind, written)
    if forced and values.bad.any() and values.missing.all():
        raise DataError(
            f"{named('types')} says that {shown(name)} is a {kind}, and none of its values is one: {shown(_cell(cells, 0))}, …. "
            f"Expected some that are. Leave it out of {named('types')}, or pass another kind."
        )
    if values.bad.any():
        notes = (*notes, slips(name, cells, values, kind))
    column = described(name, kind, values, written)
    if kind == "number":
        column = replace(column, signs=signs_of(cells, written))
    why = "" if forced else _why_left_out(column, values, cells)
    return Found(column, values.values, notes, why)


def told(name: str, cells: Cells, forced: Kind | None, comma: bool) -> tuple[Kind, str, tuple[str, ...]]:
    """Return the kind of a column, how its values are written, and what is to be said of that."""
    if forced in ("category", "text", "sequence"):
        return forced, "", ()
    if isinstance(cells, Moments):
        return forced or "date", "", ()
    if isinstance(cells, Numbers):
        # Whole numbers tell nothing of commas, and others of the same column may have some.
        return forced or "number", numerals.COMMA if comma and forced != "date" else "", ()
    style = numerals.style_of(cells.different, cells.counts, comma)
    if forced == "number" or (forced is None and style is not None):
        if forced is None and numerals.are_codes(cells.different):
            note = f"Column {shown(name)} has numbers that begin with 0: they are codes, a category."
            return "category", "", (note,)
        return "number", style or "", ()
    formats = dates.formats_of(cells.different)
    if formats or forced == "date":
        return "date", formats[0] if formats else "", _ambiguity(name, formats)
    return ("text" if _is_prose(cells) else "category"), "", ()


def described(name: str, kind: Kind, values: Converted, written: str) -> Column:
    """Return the record of a column."""
    gone = values.missing
    share = float(gone.mean()) if len(gone) else 0.0
    if kind != "category":
        return Column(name, kind, share, len(pd.unique(values.values[~gone])), (), written)
    codes, different = pd.factorize(values.values)
    order = np.argsort(-np.bincount(codes, minlength=len(different)), kind="stable")
    categories = tuple(different[place] for place in order if different[place])
    return Column(name, kind, share, len(categories), categories, written)


def as_step(step: Found) -> Found:
    """Return a column of numbers as one step of a series, which may be the same in all rows."""
    same = step.column.kind == "number" and step.column.distinct < 2
    return replace(step, why_left_out="") if same else step


def signs_of(cells: Cells, written: str) -> str:
    """Return the signs that stand at the numbers of a column."""
    if not isinstance(cells, Texts):
        return numerals.BARE
    return numerals.signs_of(cells.different, written)


def slips(name: str, cells: Cells, values: Converted, kind: str) -> str:
    """Return the sentence about what is not of the kind of its column."""
    rows = np.flatnonzero(values.bad)
    first = f"{shown(_cell(cells, rows[0]))} in row {rows[0] + 1:,}"
    count = f"{len(rows):,} values that are" if len(rows) > 1 else "1 value that is"
    return f"Column {shown(name)} has {count} no {kind} ({first}): taken as missing."


def _cell(cells: Cells, row: int) -> str:
    return str(cells.different[cells.codes[row]] if isinstance(cells, Texts) else cells.values[row])


def _is_prose(cells: Texts) -> bool:
    """Whether texts are sentences, or letters of a sequence, no names of categories."""
    texts = cleaned(cells)
    filled = [each for each in texts.different if each]
    if len(filled) <= PROSE_SHARE * len(texts.codes):
        return False
    words = sum(len(each.split()) for each in filled)
    return words >= PROSE_WORDS * len(filled) or all(map(LETTERS.fullmatch, filled))


def _ambiguity(name: str, formats: list[str]) -> tuple[str, ...]:
    if len(formats) < 2 or formats[0] == ISO:
        return ()
    return (
        f"Column {shown(name)} has dates that are read as {formats[0]}; {formats[1]} would fit as well. Write them as "
        "2024-05-31 if that is wrong.",
    )


def _why_left_out(column: Column, values: Converted, cells: Cells) -> str:
    n = len(values.values)
    if column.distinct == 0:
        return "it has no values"
    if column.distinct == 1 and column.missing == 0:
        return "all its values are the same"
    # Of the cells as they were read: texts that differ may stand for one number.
    different = len(cells.different if isinstance(cells, Texts) else pd.unique(cells.values))
    unique = different == n >= FEWEST_FOR_IDS and column.missing == 0
    if unique and column.kind == "category":
        return "each row has its own value, as an id has"
    if unique and column.kind == "number" and _is_numbering(column.name, cells, values.values):
        return "it numbers the rows, as an id does"
    return ""


def _is_numbering(name: str, cells: Cells, values: np.ndarray) -> bool:
    numbers = np.asarray(values, np.float64)
    if isinstance(cells, Texts) and any("." in each for each in cells.different):
        return False
    whole = bool((numbers == np.round(numbers)).all())
    return whole and (
        ID_NAME.fullmatch(name) is not None or numbers.max() - numbers.min() == len(numbers) - 1
    )
