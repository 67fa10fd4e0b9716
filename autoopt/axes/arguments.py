"""Arguments of axes and of a space: unknown names are refused with the nearest, values are kept as plain data."""

import dataclasses
from typing import Any, Self

import numpy as np

from autoopt.errors import SpaceError, nearest


class KnownArguments:
    """Refuses an argument that the dataclass does not have, before it is made."""

    def __new__(cls, *args: Any, **named: Any) -> Self:
        """Check the names.

        Raises:
            SpaceError: Names the argument and the nearest that exist.
        """
        known = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
        for name in named:
            if name not in known:
                raise SpaceError(f"{cls.__name__} has no argument {name!r}.{nearest(name, known)}")
        return super().__new__(cls)


def plain(value: Any) -> Any:
    """Return tuples in place of lists and arrays, Python's numbers in place of NumPy's."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    return tuple(plain(each) for each in value) if isinstance(value, list | tuple) else value


def spelled(record: Any) -> str:
    """Return what a dataclass could be made with, without what it has anyway."""
    given = []
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        # 1 == True, and 0.0 == False.
        if (value, type(value)) != (default, type(default)):
            shown = spelled(value) if dataclasses.is_dataclass(value) else repr(value)
            given.append(f"{field.name}={shown}")
    return f"{type(record).__name__}({', '.join(given)})"
