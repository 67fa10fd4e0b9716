"""Several columns of the target, each of which says yes or no: one multilabel task."""

import numpy as np

from autoopt.data.tables.cells import Cells
from autoopt.data.tables.labels import Labels, label_texts, numbers_in, style_of
from autoopt.data.tables.listing import some
from autoopt.errors import DataError
from autoopt.schema import Task
from autoopt.untrusted import shown

YES, NO = frozenset({"1", "true", "yes", "y", "t"}), frozenset({"0", "false", "no", "n", "f"})


def several(names: tuple[str, ...], columns: list[Cells], task: Task | None = None) -> Labels:
    """Return the labels of several columns, of which each says yes or no.

    Raises:
        DataError: A column says something else, or another task was asked for.
    """
    if task not in (None, "multilabel"):
        raise DataError(
            f"task={task!r} was given with {len(names)} targets. Expected one target, or task='multilabel' with columns of "
            "0 and 1. Pass target='name'."
        )
    y = yes_or_no(names, columns)
    known = ~np.isnan(y)
    if not known.any(axis=0).all():
        name = names[int(np.argmin(known.any(axis=0)))]
        raise DataError(
            f"The target {shown(name)}, one of several, has no labels at all. Expected 0 and 1. Leave it out of target."
        )
    if not known.all(axis=1).any():
        raise DataError(
            f"No row has a label in each of the {len(names)} targets {some(names)}. Expected some: others are not learnt "
            "from. Name fewer targets, or write 0 where it is no."
        )
    shares = ", ".join(
        f"{shown(name)} {share:.0%}" for name, share in zip(names, np.nanmean(y, axis=0), strict=True)
    )
    return Labels(
        "multilabel", y, names, (f"{len(names)} targets, each yes in a share of the rows: {shares}.",)
    )


def yes_or_no(names: tuple[str, ...], columns: list[Cells]) -> np.ndarray:
    """Return float32 (rows, columns): 1 for yes, 0 for no, NaN for nothing.

    Raises:
        DataError: A column says something else.
    """
    return np.stack([_said(name, cells) for name, cells in zip(names, columns, strict=True)], axis=1)


def _said(name: str, cells: Cells) -> np.ndarray:
    """Return 1 for yes, 0 for no, NaN for nothing."""
    style = style_of(cells)
    texts = label_texts(cells, None if style is None else numbers_in(cells, style))
    said = {**dict.fromkeys(YES, 1.0), **dict.fromkeys(NO, 0.0), "": np.nan}
    other = [each for each in texts.different if each.casefold() not in said]
    if other:
        raise DataError(
            f"The target {shown(name)}, one of several, has {some(other)}. Expected 0 and 1 alone: several targets are one "
            "multilabel task. Pass one target."
        )
    return np.array([said[each.casefold()] for each in texts.different], np.float32)[texts.codes]
