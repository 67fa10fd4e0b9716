"""Every exception that autoopt raises on purpose.

AutooptError
├── UsageError (ValueError)        the call is wrong: what was given, what was expected, what to do
│   ├── DataError                  the data cannot be learnt from as it is
│   ├── ModelError                 the model function returns no usable model
│   ├── SpaceError                 a name or a value that the search space does not have
│   └── RunError                   a run folder that is missing, taken or unreadable
└── SearchError (RuntimeError)     the search ran and ended with nothing to return
"""

import difflib
from collections.abc import Iterable


class AutooptError(Exception):
    """Base of every error that autoopt raises on purpose."""


class UsageError(AutooptError, ValueError):
    """The call cannot be carried out as it was written; nothing has been trained."""


class DataError(UsageError):
    """The data cannot be learnt from as it is."""


class ModelError(UsageError):
    """The model function raises, or returns something that is no usable Keras model."""


class SpaceError(UsageError):
    """A hyperparameter, a stage or a value that the search space does not have."""


class RunError(UsageError):
    """A run folder that is missing, taken or unreadable."""


class SearchError(AutooptError, RuntimeError):
    """The search ran, and no trial ended with a model to return."""


MOST = 30
"""Names that are listed; a table may have thousands of columns."""


ALIKE = 0.5
"""How much alike two names are, of 1, for one to be told first."""

LIKELY = 0.6
"""How much for one to be offered as what was meant, where what was given has `LONG` letters: some are alike by chance."""

LONG = 6
"""Letters."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the names that exist, nearest first, as the end of an error message.

    Args:
        name: What was given.
        known: The names that would have been right.
    """
    names = sorted(set(known))
    close = _close(name, names)
    ordered = close + [other for other in names if other not in close]
    listed = ", ".join(repr(other) for other in ordered[:MOST]) or "none"
    more = f" and {len(ordered) - MOST:,} more" if len(ordered) > MOST else ""
    return f"{meant(name, names)} Known: {listed}{more}."


def meant(name: str, known: Iterable[str]) -> str:
    """Return the nearest name as a question at the end of an error message, nothing where none is near.

    Args:
        name: What was given.
        known: The names that would have been right.
    """
    close = _close(name, sorted(set(known)), LIKELY if len(name) >= LONG else ALIKE)
    return f" Did you mean {close[0]!r}?" if close else ""


def _close(name: str, names: list[str], alike: float = ALIKE) -> list[str]:
    return difflib.get_close_matches(name, names, n=max(len(names), 1), cutoff=alike)
