"""The target's column as labels: which task it sets, its classes, and what catches the eye."""

from dataclasses import dataclass, replace

import numpy as np

from autoopt.data.tables import numerals
from autoopt.data.tables.cells import Cells, Moments, Texts, as_text, written_number
from autoopt.data.tables.conversion import cleaned, converted
from autoopt.data.tables.kinds import signs_of
from autoopt.data.tables.listing import some
from autoopt.data.tables.tasks import task_of
from autoopt.errors import DataError
from autoopt.schema import Task
from autoopt.spelling import named, spelled
from autoopt.untrusted import shown

FEW = 0.1
"""Share of the rows under which a class is called rare."""


@dataclass(frozen=True, eq=False)
class Labels:
    """What is to be predicted.

    Attributes:
        task: Which task it is.
        y: As `Raw.y` has it; -1 or NaN where a row has no label.
        classes: Their names, in the order of their numbers.
        notes: One sentence each.
        written: How they are written where they are numbers, as `Schema.written`.
        signs: Likewise.
    """

    task: Task
    y: np.ndarray
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    written: str | None = None
    signs: str | None = None

    @property
    def missing(self) -> np.ndarray:
        """Whether a row has no label."""
        return without_label(self.y)


def without_label(y: np.ndarray) -> np.ndarray:
    """Return which rows of labels are -1 or NaN."""
    if y.dtype.kind == "i":
        return y < 0
    return np.isnan(y).reshape(len(y), -1).any(axis=1)


def labels_of(name: str, cells: Cells, task: Task | None = None, comma: bool = False) -> Labels:
    """Return the labels of one column.

    Args:
        name: Of the column.
        cells: Its rows.
        task: What the user says; None to tell it from the values.
        comma: Whether decimal commas are likelier than points.

    Raises:
        DataError: It has no labels, one class alone, or none that the task could have.
    """
    if task == "multilabel":
        raise DataError(
            f"{spelled('task', task)} was given with one target, {shown(name)}. Expected several columns of 0 and 1. Pass "
            f"{spelled('target', ['first', 'second'])}."
        )
    style = style_of(cells, comma)
    # Digits behind a 0 are a code, unless the task says otherwise.
    code = isinstance(cells, Texts) and numerals.are_codes(cells.different)
    numbers = None if style is None or code else numbers_in(cells, style)
    texts = label_texts(cells, numbers)
    filled = int((texts.counts[texts.different != ""]).sum())
    if not filled:
        raise DataError(
            f"The target {shown(name)} has no labels at all. Expected one a row. Name another: {spelled('target', 'name')}."
        )
    why = ""
    if task is None:
        task, why = task_of(name, texts, numbers, filled)
    if task in ("binary", "multiclass"):
        labels = classified(f"The target {shown(name)}", texts, task)
    else:
        labels = _numbered(name, numbers_of(name, cells, task, style), task)
    told = replace(labels, notes=(*((why,) if why else ()), *labels.notes))
    if style is None or (code and labels.classes):
        return told
    return replace(told, written=style, signs=signs_of(cells, style))


def classified(name: str, texts: Texts, task: Task | None = None) -> Labels:
    """Return labels as class numbers.

    Args:
        name: What messages call it, as a sentence begins.
        texts: A class a row, "" where there is none.
        task: What was asked for; None for what the count of classes says.

    Raises:
        DataError: There is one class alone, or the task is binary and there are more.
    """
    names = sorted((each for each in texts.different if each), key=_order)
    counts = {each: int(count) for each, count in zip(texts.different, texts.counts, strict=True)}
    if len(names) < 2:
        raise DataError(
            f"{name} has one class alone, {shown(names[0])}. Expected two or more: nothing can be learnt from one. Add rows "
            "of another, or name another target."
        )
    if task == "binary" and len(names) > 2:
        raise DataError(
            f"{spelled('task', task)} was given. {name} has {len(names):,} classes: {some(names)}. Expected two. Pass "
            f"{spelled('task', 'multiclass')}, or leave {named('task')} out: it is told by the labels."
        )
    places = {each: place for place, each in enumerate(names)}
    y = np.array([places.get(each, -1) for each in texts.different], np.int64)[texts.codes]
    kept = task or ("binary" if len(names) == 2 else "multiclass")
    return Labels(kept, y, tuple(names), _balance(names, counts))


