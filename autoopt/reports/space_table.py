"""The search space as a table: what each hyperparameter is as written, what it may become, and when it is active."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from autoopt.reports.table import UNCUT, table, told

MOST_ROWS = 12
"""Of one axis: a deep model has four rows for each of its stages."""

COLUMNS = ("hyperparameter", "as written", "may become", "when")


def space_table(space: Any, width: int = UNCUT) -> list[str]:
    """Return the lines of a table with one row a hyperparameter; none for an empty space.

    Args:
        space: A `keras_tuner.HyperParameters` that holds the values of the user's own model.
        width: Characters in a line.
    """
    choices = {hp.name: hp.values for hp in space.space if not _has_ends(hp)}
    counted = Counter(_axis(hp.name) for hp in space.space)
    shown: Counter[str] = Counter()
    rows = []
    for hp in space.space:
        axis = _axis(hp.name)
        shown[axis] += 1
        if shown[axis] <= MOST_ROWS:
            written = space.values.get(hp.name)
            rows.append((hp.name, told(written), _range(hp, written), _conditions(hp, choices)))
        elif shown[axis] == counted[axis]:
            rows.append((f"and {counted[axis] - MOST_ROWS} more of {axis or 'your own'}", "", "", ""))
    return table(COLUMNS, rows, width) if rows else []


def is_fixed(hp: Any) -> bool:
    """Say whether a hyperparameter has one value only."""
    from keras_tuner.engine import hyperparameters as kinds  # loads Keras, which other reports do without

    return isinstance(hp, kinds.Fixed)


def _has_ends(hp: Any) -> bool:
    """Say whether a hyperparameter is a number between two others."""
    from keras_tuner.engine import hyperparameters as kinds

    return isinstance(hp, kinds.Int | kinds.Float)


def _axis(name: str) -> str:
    """Return what a name begins with; the user's own names have no axis."""
    before, slash, _ = name.partition("/")
    return before if slash else ""


def _range(hp: Any, written: Any) -> str:
    """Return what a hyperparameter may become, beside what it is as written."""
    if is_fixed(hp):
        return "fixed"
    if not _has_ends(hp):
        others = [value for value in hp.values if written is None or value != written]
        return ", ".join(map(told, others)) or "nothing else"
    step = f", by {told(hp.step)}" if hp.step not in (None, 1) else ""
    return f"{told(hp.min_value)} to {told(hp.max_value)}{step}{', log' if 'log' in str(hp.sampling) else ''}"


def _conditions(hp: Any, choices: Mapping[str, Sequence[Any]]) -> str:
    """Return when a hyperparameter is active, by the values that exclude it where these are fewer."""
    told_of = []
    for condition in hp.conditions:
        excluded = [value for value in choices.get(condition.name, ()) if value not in condition.values]
        fewer = 0 < len(excluded) < len(condition.values)
        named = " or ".join(map(told, excluded if fewer else condition.values))
        if excluded or condition.name not in choices:
            told_of.append(f"{condition.name} {'is not' if fewer else 'is'} {named}")
    return " and ".join(told_of)
