"""Plain data: JSON held against the types that it is to have, so that nobody stumbles over it later."""

import dataclasses
import functools
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, NewType, Union, get_args, get_origin, get_type_hints, is_typeddict

from autoopt.untrusted.files import Unreadable, read_bytes
from autoopt.untrusted.text import brief, printable, shown

MOST_BYTES = 32 * 2**20
"""Of a JSON file; what a search writes has a hundredth of it."""

Unbounded = NewType("Unbounded", float)
"""A number that may be infinite or NaN."""

WORDS: Mapping[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    Unbounded: "a number",
    str: "a text",
    NoneType: "null",
}


def read_json(path: Path, kind: Any = Any, most: int = MOST_BYTES) -> Any:
    """Return what a JSON file holds.

    Args:
        path: Of the file.
        kind: As of `fit`.
        most: Bytes that it may have.

    Raises:
        Unreadable: It is no JSON, too large, or not of that kind.
    """
    found = parse(read_bytes(path, most))
    fit(found, kind)
    return found


def parse(text: str | bytes) -> Any:
    """Return what a JSON text says.

    Raises:
        Unreadable: It is none, or nested too deeply.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise Unreadable("It is nested too deeply. Expected plain JSON.") from error
    except ValueError as error:
        raise Unreadable(f"It is no JSON: {error}. Expected plain JSON.") from error


def fit(value: Any, kind: Any, place: str = "it") -> None:
    """Check that a value that JSON was read as is of a kind.

    Args:
        value: What was read.
        kind: A type as annotations have it. A dataclass stands for a mapping with its fields and no others, a
            `TypedDict` for one with these fields among others.
        place: Where it stands in the file, as a sentence begins.

    Raises:
        Unreadable: Names the place, what was found there, and what was expected.

    Example:
        >>> fit({"loss": 0.5}, dict[str, float])
        >>> fit({"loss": [0.5]}, dict[str, float])
        Traceback (most recent call last):
            ...
        autoopt.untrusted.files.Unreadable: Its loss is [0.5]. Expected a number.
    """
    origin, inside = get_origin(kind), get_args(kind)
    if kind is Any:
        return
    if origin in (Union, UnionType):
        _fit_one_of(value, inside, place)
    elif dataclasses.is_dataclass(kind) or is_typeddict(kind):
        _fit_fields(value, kind, place)
    elif origin is tuple:
        _demand(
            isinstance(value, list) and len(value) == len(inside), value, f"a list of {len(inside)}", place
        )
        for number, (each, its) in enumerate(zip(value, inside, strict=True)):
            fit(each, its, _within(place, f"[{number}]"))
    elif origin in (list, Sequence):
        _demand(isinstance(value, list), value, "a list", place)
        for number, each in enumerate(value):
            fit(each, inside[0], _within(place, f"[{number}]"))
    elif origin in (dict, Mapping):
        _demand(isinstance(value, dict), value, "names and values", place)
        for name, each in value.items():
            fit(each, inside[1], _within(place, name))
    elif origin is Literal:
        known = isinstance(value, str) and value in inside
        _demand(known, value, f"one of {', '.join(map(repr, inside))}", place)
    else:
        _demand(SCALARS[kind](value), value, WORDS[kind], place)


def _fit_one_of(value: Any, kinds: Sequence[Any], place: str) -> None:
    refusals = []
    for kind in kinds:
        try:
            return fit(value, kind, place)
        except Unreadable as error:
            refusals.append(error)
    # The one that went deepest knows best what is wrong; of scalars all are named.
    if all(kind in WORDS for kind in kinds):
        expected = " or ".join(dict.fromkeys(WORDS[kind] for kind in kinds))
        _demand(False, value, expected, place)
    raise next(error for kind, error in zip(kinds, refusals, strict=True) if kind is not NoneType)


def _fit_fields(value: Any, kind: Any, place: str) -> None:
    _demand(isinstance(value, dict), value, "names and values", place)
    hints = _hints(kind)
    if dataclasses.is_dataclass(kind):
        needed = {
            each.name
            for each in dataclasses.fields(kind)
            if each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING
        }
        unknown = next((name for name in value if name not in hints), None)
        if unknown is not None:
            raise Unreadable(f"{_told(place)} names {shown(unknown)}. Expected {', '.join(hints)} alone.")
    else:
        needed = kind.__required_keys__
    for name, its in hints.items():
        if name in value:
            fit(value[name], its, _within(place, name))
        elif name in needed:
            raise Unreadable(f"{_told(place)} lacks {name!r}. Expected {', '.join(hints)}.")


@functools.cache
def _hints(kind: Any) -> Mapping[str, Any]:
    """Return the types of its fields; a journal holds the same kinds thousands of times."""
    return get_type_hints(kind)


def finite(content: Any) -> Any:
    """Return plain data with null for NaN and infinity, which JSON does not have: what others read is written so."""
    if isinstance(content, Mapping):
        return {name: finite(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


def _demand(fits: bool, value: Any, expected: str, place: str) -> None:
    if not fits:
        raise Unreadable(f"{_told(place)} is {shown(value)}. Expected {expected}.")


def _within(place: str, name: str) -> str:
    name = brief(printable(name, kept=""))
    if place == "it":
        return name
    return f"{place}{name}" if name.startswith("[") else f"{place}.{name}"


def _told(place: str) -> str:
    """Return a place as a sentence begins."""
    return "It" if place == "it" else f"Its {place}"


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Whether a value is a number that is told as one: true and false are none, neither are infinity and NaN."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _is_any_number(value: Any) -> bool:
    return is_number(value) or (isinstance(value, float) and not math.isfinite(value))


SCALARS: Mapping[Any, Callable[[Any], bool]] = {
    bool: lambda value: isinstance(value, bool),
    int: _is_whole,
    float: is_number,
    Unbounded: _is_any_number,
    str: lambda value: isinstance(value, str),
    NoneType: lambda value: value is None,
}
