"""How many cases of a law run: the telling ones, or with AUTOOPT_FULL=1 every one."""

import os
from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

FULL = os.environ.get("AUTOOPT_FULL") == "1"


def in_turn(names: Iterable[str], values: Sequence[Any]) -> list[tuple[str, Any]]:
    """Pair each name with one value, the next for the next name; at full counts with every value."""
    if FULL:
        return list(product(names, values))
    return [(name, values[at % len(values)]) for at, name in enumerate(names)]
