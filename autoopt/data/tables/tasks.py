"""Which task the labels of one column set, where the user does not say."""

import numpy as np

from autoopt.data.tables.cells import Texts
from autoopt.data.tables.listing import some
from autoopt.errors import DataError
from autoopt.schema import Task
from autoopt.spelling import spelled
from autoopt.untrusted import shown

MOST_NUMBERED_CLASSES = 20
"""Different whole numbers that are still taken as classes."""

ROWS_A_CLASS = 3
"""On average, of whole numbers that are taken as classes."""


def task_of(name: str, texts: Texts, numbers: np.ndarray | None, filled: int) -> tuple[Task, str]:
    """Return the task that the labels of a column set, and why, where somebody might see it otherwise.

    Args:
        name: Of the column.
        texts: A label a row, "" where there is none.
        numbers: What they are as numbers, None where they are none.
        filled: How many rows have a label.

    Raises:
        DataError: Nearly each row has a label of its own.
    """
    distinct = int((texts.different != "").sum())
    if numbers is None:
        if distinct > filled / 2 and filled >= MOST_NUMBERED_CLASSES:
            raise DataError(
                f"The target {shown(name)} has {distinct:,} different texts in {filled:,} rows: {some(texts.different)}. "
                "Expected classes that come again, or numbers. Name another target, or pass "
                f"{spelled('task', 'multiclass')}."
            )
        return ("binary" if distinct == 2 else "multiclass"), ""
    if distinct <= 2:
        return "binary", ""
    known = numbers[~np.isnan(numbers)]
    whole = bool((known == np.round(known)).all())
    if whole and distinct <= MOST_NUMBERED_CLASSES and filled >= ROWS_A_CLASS * distinct:
        why = f"The target {shown(name)} has {distinct} different whole numbers: they are classes. If it is a quantity: "
        return "multiclass", f"{why}{spelled('task', 'regression')}."
    if whole and known.min() in (0, 1):
        why = f"The target {shown(name)} has {distinct:,} different whole numbers from {known.min():.0f} on: they are counts. "
        return (
            "counts",
            f"{why}If they are not: {spelled('task', 'regression')} or {spelled('task', 'multiclass')}.",
        )
    return "regression", ""
