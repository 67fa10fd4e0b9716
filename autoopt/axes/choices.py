"""What an axis may choose from, checked when the axis is made: a list of names, or a list of numbers."""

from collections.abc import Callable, Iterable
from numbers import Real
from typing import Any

from autoopt.arguments import plain
from autoopt.errors import SpaceError, nearest


def check_names(what: str, given: Any, known: Iterable[str]) -> None:
    """Raise when `given` is no list of known names.

    Args:
        what: One of them, as messages call it.
        given: What the user passed.
        known: The names that exist.

    Raises:
        SpaceError: It is no list, or holds a name that does not exist; the nearest ones are given.
    """
    names = list(known)
    if not isinstance(given, list | tuple):
        raise SpaceError(f"The {what} was given {given!r}. Expected a list, for example {names[:2]!r}.")
    for name in given:
        if name not in names:
            raise SpaceError(f"The {what} {name!r} is not known.{nearest(str(name), names)}")


def check_numbers(name: str, given: Any, fits: Callable[[Any], bool], expected: str) -> None:
    """Raise when `given` is no list of numbers, at least one, that all fit.

    Args:
        name: Of the argument.
        given: What the user passed.
        fits: Whether a number is right.
        expected: What would be right, with an example, as messages say it.

    Raises:
        SpaceError: Names the argument, what was given and what was expected.
    """
    values = plain(given) if isinstance(plain(given), tuple) else ()
    numbers = [value for value in values if isinstance(value, Real) and not isinstance(value, bool)]
    if not numbers or len(numbers) < len(values) or not all(map(fits, numbers)):
        raise SpaceError(f"{name} was given {given!r}. Expected {expected}.")


def check_range(name: str, given: Any, bounds: str, below: float = float("inf")) -> None:
    """Raise when `given` is no pair of a lowest and a highest number above 0.

    Args:
        name: Of the argument.
        given: What the user passed.
        bounds: What both have to be, as messages say it.
        below: What both have to be less than.

    Raises:
        SpaceError: Names the argument, what was given and what was expected.
    """
    expected = f"(lowest, highest), both {bounds}, for example ({EXAMPLES[name]})"
    check_numbers(name, given, lambda value: 0 < value < below, expected)
    if len(given) == 2 and given[0] > given[1]:
        raise SpaceError(f"{name} was given {given!r}. Expected {expected}: these stand the wrong way round.")
    if len(given) != 2 or given[0] == given[1]:
        raise SpaceError(
            f"{name} was given {given!r}. Expected {expected}. For one value alone, pin it: "
            f'fix={{"optimizer/{name}": {given[0]!r}}}.'
        )


EXAMPLES = {"learning_rate": "1e-4, 1e-1", "momentum": "0.8, 0.99", "weight_decay": "1e-4, 1e-1"}
"""Ranges as users would write them."""
