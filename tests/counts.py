"""What runs of the suite: the telling cases of a law and what is quick, or with AUTOOPT_FULL=1 everything."""

import os
from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

import pytest

FULL = os.environ.get("AUTOOPT_FULL") == "1"


LARGER = "a larger case of what others look at: AUTOOPT_FULL=1 runs it"

LONG = "processes of its own take long: AUTOOPT_FULL=1 runs it"

larger = [pytest.mark.slow, pytest.mark.skipif(not FULL, reason=LARGER)]
"""Marks of a case that runs with AUTOOPT_FULL=1 alone."""


def at_full_counts(test: Any) -> Any:
    """Mark a test as one that runs with AUTOOPT_FULL=1 alone: what it looks at is looked at by cheaper ones too."""
    for mark in larger:
        test = mark(test)
    return test


def in_processes(test: Any) -> Any:
    """Mark a test as one that runs with AUTOOPT_FULL=1 alone: it waits for processes of its own, which take long."""
    for mark in (pytest.mark.slow, pytest.mark.skipif(not FULL, reason=LONG)):
        test = mark(test)
    return test


def first_of(*values: Any) -> list[Any]:
    """Return parameters of which the first runs, at full counts all."""
    rest = [value if isinstance(value, tuple) else (value,) for value in values[1:]]
    return [values[0], *(pytest.param(*value, marks=larger) for value in rest)]


def in_turn(names: Iterable[str], values: Sequence[Any]) -> list[tuple[str, Any]]:
    """Pair each name with one value, the next for the next name; at full counts with every value."""
    if FULL:
        return list(product(names, values))
    return [(name, values[at % len(values)]) for at, name in enumerate(names)]
