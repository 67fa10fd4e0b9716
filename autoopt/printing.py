"""Standard output of a command: lines or JSON, as wide as the terminal is, uncut into a pipe."""

import json
import shutil
import sys
from collections.abc import Sequence
from typing import Any

import click

from autoopt.untrusted import finite, printable


def width() -> int:
    """Return how many characters a line of standard output may have."""
    from autoopt.reports import UNCUT

    return shutil.get_terminal_size().columns if sys.stdout.isatty() else UNCUT


def print_lines(lines: Sequence[str]) -> None:
    """Print lines."""
    click.echo(printable("\n".join(lines)))


def print_text(text: str) -> None:
    """Print a text as it is into a pipe; a terminal is shown what it would obey."""
    click.echo(printable(text.replace("\r\n", "\n")) if sys.stdout.isatty() else text, nl=False)


def print_pieces(pieces: Sequence[Any]) -> None:
    """Print sentences and grids: with rich on a terminal, else as plain lines."""
    from rich.console import Console

    from autoopt.reports import draw, plain_lines

    if sys.stdout.isatty():
        draw(pieces, Console(highlight=False))
    else:
        print_lines(plain_lines(pieces))


def say(sentence: str) -> None:
    """Print a sentence to stderr, where it is in no pipe."""
    click.echo(printable(sentence), err=True)


def print_json(content: Any) -> None:
    """Print plain data as JSON in one line."""
    click.echo(json.dumps(finite(content)))
