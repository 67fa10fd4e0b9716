"""Arguments: unknown names are refused with the nearest, and values are taken as plain data, NumPy's among them."""

import dataclasses
from typing import Any, ClassVar, Self

import numpy as np

from autoopt.errors import UsageError, nearest


class KnownArguments:
    """Refuses an argument that the dataclass does not have, before it is made.

    Attributes:
        refusal: What is raised.
    """

    refusal: ClassVar[type[UsageError]] = UsageError

    def __new__(cls, *args: Any, **named: Any) -> Self:
        """Check the names.

        Raises:
            UsageError: Names the argument and the nearest that exist.
        """
        known = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
        for name in named:
            if name not in known:
                raise cls.refusal(f"{cls.__name__} has no argument {name!r}.{nearest(name, known)}")
        return super().__new__(cls)


def plain(value: Any) -> Any:
    """Return tuples in place of lists and arrays, Python's numbers in place of NumPy's."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    return tuple(plain(each) for each in value) if isinstance(value, list | tuple) else value


def whole(name: str, given: Any, least: int, instead: str = "") -> int:
    """Return a whole number that was given, as Python's.

    Args:
        name: Of the argument.
        given: What the user passed.
        least: The least that is right.
        instead: What is right as well, as a sentence goes on.

    Raises:
        UsageError: It is none, or less.
    """
    value = plain(given)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise UsageError(f"{name} was given {given!r}. Expected a whole number from {least}{instead}.")
    return value


def as_plain(record: Any) -> None:
    """Keep NumPy's scalars and arrays among a frozen record's values as Python's: others would compare as arrays do."""
    for field in dataclasses.fields(record):
        object.__setattr__(record, field.name, pythons(getattr(record, field.name)))


def pythons(value: Any) -> Any:
    """Return a NumPy scalar or array as Python has it; anything else as it is."""
    return plain(value) if isinstance(value, np.ndarray | np.generic) else value


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


def is_whole(value: Any) -> bool:
    """Whether a value is a whole number, which True and False are not."""
    return isinstance(value, int) and not isinstance(value, bool)