def label_texts(cells: Cells, numbers: np.ndarray | None = None) -> Texts:
    """Return a label a row, "" where there is none; numbers as people write them, so that 1.0 is 1."""
    if numbers is not None and isinstance(cells, Texts):
        written = np.array([written_number(each) for each in numbers.tolist()], object)
        return cleaned(Texts(cells.codes, written))
    return cleaned(as_text(cells))


def as_classes(labels: np.ndarray, classes: tuple[str, ...], style: str) -> np.ndarray:
    """Return labels as classes are spelled: where training took them for numbers, 1.0, +1 and 01 are 1."""
    numbers = numerals.parse(labels, style)[0]
    written = map(written_number, numbers.tolist())
    pairs = zip(labels, written, strict=True)
    return np.array([each if each in classes else number or each for each, number in pairs], object)


def style_of(cells: Cells, comma: bool = False) -> str | None:
    """Return how the numbers of a column are written; None where they are no numbers."""
    if isinstance(cells, Moments):
        return None
    if isinstance(cells, Texts):
        return numerals.style_of(cells.different, cells.counts, comma)
    return numerals.COMMA if comma else numerals.PLAIN


def numbers_in(cells: Cells, style: str) -> np.ndarray:
    """Return the numbers that a column's cells are, or its different texts stand for."""
    if isinstance(cells, Texts):
        return numerals.parse(cells.different, style)[0]
    return np.asarray(cells.values, np.float64)


def numbers_of(name: str, cells: Cells, task: Task, style: str | None) -> np.ndarray:
    """Return labels as float32, NaN for what is missing.

    Args:
        name: Of the target.
        cells: Its rows.
        task: Which needs numbers.
        style: As `style_of` has it.

    Raises:
        DataError: They are no numbers.
    """
    if style is None:
        first = some(each for each in as_text(cells).different if each)
        raise DataError(
            f"The task is {task}, and the target {shown(name)} has text: {first}. Expected numbers. Correct them, or pass "
            f"another task: {spelled('task', 'multiclass')}."
        )
    with np.errstate(invalid="ignore"):  # a damaged file may hold a NaN of the kind that signals
        return converted(cells, "number", style).values.astype(np.float32)


def _numbered(name: str, y: np.ndarray, task: Task) -> Labels:
    """Return labels that are numbers, once they are found to differ."""
    known = y[~np.isnan(y)]
    wrong = known[(known < 0) | (known != np.round(known))]
    if task == "counts" and len(wrong):
        raise DataError(
            f"{spelled('task', task)} was given, and the target {shown(name)} has {wrong[0]}. Expected whole numbers from 0 on. Pass "
            f"{spelled('task', 'regression')}."
        )
    if len(np.unique(known)) < 2:
        raise DataError(
            f"The target {shown(name)} is {known[0]} in all rows. Expected numbers that differ. Name another target."
        )
    return Labels(task, y)


def _balance(names: list[str], counts: dict[str, int]) -> tuple[str, ...]:
    """Return what is to be said of the sizes of classes."""
    total = sum(counts[each] for each in names)
    single = [each for each in names if counts[each] == 1]
    notes = []
    if single:
        one = len(single) == 1
        notes.append(
            f"{'A class has' if one else f'{len(single)} classes have'} one row alone: {some(single)}. "
            f"{'It' if one else 'Such a class'} cannot be both learnt and tested: add rows, or leave {'it' if one else 'them'} out."
        )
    rarest, largest = min(names, key=counts.__getitem__), max(names, key=counts.__getitem__)
    if counts[rarest] / total < min(FEW, 0.5 / len(names)):
        notes.append(
            f"Classes differ in size: {shown(largest)} has {counts[largest] / total:.1%} of the rows, {shown(rarest)} "
            f"{counts[rarest] / total:.1%}."
        )
    return tuple(notes)


def _order(name: str) -> tuple[float, str]:
    """Return what classes are sorted by: numbers by size, and before words."""
    try:
        return float(name), name
    except ValueError:
        return float("inf"), name
