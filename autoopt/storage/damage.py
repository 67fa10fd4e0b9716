"""Damage to a journal: what makes its file unreadable, told as an error that names it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from autoopt.errors import RunError
from autoopt.untrusted import Unreadable, brief, inside

MOST_BYTES = 2**30
"""Of a journal: some ten thousand trials of a thousand epochs each."""

MOST_OF_A_RECORD = 32 * 2**20
"""Bytes of one line of it."""

DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What Optuna raises of records that it did not write."""


@contextlib.contextmanager
def unsound(path: Path | None) -> Iterator[None]:
    """Raise a RunError that names the journal where what is read in it meanwhile makes no sense to us or to Optuna."""
    try:
        yield
    except RunError:
        raise
    except (Unreadable, *DAMAGE) as error:
        if path is None:
            raise
        what = (
            str(error)
            if isinstance(error, Unreadable)
            else f"It cannot be read ({type(error).__name__}: {brief(error)}). Expected Optuna's records."
        )
        raise RunError(f"{path} is damaged. {what} Restore it, or remove the run folder.") from error


def check_size(path: Path) -> None:
    """Check that a journal can be read at all: a pipe would never end, and one line may be as large as the disk.

    Raises:
        RunError: It is a link that leads out of its folder.
        Unreadable: It cannot.
    """
    if not inside(path, path.parent).exists():
        return
    if not path.is_file():
        raise Unreadable("It is no file. Expected one.")
    if path.stat().st_size > MOST_BYTES:
        raise Unreadable(f"It has more than {MOST_BYTES / 1e6:,.0f} MB. Expected less.")
    with path.open("rb") as file:
        begins = file.peek(1)[:1]
        if begins not in (b"", b"{"):
            raise Unreadable(f"It begins with {begins!r}. Expected Optuna's records, one a line.")
        while line := file.readline(MOST_OF_A_RECORD + 1):
            if len(line) > MOST_OF_A_RECORD:
                raise Unreadable(
                    f"A line of it has more than {MOST_OF_A_RECORD / 1e6:,.0f} MB. Expected less."
                )
