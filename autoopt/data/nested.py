"""Arrays nested as Keras takes them: one array, or dicts and tuples of arrays."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


def leaves(value: Any, name: str) -> Iterator[tuple[str, np.ndarray]]:
    """Yield every array with its name, for example `x`, `x['image']` or `y[1]`."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{name}[{key!r}]")
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from leaves(item, f"{name}[{index}]")
    elif value is not None:
        yield name, value


def mapped(function: Callable[..., Any], value: Any, *others: Any) -> Any:
    """Return the same nesting with `function` of each array, and of the arrays of `others` at its place."""
    if value is None:
        return None
    if isinstance(value, dict):
        return {key: mapped(function, item, *(other[key] for other in others)) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(mapped(function, *items) for items in zip(value, *others, strict=True))
    return function(value, *others)


def rows(value: Any) -> int:
    """Return how many rows the first array has, 0 when there is none."""
    return next((len(array) for _, array in leaves(value, "")), 0)
