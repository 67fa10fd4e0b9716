"""Expressions of Python as trees, and how they are laid out on lines: as `ruff format` does, at 100 columns."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autoopt.errors import UsageError

WIDTH = 100
INDENT = 4


@dataclass(frozen=True)
class Call:
    """A call.

    Attributes:
        callee: What is called: a name, or another call.
        arguments: Keyword, empty for a positional argument, and value.
    """

    callee: "str | Call"
    arguments: "Sequence[tuple[str, Expression]]" = ()


@dataclass(frozen=True)
class Display:
    """A list, tuple or dict as it is written; `ends` are its brackets, `entries` each item or `key: value`."""

    ends: str
    entries: "Sequence[tuple[str, Expression]]" = ()


Expression = str | Call | Display
"""Text that stays on its line, or something with brackets, in which a line may be broken."""


def call(callee: "str | Call", *positional: Expression, **keywords: Expression) -> Call:
    """Return a call of some arguments."""
    return Call(callee, (*(("", each) for each in positional), *keywords.items()))


def listed(entries: Sequence[Expression], ends: str = "[]") -> Display:
    """Return a list, or with `"()"` a tuple."""
    return Display(ends, tuple(("", each) for each in entries))


def literal(value: Any) -> Expression:
    """Return plain data as it is written in Python.

    Raises:
        UsageError: It is no plain data.
    """
    if value is None or isinstance(value, bool | int):
        return repr(value)
    if isinstance(value, float | np.floating):
        return _number(float(value))
    if isinstance(value, np.integer | np.bool_):
        return repr(value.item())
    if isinstance(value, str):
        return text(str(value))
    if isinstance(value, list | tuple):
        return listed([literal(each) for each in value], "[]" if isinstance(value, list) else "()")
    if isinstance(value, dict):
        return Display("{}", tuple((f"{flat(literal(key))}: ", literal(part)) for key, part in value.items()))
    raise UsageError(
        f"The winner has an argument {value!r} of the type {type(value).__name__}. Expected numbers, strings, lists "
        "or dicts, which a script can say. Export it as keras or saved_model."
    )


def text(value: str) -> str:
    """Return a string in double quotes where it has none inside."""
    written = repr(value)
    if written[0] == '"' or '"' in value:
        return written
    return '"' + written[1:-1] + '"'


def flat(expression: Expression) -> str:
    """Return an expression on one line."""
    if isinstance(expression, str):
        return expression
    inside = ", ".join(_entry(expression, each) for each in _entries(expression))
    if isinstance(expression, Call):
        return f"{flat(expression.callee)}({inside})"
    comma = "," if expression.ends == "()" and len(expression.entries) == 1 else ""
    return f"{expression.ends[0]}{inside}{comma}{expression.ends[1]}"


def laid_out(expression: Expression, indent: int, before: str = "", after: str = "") -> list[str]:
    """Return the lines of an expression.

    Args:
        expression: What is written.
        indent: Columns before each line.
        before: What stands on the first line in front of it.
        after: What stands on the last line behind it.
    """
    whole = " " * indent + before + flat(expression) + after
    if len(whole) <= WIDTH or isinstance(expression, str):
        return [whole]
    if isinstance(expression, Call) and isinstance(expression.callee, Call):
        called = " " * indent + before + flat(expression.callee) + "("
        if len(called) > WIDTH or not expression.arguments:
            *lines, last = laid_out(expression.callee, indent, before, "(")
            return [*lines, *laid_out(Call(last.strip()[:-1], expression.arguments), indent, "", after)]
    return _broken(expression, indent, before, after)


def _broken(expression: Call | Display, indent: int, before: str, after: str) -> list[str]:
    """Return the lines where the last brackets are broken; a call's arguments stay together if one line takes them."""
    start, end = _ends(expression)
    opening, closing = " " * indent + before + start, " " * indent + end + after
    entries, deeper = _entries(expression), indent + INDENT
    together = " " * deeper + ", ".join(_entry(expression, each) for each in entries)
    if isinstance(expression, Call) and len(together) <= WIDTH:
        return [opening, together, closing]
    several = len(entries) > 1 or (isinstance(expression, Display) and expression.ends == "()")
    lines = [opening]
    for key, value in entries:
        lines += laid_out(value, deeper, _key(expression, key), "," if several else "")
    return [*lines, closing]


def _ends(expression: Call | Display) -> tuple[str, str]:
    if isinstance(expression, Call):
        return f"{flat(expression.callee)}(", ")"
    return expression.ends[0], expression.ends[1]


def _entries(expression: Call | Display) -> "Sequence[tuple[str, Expression]]":
    return expression.arguments if isinstance(expression, Call) else expression.entries


def _key(expression: Call | Display, key: str) -> str:
    return f"{key}=" if isinstance(expression, Call) and key else key


def _entry(expression: Call | Display, entry: "tuple[str, Expression]") -> str:
    return _key(expression, entry[0]) + flat(entry[1])


def _number(value: float) -> str:
    """Return a number with the digits that Keras computes with, those of single precision."""
    if not math.isfinite(value):
        return f'float("{value}")'
    with np.errstate(all="ignore"):
        single = np.float32(value)
    short = repr(float(str(single)))
    exact = math.isfinite(single) and (single != 0 or value == 0) and np.float32(float(short)) == single
    return short if exact else repr(value)
