"""Spelling: an argument in a sentence as its reader can type it, in Python, or in a shell while a command is carried out."""

import contextlib
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

from autoopt.untrusted import shown

ALONE = ("proba", "isolate")
"""Arguments that are true in a shell by standing there."""

JOINED = ("types", "drop")
"""Arguments whose words stand behind one flag, with commas between."""

PLACES = {"model_fn": "MODEL", "data": "DATA", "path": "PATH"}
"""Arguments that are no flags in a shell: what its commands call them."""

SERIES = "series"
"""What `types` says of a whole table: its columns are the steps of a series, in their order."""

_in_shell: ContextVar[bool] = ContextVar("in_shell", default=False)


@contextlib.contextmanager
def spelling(shell: bool) -> Iterator[None]:
    """Have arguments spelled meanwhile for a reader who types in a shell, or for one who writes Python."""
    token = _in_shell.set(shell)
    try:
        yield
    finally:
        _in_shell.reset(token)


def spelled(argument: str, value: Any) -> str:
    """Return an argument with a value.

    Args:
        argument: As `tune` has it.
        value: A word, true or false, a number, several words, or words by name.

    Example:
        >>> spelled("types", {"zip": "category"})
        "types={'zip': 'category'}"
        >>> with spelling(shell=True):
        ...     print(spelled("types", {"zip": "category"}))
        --types zip=category
    """
    if not _in_shell.get():
        return f"{argument}={shown(value)}"
    flag = named(argument)
    if value is True and argument in ALONE:
        return flag
    return " ".join(f"{flag} {shlex.quote(word)}" for word in _words(argument, value))


def named(argument: str) -> str:
    """Return an argument without a value.

    Example:
        >>> named("project_name")
        'project_name'
    """
    if not _in_shell.get():
        return argument
    return PLACES.get(argument, f"--{argument.replace('_', '-')}")


def typed(python: str, shell: str) -> str:
    """Return what a reader types, where the two are more than one argument apart.

    Example:
        >>> typed(python="autoopt.load('mine')", shell="autoopt show mine")
        "autoopt.load('mine')"
    """
    return shell if _in_shell.get() else python


def _words(argument: str, value: Any) -> Sequence[str]:
    if isinstance(value, bool):
        return [str(value).lower()]
    if argument in JOINED and not isinstance(value, str):
        return [",".join(_joined(value))]
    return [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)]


def _joined(value: Any) -> Iterator[str]:
    """Yield words as they stand between commas; one that would be read as another is in quotation marks."""
    kinds = value if isinstance(value, Mapping) else dict.fromkeys(map(str, value))
    for name, kind in kinds.items():
        word = name if kind is None else f"{name}={kind}"
        plain = name and name == name.strip() and not any(each in name for each in ',"')
        yield word if plain else '"' + word.replace('"', '""') + '"'
